// Damaged files of every kind are refused in one sentence or opened, at a bounded cost.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { Random } from '../support/random.ts';
import { damaged, fileKinds, MOST_FILE_CPU_MS, tryFile } from './files.ts';
import { cpuSince } from './world.ts';

const folder = mkdtempSync(join(tmpdir(), 'vestige-files-'));
afterAll(() => rmSync(folder, { recursive: true }));

describe('a damaged file', () => {
  it.each(fileKinds)('$name is refused in one sentence, or opened', { timeout: 300_000 }, async (kind) => {
    const random = new Random(kind.name.length * 104_729);
    const whole = kind.draw(folder);
    expect(await tryFile(kind, whole, folder)).toBeUndefined();
    for (let number = 0; number < 60; number++) {
      const bytes = damaged(whole, random, kind.isText === true);
      const began = process.cpuUsage();
      expect(await tryFile(kind, bytes, folder), `case ${number}`).toBeUndefined();
      expect(cpuSince(began), `CPU of case ${number}`).toBeLessThan(MOST_FILE_CPU_MS);
    }
  });
});
