// Several scanners in one pass over memory: what each finds alone, with every byte read once.
import { describe, expect, it } from 'vitest';
import { aes } from '../../src/crypto/aes.ts';
import { type ExtentMemory, TAG_BYTES } from '../../src/memory/extents.ts';
import { PhysicalMemory } from '../../src/memory/physical.ts';
import type { PhysicalSource } from '../../src/memory/source.ts';
import { memoryNameOf, type Scanner } from '../../src/scan/scanner.ts';
import { type SweepOptions, sweep } from '../../src/scan/sweep.ts';
import { openSnapshot } from '../../src/snapshot/open.ts';
import { drawSchedule } from '../crypto/schedules.ts';
import { Random } from '../support/random.ts';
import { drawMemory } from '../support/writers.ts';
import { writeKdump } from '../support/writers-kdump.ts';
import { scratchFolder } from '../support/writers-scratch.ts';
import { noise } from './noise.ts';

const folder = scratchFolder();
const page = 4096;
const EXTENT_PAGES = 8;

interface Wanted {
  readonly first: number;
  readonly last: number;
}

/** Two bytes that stand 9,000 bytes apart: it reaches over more than a page, and is told what to look for. */
const pairs: Scanner<string, Wanted> = {
  name: 'pairs',
  module: import.meta.url,
  version: 1,
  isSlow: true,
  overlapBytes: 9001,
  parameters: { first: 0x5a, last: 0x5b },
  scan(bytes, from, to, report, parameters) {
    const { first, last } = parameters!;
    for (let at = from; at < to; at++)
      if (bytes[at] === first && bytes[at + 9000] === last) report(at, `${first} ${last}`);
  },
};

/** What each of the scanners finds, and what is said of it. */
async function told(
  scanners: readonly Scanner<unknown>[],
  memory: PhysicalMemory,
  options: SweepOptions = {},
): Promise<{ hits: unknown[]; notes: string[] }[]> {
  const found = scanners.map(() => ({ hits: [] as unknown[], notes: [] as string[] }));
  const note = (message: string, by: number) => found[by]!.notes.push(message);
  for await (const { by, ...hit } of sweep(scanners, memory, null, { ...options, note }))
    found[by]!.hits.push(hit);
  return found;
}

/** What a store would keep of one machine, in memory. */
class Kept {
  readonly #tags = new Map<string, Uint8Array>();

  of = (scanner: string): ExtentMemory => ({
    secret: new Uint8Array(32).fill(this.secretOf(scanner)),
    recall: () => this.#tags.get(scanner) ?? new Uint8Array(0),
    remember: (tags) => void this.#tags.set(scanner, new Uint8Array(tags)),
  });

  readonly secretOf: (scanner: string) => number;
  constructor(secretOf: (scanner: string) => number = () => 1) {
    this.secretOf = secretOf;
  }
}

/** The scanner, and how many bytes it has been shown. */
function counting<P>(scanner: Scanner<unknown, P>): Scanner<unknown, P> & { bytes: number } {
  const counted = {
    ...scanner,
    bytes: 0,
    scan(bytes: Uint8Array, from: number, to: number, report: (at: number, found: unknown) => void, p?: P) {
      counted.bytes += to - from;
      scanner.scan(bytes, from, to, report, p);
    },
  };
  return counted;
}

/** A source that counts how often each page is read. */
function counted(source: PhysicalSource): PhysicalSource & { readonly reads: Map<number, number> } {
  const reads = new Map<number, number>();
  return {
    ...source,
    reads,
    read(at, into) {
      const had = source.read(at, into);
      for (let done = 0; done < had; done += page) reads.set(at + done, (reads.get(at + done) ?? 0) + 1);
      return had;
    },
  };
}

function drawBytes(seed: number, pages: number): Uint8Array {
  const random = new Random(seed);
  const bytes = noise(pages * page, seed);
  for (let i = 0; i < pages / 8; i++) {
    const at = random.below(pages - 4) * page;
    if (i % 3 === 0) bytes.fill(0, at, at + 2 * page);
    else bytes.set(drawSchedule(random.bytes(32)).bytes, at + random.below(page));
  }
  return bytes;
}

describe('several scanners', () => {
  it('read each byte once for all of them', async () => {
    const source = counted(drawMemory(new Map([[0, drawBytes(1, 64)]])));
    await told([aes, pairs], new PhysicalMemory(source));
    expect([...source.reads.values()]).toEqual(Array(64).fill(1));
  });

  it.each([page, 7 * page, 1 << 20])(
    'find what each finds alone, in blocks of %d bytes',
    async (blockBytes) => {
      for (let seed = 2; seed < 6; seed++) {
        const bytes = drawBytes(seed, 96);
        const bad = new Random(seed).below(90) * page;
        const whole = drawMemory(
          new Map([
            [0, bytes.subarray(0, 40 * page)],
            [48 * page, bytes.subarray(40 * page)],
          ]),
        );
        const source: PhysicalSource = {
          ...whole,
          read(at, into) {
            if (at === bad) return 0;
            return whole.read(at, at < bad && at + into.length > bad ? into.subarray(0, bad - at) : into);
          },
        };
        const memory = new PhysicalMemory(source);
        const together = await told([aes, pairs], memory, { blockBytes });
        expect(together).toEqual([
          ...(await told([aes], memory, { blockBytes })),
          ...(await told([pairs], memory, { blockBytes })),
        ]);
        expect(together.every(({ hits }) => hits.length > 0)).toBe(true);
      }
    },
  );

  it('are told apart by their parameters', async () => {
    const memory = new PhysicalMemory(drawMemory(new Map([[0, noise(64 * page, 7)]])));
    const other = { ...pairs, parameters: { first: 1, last: 2 } };
    const [one, two] = await told([pairs, other], memory);
    expect(one).not.toEqual(two);
    expect(new Set([pairs, other, aes].map(memoryNameOf)).size).toBe(3);
  });

  it('stop by themselves at the number of finds that is asked for', async () => {
    const memory = new PhysicalMemory(drawMemory(new Map([[0, noise(64 * page, 8)]])));
    const all = (await told([pairs], memory))[0]!.hits;
    const rare: Scanner<string> = {
      ...{ name: 'rare', module: import.meta.url, version: 1, overlapBytes: 1 },
      scan: (_, from, __, report) => report(from, 'first'),
    };
    const [few, one] = await told([pairs, rare], memory, { maximumHits: 2, blockBytes: 64 * page });
    expect(few!.hits).toEqual(all.slice(0, 2));
    expect(few!.notes).toHaveLength(1);
    expect(one).toEqual({ hits: [{ physical: 0, found: 'first' }], notes: [] });
  });
});

describe('several scanners that know what earlier sweeps found nothing in', () => {
  const quiet = { ...pairs, parameters: { first: 256, last: 256 } };

  /** Sweeps and says how many pages each scanner was shown, and how many were read. */
  async function shown(
    path: string,
    scanners: readonly Scanner<unknown>[],
    known: Kept,
  ): Promise<{ pages: number[]; read: number }> {
    const watched = scanners.map(counting);
    const snapshot = openSnapshot(path);
    const source = counted(snapshot.memory.source);
    await told(watched, new PhysicalMemory(source), { known: known.of });
    snapshot.file.close();
    return { pages: watched.map(({ bytes }) => bytes / page), read: source.reads.size };
  }

  it.each([
    ['of one secret', () => 1],
    ['of different secrets', (scanner: string) => scanner.length],
  ])('look each at what is new to it, tags %s', async (_, secretOf) => {
    const bytes = noise(160 * page, 9);
    const path = folder.path('several.kdump');
    writeKdump(path, drawMemory(new Map([[0, bytes]])));
    const known = new Kept(secretOf);
    expect(await shown(path, [aes], known)).toEqual({ pages: [160], read: 160 });
    // What one scanner knows is read for the other alone.
    expect(await shown(path, [aes, quiet], known)).toEqual({ pages: [0, 160], read: 160 });
    expect(await shown(path, [aes, quiet], known)).toEqual({ pages: [0, 0], read: 0 });
    expect(await shown(path, [quiet], known)).toEqual({ pages: [0], read: 0 });
    bytes[50 * page]! ^= 1; // the third page of an extent: one that reaches over two pages sees it from the extent before
    writeKdump(path, drawMemory(new Map([[0, bytes]])));
    const { pages, read } = await shown(path, [aes, quiet], known);
    expect(pages).toEqual([EXTENT_PAGES, 2 * EXTENT_PAGES]);
    expect(read).toBe(2 * EXTENT_PAGES + 8); // and what finds may reach over
    const other = { ...quiet, parameters: { first: 257, last: 257 } };
    expect((await shown(path, [aes, quiet, other], known)).pages).toEqual([0, 0, 160]);
    expect((await shown(path, [{ ...aes, version: 2 }, quiet], known)).pages).toEqual([160, 0]);
  });

  it('find what they find that know nothing, after every change', async () => {
    const path = folder.path('changed.kdump');
    const known = new Kept();
    for (let seed = 10; seed < 14; seed++) {
      const bytes = drawBytes(seed, 160);
      bytes.set(noise(80 * page, 10)); // the first half stays as it was
      writeKdump(path, drawMemory(new Map([[0, bytes]])));
      const { memory, file } = openSnapshot(path);
      const scarce = { ...pairs, parameters: { first: bytes[90 * page]!, last: bytes[90 * page + 9000]! } };
      const expected = [
        ...(await told([aes], memory, { known: null })),
        ...(await told([scarce], memory, { known: null })),
      ];
      for (let round = 0; round < 2; round++)
        expect(await told([aes, scarce], memory, { known: known.of })).toEqual(expected);
      file.close();
    }
  });

  it('keep tags that are whole', async () => {
    const path = folder.path('whole.kdump');
    writeKdump(path, drawMemory(new Map([[0, noise(160 * page, 15)]])));
    const known = new Kept();
    await shown(path, [aes, quiet], known);
    for (const scanner of [aes, quiet])
      expect(known.of(memoryNameOf(scanner)).recall().length).toBe((160 / EXTENT_PAGES + 3) * TAG_BYTES);
  });
});
