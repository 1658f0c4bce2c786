// What one scanner is shown of a block of memory, and what came of it.
// `block.ts` reads the block.
import { type PhysicalAddress, physical } from '../base/address.ts';
import { PAGE_BYTES } from '../memory/source.ts';
import { inhabited } from './inhabited.ts';
import { type Block, overlapOfRing, ringOf } from './plan.ts';
import type { Hit, Scanner } from './scanner.ts';
import { type Stretch, type Tagged, tagsToKeep, unknownIn } from './tags.ts';

/** What one block gave one scanner. Plain data: it travels between threads. */
export interface BlockResult {
  /** Ascending by address. */
  readonly hits: readonly Hit<unknown>[];
  /** Finds beyond the limit, counted and not kept. */
  readonly dropped: number;
  /** Bytes of the block that the source promised and did not give. */
  readonly missingBytes: number;
  /** Where the first of them is. */
  readonly firstMissing: PhysicalAddress | null;
  /** Why, where the whole block could not be read. */
  readonly reason?: string;
  /** What the scanner threw, where it did: then it has no finds in the block. */
  readonly failure?: string;
  /** Tags of what has no finds, as `TagTable` lists them, where they are asked for. */
  readonly tags?: Uint8Array;
}

/** Finds kept of one block; no honest block of memory holds more of anything that is worth finding. */
const MAXIMUM_HITS_PER_BLOCK = 4096;
/** Letters of what a scanner throws: the evidence may be in it. */
const MAXIMUM_FAILURE = 200;

/** A part of a block that the scanner does not know. */
export interface Part {
  /** Bytes from the start of the block. */
  readonly from: number;
  readonly to: number;
  readonly extents: readonly Tagged[];
  missingBytes: number;
}

/** Memory that was read in one piece. */
export interface Piece {
  /** Begins at a page. */
  readonly bytes: Uint8Array;
  /** A one for each page of zeros. */
  readonly zeros: Uint8Array;
  /** Where it begins in its block; negative before it. */
  readonly at: number;
}

/** Shows a scanner the parts of one block that it does not know. */
export class Look {
  readonly parts: readonly Part[];
  readonly #scanner: Scanner<unknown>;
  readonly #block: Block;
  /** Null where everything is shown, and nothing to be remembered. */
  readonly #stretches: readonly Stretch[] | null;
  readonly #hits: Hit<unknown>[] = [];
  #dropped = 0;
  #firstMissing: PhysicalAddress | null = null;
  #failure: string | undefined;
  #reason: string | undefined;

  constructor(scanner: Scanner<unknown>, block: Block, stretches: readonly Stretch[] | null) {
    this.#scanner = scanner;
    this.#block = block;
    this.#stretches = stretches;
    this.parts =
      stretches === null
        ? [{ from: 0, to: block.length, extents: [], missingBytes: 0 }]
        : [...unknownIn(stretches)].map((extents) => partWith(extents, block));
  }

  /** Which finds are kept where there are too many depends on how memory is cut: then it is to be cut as ever. */
  get isToBeWhole(): boolean {
    return this.#stretches !== null && this.#dropped > 0;
  }

  /** What lies in its parts between `from` and `to`, and the piece holds, with what a find may reach over. */
  show(piece: Piece, from: number, to: number): void {
    for (const part of this.parts) if (part.from >= from && part.to <= to) this.#show(piece, part);
  }

  /** A page that is missing, by its place in the block. */
  miss(at: number): void {
    const part = this.parts.find((each) => at >= each.from && at < each.to);
    if (part === undefined) return;
    this.#firstMissing ??= physical(this.#block.start + at);
    part.missingBytes += PAGE_BYTES;
  }

  /** Nothing of the block could be read. */
  fail(reason: string): void {
    this.#reason ??= reason;
  }

  result(): BlockResult {
    const { start, length } = this.#block;
    const reason = this.#reason;
    if (reason !== undefined)
      return { hits: [], dropped: 0, missingBytes: length, firstMissing: start, reason };
    const hits = this.#hits.sort((a, b) => a.physical - b.physical);
    const missing = {
      missingBytes: this.parts.reduce((sum, { missingBytes }) => sum + missingBytes, 0),
      firstMissing: this.#firstMissing,
    };
    if (this.#failure !== undefined) return { hits: [], dropped: 0, ...missing, failure: this.#failure };
    const found = { hits, dropped: this.#dropped, ...missing };
    if (this.#stretches === null) return found;
    const clean = new Set(withoutFinds(this.parts, hits));
    return { ...found, tags: Buffer.concat(this.#stretches.map((stretch) => tagsToKeep(stretch, clean))) };
  }

  #show({ bytes, zeros, at }: Piece, { from, to }: Part): void {
    const overlap = overlapOfRing(ringOf(this.#scanner.overlapBytes));
    const begin = Math.max(0, from - overlap - at);
    const end = Math.min(bytes.length, to + overlap - at);
    if (begin >= end) return;
    const seen = bytes.subarray(begin, end);
    const base = this.#block.start + at + begin;
    const pages = zeros.subarray(begin / PAGE_BYTES, Math.ceil(end / PAGE_BYTES));
    const own = { first: from - at - begin, limit: to - at - begin };
    for (const span of inhabited(pages, seen.length, own, this.#scanner.overlapBytes))
      this.#scan(seen, span.from, span.to, base);
  }

  /** Bytes are the intruder's: what a scanner stumbles over costs its own finds and no other's. */
  #scan(seen: Uint8Array, from: number, to: number, base: number): void {
    if (this.#failure !== undefined) return;
    const report = (place: number, found: unknown): void => {
      if (this.#hits.length < MAXIMUM_HITS_PER_BLOCK)
        this.#hits.push({ physical: physical(base + place), found });
      else this.#dropped++;
    };
    try {
      this.#scanner.scan(seen, from, to, report, this.#scanner.parameters);
    } catch (error) {
      this.#failure = (error instanceof Error ? error.message : String(error)).slice(0, MAXIMUM_FAILURE);
    }
  }
}

function partWith(extents: readonly Tagged[], block: Block): Part {
  const last = extents.at(-1)!.extent;
  const from = extents[0]!.extent.start - block.start;
  return { from, to: last.start + last.length - block.start, extents, missingBytes: 0 };
}

/** The extents that could be read and in which none of the finds, ascending, starts. */
function* withoutFinds(parts: readonly Part[], hits: readonly Hit<unknown>[]): Generator<Tagged> {
  let next = 0;
  for (const { extents, missingBytes } of parts) {
    if (missingBytes > 0) continue;
    for (const tagged of extents) {
      const { start, length } = tagged.extent;
      while (next < hits.length && hits[next]!.physical < start) next++;
      const first = next;
      while (next < hits.length && hits[next]!.physical < start + length) next++;
      if (next === first) yield tagged;
    }
  }
}
