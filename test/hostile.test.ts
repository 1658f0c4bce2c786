import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeAll, describe, expect, it } from 'vitest';
import { plugins } from '../plugins/index.ts';
import { ForensicError } from '../src/base/errors.ts';
import type { Row } from '../src/plugin/cell.ts';
import { runPlugin } from '../src/plugin/run.ts';
import type { Profile } from '../src/profile/profile.ts';
import { openSession, type Session, startSession } from '../src/session/session.ts';
import { openSnapshot, type Snapshot } from '../src/snapshot/open.ts';
import { Overlay } from './support/overlay.ts';
import { Random } from './support/random.ts';

const SAMPLE = 'samples/web-1/after.kdump';
/** Far more rows than the undamaged sample gives: an answer past this has lost its bounds. */
const MAXIMUM_ROWS = 2_000_000;
/** A case takes milliseconds; this is where it counts as hung. */
const HUNG_MS = 20_000;

let snapshot: Snapshot;
let overlay: Overlay;
let profile: Profile;
/** Pages that questions read: damage elsewhere would test nothing. */
let touched: readonly number[];
let pointers: readonly bigint[];

/** Keys are found by a sweep, not by following structures: it has tests of its own. */
const walking = plugins.filter(({ name }) => name !== 'keys');

async function askAll(session: Session): Promise<Map<string, number>> {
  const counts = new Map<string, number>();
  for (const plugin of walking) {
    let rows = 0;
    for await (const row of runPlugin(plugin, session.kernel, { options: {} })) {
      rows++;
      expectWhole(row);
      if (rows > MAXIMUM_ROWS) throw new Error(`${plugin.name} gives rows without end`);
    }
    counts.set(plugin.name, rows);
    session.kernel.notes.drain();
  }
  return counts;
}

function expectWhole(row: Row): void {
  for (const cell of Object.values(row))
    if (cell === undefined) throw new Error('a cell is neither a value nor absent');
}

beforeAll(async () => {
  snapshot = openSnapshot(SAMPLE);
  overlay = new Overlay(snapshot.contents.source);
  const session = startSession({ ...snapshot, memory: overlay.memory() });
  profile = session.profile;
  overlay.touched.clear();
  await askAll(startSession({ ...snapshot, memory: overlay.memory() }, { profile }));
  touched = [...overlay.touched];
  pointers = touched.flatMap((at) => kernelPointersIn(overlay.page(at)).slice(0, 4));
});

afterEach(() => overlay.mend());

function kernelPointersIn(page: Uint8Array): bigint[] {
  const view = new DataView(page.buffer, page.byteOffset, page.length);
  return Array.from({ length: 512 }, (_, i) => view.getBigUint64(8 * i, true)).filter(
    (word) => word >= 0xffff_0000_0000_0000n && word < 0xffff_ffff_ffff_f000n,
  );
}

/** The ways of damage: each takes a page's bytes and leaves them worse. */
const damages: Readonly<Record<string, (page: Uint8Array, random: Random, at: number) => Uint8Array | null>> =
  {
    'flipped bits': (page, random) => {
      for (let i = random.below(32); i >= 0; i--) page[random.below(4096)]! ^= 1 << random.below(8);
      return page;
    },
    'a page of noise': (_, random) => random.bytes(4096),
    'a page of zeros': (page) => page.fill(0),
    'a page of ones': (page) => page.fill(0xff),
    'a missing page': () => null,
    'another page in its place': (_, random) => overlay.page(random.pick(touched)),
    'words that point anywhere': (page, random, at) => {
      const view = new DataView(page.buffer, page.byteOffset, page.length);
      for (let i = random.below(64); i >= 0; i--) {
        const value = random.pick([
          0n,
          1n,
          0xffff_ffff_ffff_ffffn,
          0x8000_0000_0000_0000n,
          BigInt(at) | 0x63n,
          BigInt(at) | 0xe3n,
          random.pick(pointers),
        ]);
        view.setBigUint64(8 * random.below(512), value, true);
      }
      return page;
    },
    'pointers of its own among each other': (page, random) => {
      const view = new DataView(page.buffer, page.byteOffset, page.length);
      const own = kernelPointersIn(page);
      for (let slot = 0; slot < 512; slot++) {
        const word = view.getBigUint64(8 * slot, true);
        if (own.includes(word) && random.below(4) === 0) view.setBigUint64(8 * slot, random.pick(own), true);
      }
      return page;
    },
    'counts out of all proportion': (page, random) => {
      const view = new DataView(page.buffer, page.byteOffset, page.length);
      for (let i = 0; i < 32; i++)
        view.setUint32(
          4 * random.below(1024),
          random.pick([0x7fff_ffff, 0xffff_ffff, 0x1000_0000, 65536]),
          true,
        );
      return page;
    },
  };

describe('damaged memory', () => {
  it.each(Object.keys(damages))(
    '%s: every question ends, and only with explained errors',
    { timeout: 600_000 },
    async (kind) => {
      const random = new Random(kind.length * 7919);
      let bound = 0;
      for (let run = 0; run < 200; run++) {
        for (let i = random.below(8); i >= 0; i--) {
          const at = random.pick(touched);
          overlay.damage(at, damages[kind]!(overlay.page(at), random, at));
        }
        const began = performance.now();
        try {
          await askAll(startSession({ ...snapshot, memory: overlay.memory() }, { profile }));
          bound++;
        } catch (error) {
          if (!(error instanceof ForensicError))
            throw new Error(`case ${run} of "${kind}"`, { cause: error });
        }
        expect(performance.now() - began, `case ${run} of "${kind}" hangs`).toBeLessThan(HUNG_MS);
        overlay.mend();
      }
      expect(bound).toBeGreaterThan(50); // else the damage would only ever test the binding
    },
  );
});

describe('a damaged file', () => {
  it('is refused in one sentence, or answered as far as it goes', { timeout: 600_000 }, async () => {
    const random = new Random(20_201);
    const folder = mkdtempSync(join(tmpdir(), 'vestige-hostile-'));
    const copy = join(folder, 'damaged');
    const whole = readFileSync(SAMPLE);
    let answered = 0;
    try {
      for (let run = 0; run < 100; run++) {
        const bytes = Buffer.from(run % 3 === 0 ? whole.subarray(0, random.below(whole.length)) : whole);
        // Headers, bitmaps and descriptors stand first: most damage goes there.
        for (let i = random.below(16); i >= 0 && bytes.length > 0; i--) {
          const at = random.below(random.below(4) === 0 ? bytes.length : Math.min(bytes.length, 65536));
          bytes[at] = random.pick([0, 0xff, 0x7f, 0x80, random.below(256)]);
        }
        writeFileSync(copy, bytes);
        const began = performance.now();
        try {
          const session = openSession(copy, { profile });
          try {
            for await (const row of runPlugin(plugins[0]!, session.kernel, { options: {} })) expectWhole(row);
            answered++;
          } finally {
            session.close();
          }
        } catch (error) {
          if (!(error instanceof ForensicError)) throw new Error(`case ${run}`, { cause: error });
          expect(error.message).not.toContain('\n');
        }
        expect(performance.now() - began, `case ${run} hangs`).toBeLessThan(HUNG_MS);
      }
    } finally {
      rmSync(folder, { recursive: true });
    }
    expect(answered).toBeGreaterThan(8);
  });
});
