import { type PhysicalAddress, physical } from '../base/address.ts';
import { ForensicError } from '../base/errors.ts';
import type { PhysicalMemory } from '../memory/physical.ts';
import { PAGE_BYTES } from '../memory/source.ts';
import type { Block } from './plan.ts';
import type { Scanner } from './scanner.ts';
import { partOf, Recogniser, type Recognition, type Stretch, type Tagged, tagsToKeep } from './tags.ts';

/** A find and the physical address of its first byte. */
export interface Hit<F> {
  readonly physical: PhysicalAddress;
  readonly found: F;
}

/** What one block gave. Plain data: it travels between threads. */
export interface BlockResult<F> {
  /** Ascending by address. */
  readonly hits: readonly Hit<F>[];
  /** Finds beyond the limit, counted and not kept. */
  readonly dropped: number;
  /** Bytes of the block that the source promised and did not give. */
  readonly missingBytes: number;
  /** Where the first of them is. */
  readonly firstMissing: PhysicalAddress | null;
  /** Why, where the whole block could not be read. */
  readonly reason?: string;
  /** Tags of what has no finds, as `TagTable` lists them, where they are asked for. */
  readonly tags?: Uint8Array;
}

/** Finds kept of one block; no honest block of memory holds more of anything that is worth finding. */
const MAXIMUM_HITS_PER_BLOCK = 4096;

const zeroPage = Buffer.alloc(PAGE_BYTES);

/** Reads blocks and shows them to a scanner. Keeps one buffer for all of them. */
export class BlockScan<F> {
  readonly #memory: PhysicalMemory;
  readonly #scanner: Scanner<F>;
  readonly #recogniser: Recogniser | null;
  #buffer = new Uint8Array(0);

  /** With `recognition`, what is known to hold no finds is not looked at. The finds are the same. */
  constructor(memory: PhysicalMemory, scanner: Scanner<F>, recognition?: Recognition) {
    this.#memory = memory;
    this.#scanner = scanner;
    this.#recogniser = recognition === undefined ? null : new Recogniser(memory, scanner, recognition);
  }

  /** Looks at one block. A damaged page costs itself only. */
  run(block: Block): BlockResult<F> {
    try {
      return this.#recogniser === null ? this.#look(block) : this.#lookAtNew(block, this.#recogniser);
    } catch (error) {
      if (!(error instanceof ForensicError)) throw error;
      return {
        hits: [],
        dropped: 0,
        missingBytes: block.length,
        firstMissing: block.start,
        reason: error.message,
      };
    }
  }

  /** Looks at runs of extents that are not known. */
  #lookAtNew(block: Block, recogniser: Recogniser): BlockResult<F> {
    const stretches = [...recogniser.stretchesOf(block)];
    const results: BlockResult<F>[] = [];
    const clean = new Set<Tagged>();
    for (const run of unknownIn(stretches)) {
      const from = run[0]!.extent.start - block.start;
      const last = run.at(-1)!.extent;
      const to = last.start + last.length - block.start;
      const result = this.#look(partOf(block, from, to, recogniser.overlapBytes));
      // Which finds are kept where there are too many depends on how memory is cut: then it is cut as ever.
      if (result.dropped > 0) return this.#look(block);
      results.push(result);
      if (result.missingBytes === 0) for (const extent of withoutFinds(run, result.hits)) clean.add(extent);
    }
    const hits = results.flatMap((result) => result.hits);
    if (hits.length > MAXIMUM_HITS_PER_BLOCK) return this.#look(block);
    return {
      hits,
      dropped: 0,
      missingBytes: results.reduce((sum, { missingBytes }) => sum + missingBytes, 0),
      firstMissing: results.find(({ firstMissing }) => firstMissing !== null)?.firstMissing ?? null,
      tags: Buffer.concat(stretches.map((stretch) => tagsToKeep(stretch, clean))),
    };
  }

  #look(block: Block): BlockResult<F> {
    const hits: Hit<F>[] = [];
    let dropped = 0;
    let missingBytes = 0;
    let firstMissing: PhysicalAddress | null = null;
    const begin = block.start - block.lead;
    const end = block.lead + block.length;
    const buffer = this.#room(end + block.tail);
    for (let at = 0; at < end; at += PAGE_BYTES) {
      const had = this.#fill(begin + at, buffer.subarray(at, end + block.tail));
      const seen = buffer.subarray(at, at + had);
      const base = begin + at;
      for (const { from, to } of inhabited(seen, block.lead - at, end - at, this.#scanner.overlapBytes)) {
        this.#scanner.scan(seen, from, to, (place, found) => {
          if (hits.length < MAXIMUM_HITS_PER_BLOCK) hits.push({ physical: physical(base + place), found });
          else dropped++;
        });
      }
      at += had;
      if (at >= end) break;
      if (at < block.lead) continue; // the block before this one misses it
      firstMissing ??= physical(begin + at);
      missingBytes += PAGE_BYTES;
    }
    hits.sort((a, b) => a.physical - b.physical);
    return { hits, dropped, missingBytes, firstMissing };
  }

  /** Fills `into` across ranges that touch. @returns bytes had before the first that is missing. */
  #fill(start: number, into: Uint8Array): number {
    let done = 0;
    while (done < into.length) {
      const had = this.#memory.readRun(physical(start + done), into.subarray(done));
      if (had === 0) break;
      done += had;
    }
    return done;
  }

  #room(bytes: number): Uint8Array {
    if (this.#buffer.length < bytes) this.#buffer = new Uint8Array(bytes);
    return this.#buffer;
  }
}

/** Runs of neighbouring extents that are not known. */
function* unknownIn(stretches: readonly Stretch[]): Generator<readonly Tagged[]> {
  let run: Tagged[] = [];
  for (const { known, extents } of stretches) {
    for (const extent of known === null ? extents : [null]) {
      if (extent !== null && !extent.isKnown) {
        run.push(extent);
      } else if (run.length > 0) {
        yield run;
        run = [];
      }
    }
  }
  if (run.length > 0) yield run;
}

/** The extents in which none of the finds, ascending, starts. */
function* withoutFinds(extents: readonly Tagged[], hits: readonly Hit<unknown>[]): Generator<Tagged> {
  let next = 0;
  for (const tagged of extents) {
    const { start, length } = tagged.extent;
    const first = next;
    while (next < hits.length && hits[next]!.physical < start + length) next++;
    if (next === first) yield tagged;
  }
}

interface Span {
  readonly from: number;
  readonly to: number;
}

/**
 * The parts of [`first`, `limit`) where a find may start, given that none is zero throughout: the pages with
 * something in them, and as much before each as a find may reach over. Most of a fresh guest's memory is zero,
 * and `memcmp` walks zeros faster than most scanners.
 */
function* inhabited(bytes: Uint8Array, first: number, limit: number, overlapBytes: number): Generator<Span> {
  const pages = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length);
  const end = Math.min(limit, bytes.length);
  let given = Math.max(0, first);
  let from = -1;
  for (let page = 0; page < bytes.length; page += PAGE_BYTES) {
    const zero = pages.compare(zeroPage, 0, PAGE_BYTES, page, page + PAGE_BYTES) === 0;
    if (!zero && from < 0) from = Math.max(given, page - overlapBytes);
    if (!zero || from < 0) continue;
    const to = Math.min(page, end);
    if (from < to) yield { from, to };
    given = Math.max(given, page);
    from = -1;
  }
  if (from >= 0 && from < end) yield { from, to: end };
}
