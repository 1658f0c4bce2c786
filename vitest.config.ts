import { defineConfig } from 'vitest/config';

export default defineConfig({
  // Every core: by itself vitest leaves one idle, which on two doubles the wait.
  test: { include: ['test/**/*.test.ts'], testTimeout: 60_000, hookTimeout: 120_000, maxWorkers: '100%' },
});
