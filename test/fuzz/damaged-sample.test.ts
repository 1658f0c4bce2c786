// The shipped sample's file, damaged where its format keeps its headers: it is refused, or answered as far as it goes.
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import pslist from '../../plugins/pslist.ts';
import { ForensicError } from '../../src/base/errors.ts';
import { runPlugin } from '../../src/plugin/run.ts';
import { openSession } from '../../src/session/session.ts';
import { Random } from '../support/random.ts';
import { cpuSince } from './world.ts';

const SAMPLE = 'samples/web-1/after.kdump';
const CASES = 100;
/** A case takes some hundred milliseconds: finding a kernel in a damaged file may search all of it. */
const MOST_CPU_MS = 20_000;
/** Headers, bitmaps and descriptors stand first: most damage goes there. */
const HEAD_BYTES = 65536;

/** Asks a file of pslist. @returns whether it was answered @throws what nobody explains */
async function isAnswered(
  path: string,
  profile: ReturnType<typeof openSession>['profile'],
): Promise<boolean> {
  try {
    const session = openSession(path, { profile });
    try {
      for await (const row of runPlugin(pslist, session.kernel, { options: {} }))
        expect(Object.values(row)).not.toContain(undefined);
      return true;
    } finally {
      session.close();
    }
  } catch (error) {
    if (!(error instanceof ForensicError)) throw error;
    expect(error.message).not.toContain('\n');
    return false;
  }
}

describe('a damaged sample', () => {
  it('is refused in one sentence, or answered as far as it goes', { timeout: 600_000 }, async () => {
    const random = new Random(20_201);
    const folder = mkdtempSync(join(tmpdir(), 'vestige-damaged-'));
    const copy = join(folder, 'damaged');
    const whole = readFileSync(SAMPLE);
    const session = openSession(SAMPLE);
    const { profile } = session;
    session.close();
    let answered = 0;
    try {
      for (let number = 0; number < CASES; number++) {
        const bytes = Buffer.from(number % 3 === 0 ? whole.subarray(0, random.below(whole.length)) : whole);
        for (let i = random.below(16); i >= 0 && bytes.length > 0; i--) {
          const at = random.below(random.below(4) === 0 ? bytes.length : Math.min(bytes.length, HEAD_BYTES));
          bytes[at] = random.pick([0, 0xff, 0x7f, 0x80, random.below(256)]);
        }
        writeFileSync(copy, bytes);
        const began = process.cpuUsage();
        if (await isAnswered(copy, profile)) answered++;
        expect(cpuSince(began), `CPU of case ${number}`).toBeLessThan(MOST_CPU_MS);
      }
    } finally {
      rmSync(folder, { recursive: true });
    }
    expect(answered).toBeGreaterThan(8);
  });
});
