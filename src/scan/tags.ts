// Which memory need not be looked at again: extents are told by their tags, for each scanner by itself.
// docs/internals/rescans.md explains the method.
import { sha256 } from '../memory/digest.ts';
import { type ExtentMemory, TAG_BYTES } from '../memory/extents.ts';
import type { PhysicalMemory } from '../memory/physical.ts';
import { ExtentSums, pagesOf, ZEROS } from './extent-sums.ts';
import { type Block, overlapOfRing, partOf, ringOf } from './plan.ts';
import { identityOf, type Scanner } from './scanner.ts';
import { isKnown, stretchIn, stretchOf, type TagTable, tagTableOf } from './tag-table.ts';

/**
 * Bytes of an extent. Larger ones are hashed at less cost, smaller ones are changed less often. With kdump pages of
 * four guests minutes apart 16 and 32 KiB are equally good, and half as many tags are half as much to keep.
 */
const EXTENT_BYTES = 32768;
/**
 * Neighbouring extents that are first told as one, by a tag of their own: in minutes an idle guest changes a tenth of
 * such stretches, and one hash over much costs less than many over little.
 */
const STRETCH_EXTENTS = 8;
/** Changes with what is told, and with how tags are kept. */
const LAYOUT = 3;

/** What a thread must know to recognise extents for a scanner. Survives `postMessage`, and is shared by all threads. */
export interface Recognition {
  /** What extents are summed with: follows from the store's secret, and is the same for all scanners of a machine. */
  readonly sumKey: Uint8Array;
  /** What tags are made with: follows from the secret too, and from what they are about besides bytes. */
  readonly tagKey: Uint8Array;
  readonly table: TagTable;
}

/** An extent and its tag. */
export interface Tagged {
  readonly extent: Block;
  /** Null where the extent cannot be told by a tag, and is looked at. */
  readonly tag: Uint8Array | null;
  /** True where the scanner has looked at it before and found nothing, or where it is zero throughout. */
  readonly isKnown: boolean;
}

/** Neighbouring extents. */
export interface Stretch {
  /** Null where it cannot be told by a tag, or has one extent only. */
  readonly tag: Uint8Array | null;
  /** Where the scanner has looked at all of it before and found nothing: the tags that are remembered of it. Else null. */
  readonly known: Uint8Array | null;
  /** In their order; none where it is known. */
  readonly extents: readonly Tagged[];
}

/**
 * How extents of `memory` are told for a scanner from what `known` remembers. Undefined where looking is cheaper than
 * telling: where pages need no unpacking and the scanner is faster than a hash.
 */
export function recognitionOf(
  scanner: Scanner<unknown>,
  memory: PhysicalMemory,
  known: ExtentMemory,
): Recognition | undefined {
  if (memory.source.stored === undefined && scanner.isSlow !== true) return undefined;
  const { form, grainBytes } = pagesOf(memory);
  const keyFor = (about: readonly unknown[]): Uint8Array =>
    new Uint8Array(sha256(Buffer.concat([known.secret, Buffer.from(JSON.stringify(about))])));
  return {
    sumKey: keyFor([LAYOUT, form, grainBytes]),
    tagKey: keyFor([LAYOUT, form, grainBytes, identityOf(scanner)]),
    table: tagTableOf(known.recall()),
  };
}

/** A stretch whose extents are still being told. */
interface NewStretch extends Stretch {
  readonly extents: Tagged[];
}

/** One scanner's share in a recogniser. */
interface Share extends Recognition {
  /** Number of its key among those of the sums. */
  readonly key: number;
  readonly ring: number;
}

/** Cuts blocks into stretches and those into extents, and tells by their tags which need not be looked at again. */
export class Recogniser {
  readonly #shares: readonly (Share | null)[];
  readonly #sums: ExtentSums;
  readonly #step: number;
  readonly #overlapBytes: number;

  /** @param recognitions one for each scanner; undefined for one that is shown everything */
  constructor(
    memory: PhysicalMemory,
    scanners: readonly Scanner<unknown>[],
    recognitions: readonly (Recognition | undefined)[],
  ) {
    const keys = new Map<string, Uint8Array>();
    for (const recognition of recognitions)
      if (recognition !== undefined) keys.set(nameOf(recognition), recognition.sumKey);
    const names = [...keys.keys()];
    this.#shares = scanners.map(({ overlapBytes }, by) => {
      const recognition = recognitions[by];
      if (recognition === undefined) return null;
      return { ...recognition, key: names.indexOf(nameOf(recognition)), ring: ringOf(overlapBytes) };
    });
    const rings = Math.max(...this.#shares.map((share) => share?.ring ?? 0));
    const pages = pagesOf(memory);
    this.#step = Math.ceil(EXTENT_BYTES / pages.grainBytes) * pages.grainBytes;
    this.#overlapBytes = overlapOfRing(rings);
    this.#sums = new ExtentSums(pages, [...keys.values()], STRETCH_EXTENTS * this.#step, rings);
  }

  /**
   * The stretches of a block in their order, for each scanner; null for one that is shown everything. Extents are looked
   * for in those alone that are not known. What is stored is read once for all scanners.
   */
  stretchesOf(block: Block): readonly (readonly Stretch[] | null)[] {
    const found = this.#shares.map((share): NewStretch[] | null => (share === null ? null : []));
    for (const stretch of this.#cut(block, STRETCH_EXTENTS * this.#step)) {
      this.#sums.begin(stretch);
      let isKnownToAll = true;
      for (let by = 0; by < found.length; by++) {
        const share = this.#shares[by]!;
        if (share === null) continue;
        const tag = stretch.length > this.#step ? this.#tagOf(share) : null;
        const known = tag === ZEROS ? ZEROS : tag === null ? null : stretchIn(share.table, tag);
        isKnownToAll &&= known !== null;
        found[by]!.push({ tag, known, extents: [] });
      }
      if (!isKnownToAll) this.#addExtents(stretch, found);
    }
    return found;
  }

  /** Adds its extents to the last stretch of each scanner that does not know that. */
  #addExtents(stretch: Block, found: readonly (readonly NewStretch[] | null)[]): void {
    for (const extent of this.#cut(stretch, this.#step)) {
      this.#sums.begin(extent);
      for (const [by, stretches] of found.entries()) {
        const last = stretches?.at(-1);
        if (last === undefined || last.known !== null) continue;
        const share = this.#shares[by]!;
        const told = this.#tagOf(share);
        const isZero = told === ZEROS;
        last.extents.push({
          extent,
          tag: isZero ? null : told,
          isKnown: isZero || (told !== null && isKnown(share.table, told)),
        });
      }
    }
  }

  *#cut(block: Block, step: number): Generator<Block> {
    for (let at = 0; at < block.length; at += step)
      yield partOf(block, at, Math.min(at + step, block.length), this.#overlapBytes);
  }

  /** The tag of the extent that is being summed. @returns `ZEROS` where all of it is zero, null where it cannot be told */
  #tagOf({ key, ring, tagKey }: Share): Uint8Array | null {
    const sum = this.#sums.sumOf(key, ring);
    if (sum === null || sum === ZEROS) return sum;
    const tag = sha256(Buffer.concat([tagKey, sum])).subarray(0, TAG_BYTES);
    tag[TAG_BYTES - 1] = 0;
    return tag;
  }
}

const nameOf = ({ sumKey }: Recognition): string => Buffer.from(sumKey).toString('hex');

/** Runs of neighbouring extents that are not known. */
export function* unknownIn(stretches: readonly Stretch[]): Generator<readonly Tagged[]> {
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

/** The tags to remember of a stretch, given which of its extents have been looked at and hold no finds. */
export function tagsToKeep({ known, tag, extents }: Stretch, clean: ReadonlySet<Tagged>): Uint8Array {
  if (known !== null) return known;
  const kept = extents.filter((extent) => extent.isKnown || clean.has(extent));
  const tags = kept.flatMap((extent) => extent.tag ?? []);
  return tag !== null && kept.length === extents.length ? stretchOf(tag, tags) : Buffer.concat(tags);
}
