import { describe, expect, it } from 'vitest';
import { physical } from '../../src/base/address.ts';
import { NotInSnapshot } from '../../src/base/errors.ts';
import { PhysicalMemory } from '../../src/memory/physical.ts';
import { recordReads, stillHold } from '../../src/memory/reads.ts';
import { Random } from '../support/random.ts';
import { drawMemory } from '../support/writers.ts';

const page = 4096;
const PAGES = 24;

/** Memory with a hole, and a page that is said to be held and cannot be read. */
function memoryOf(bytes: Uint8Array, { hole = 10, bad = 17 } = {}): PhysicalMemory {
  const source = drawMemory(
    new Map([
      [0, bytes.subarray(0, hole * page)],
      [(hole + 1) * page, bytes.subarray((hole + 1) * page)],
    ]),
  );
  return new PhysicalMemory({
    ...source,
    costlyPages: true,
    read: (at, into) => (at === bad * page ? 0 : source.read(at, into)),
  });
}

const numbers = async (run: () => unknown) =>
  JSON.stringify(run(), (_, v) => (typeof v === 'bigint' ? `${v}n` : v));

/** Follows numbers from one place to the next, as walks follow pointers. What it gives depends on every read. */
function walk(memory: PhysicalMemory, seed: number): unknown[] {
  const random = new Random(seed);
  const told: unknown[] = [];
  let at = random.below(PAGES * page);
  for (let step = 0; step < 40; step++) {
    const kind = random.below(5);
    try {
      if (kind === 0) told.push(memory.u8(physical(at)));
      else if (kind === 1) told.push(memory.i32(physical(Math.min(at, at - (at % page) + page - 4))));
      else if (kind === 2) told.push(memory.u64(physical(at - (at % 8))));
      else if (kind === 3) told.push([...memory.restOfPage(physical(at), 1 + random.below(40))]);
      else told.push(memory.has(physical(at)));
    } catch (fault) {
      if (!(fault instanceof NotInSnapshot)) throw fault;
      told.push(fault.message);
    }
    at = (random.below(PAGES * page) + Number(BigInt(String(told.at(-1)).length) * 4099n)) % (PAGES * page);
  }
  return told;
}

describe('what a run has read', () => {
  it('holds where the run would give the same, and not where it would give other things', async () => {
    let held = 0;
    for (let seed = 0; seed < 400; seed++) {
      const random = new Random(seed);
      const first = random.below(256);
      const bytes = Uint8Array.from({ length: PAGES * page }, (_, i) => (first + i * 31 + (i >> 7)) & 255);
      const memory = memoryOf(bytes);
      const { result, reads } = await recordReads(memory, () => numbers(() => walk(memory, seed)));
      expect(stillHold(memoryOf(bytes), reads!)).toBe(true);
      const after = new Uint8Array(bytes);
      for (let i = random.below(2000); i >= 0; i--)
        after[random.below(after.length)]! ^= 1 + random.below(255);
      const where = random.below(4) === 0 ? { hole: random.below(PAGES - 1), bad: random.below(PAGES) } : {};
      const holds = stillHold(memoryOf(after, where), reads!);
      if (!holds) continue;
      held++;
      expect(await numbers(() => walk(memoryOf(after, where), seed))).toBe(result);
    }
    expect(held).toBeGreaterThan(20);
  });

  it('is told to the word', async () => {
    const bytes = new Uint8Array(PAGES * page);
    const memory = memoryOf(bytes);
    const { reads } = await recordReads(memory, async () => memory.i32(physical(5 * page + 16)));
    for (const [at, holds] of [
      [5 * page + 15, true],
      [5 * page + 16, false],
      [5 * page + 23, false],
      [5 * page + 24, true],
    ] as const) {
      const changed = new Uint8Array(bytes);
      changed[at] = 1;
      expect(stillHold(memoryOf(changed), reads!)).toBe(holds);
    }
  });

  it('holds what was missing, and tells a page that is not held from one that cannot be read', async () => {
    const bytes = new Uint8Array(PAGES * page);
    const memory = memoryOf(bytes);
    const missing = (at: number) =>
      recordReads(memory, async () => expect(() => memory.u8(physical(at))).toThrow(NotInSnapshot));
    for (const at of [10 * page, 17 * page]) {
      const { reads } = await missing(at);
      expect(stillHold(memoryOf(bytes), reads!)).toBe(true);
      expect(stillHold(memoryOf(bytes, { hole: 3, bad: 4 }), reads!)).toBe(false);
      expect(stillHold(memoryOf(bytes, { hole: 17, bad: 10 }), reads!)).toBe(false);
    }
  });

  it.each([
    ['asks for all ranges', (memory: PhysicalMemory) => memory.ranges],
    ['asks for the end', (memory: PhysicalMemory) => memory.end],
    ['copies runs', (memory: PhysicalMemory) => memory.bytes(physical(0), 10)],
    ['sweeps', (memory: PhysicalMemory) => memory.readRun(physical(0), new Uint8Array(page))],
    ['reads at no address', (memory: PhysicalMemory) => memory.has(physical(Number.NaN))],
  ])('is not told of a run that %s', async (_, read) => {
    const memory = memoryOf(new Uint8Array(PAGES * page));
    expect((await recordReads(memory, async () => read(memory))).reads).toBeNull();
  });

  it('is not told of a run that reads too much', async () => {
    const memory = memoryOf(new Uint8Array(PAGES * page));
    const { reads } = await recordReads(memory, async () => {
      for (let number = 0; number < 20_000; number++) memory.has(physical(number * page));
    });
    expect(reads).toBeNull();
  });

  it('ends with the run, also where that fails', async () => {
    const memory = memoryOf(new Uint8Array(PAGES * page));
    const failing = recordReads(memory, async () => {
      throw new Error('no');
    });
    await expect(failing).rejects.toThrow('no');
    const { reads } = await recordReads(memory, async () => memory.u8(physical(0)));
    memory.u8(physical(5 * page));
    expect(reads!.length).toBe(32 + 88);
  });

  it('does not hold where it is damaged', async () => {
    const bytes = new Uint8Array(PAGES * page);
    const memory = memoryOf(bytes);
    const { reads } = await recordReads(memory, async () => walk(memory, 3));
    for (let at = 0; at < reads!.length; at++) {
      const damaged = new Uint8Array(reads!);
      damaged[at]! ^= 0x81;
      expect(stillHold(memoryOf(bytes), damaged)).toBe(false);
    }
    for (const length of [0, 1, 31, 32, 33, reads!.length - 88, reads!.length - 1])
      expect(stillHold(memoryOf(bytes), reads!.subarray(0, length))).toBe(false);
  });
});
