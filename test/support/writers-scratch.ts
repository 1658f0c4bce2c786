import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll } from 'vitest';

/** A folder of the test file's own, removed when its tests are done. Call it at the top of the file. */
export function scratchFolder(): {
  path(name: string): string;
  file(name: string, content: Uint8Array | string): string;
} {
  const folder = mkdtempSync(join(tmpdir(), 'vestige-'));
  afterAll(() => rmSync(folder, { recursive: true, force: true }));
  const path = (name: string) => join(folder, name);
  return {
    path,
    file(name, content) {
      writeFileSync(path(name), content);
      return path(name);
    },
  };
}
