// One pass over all of a snapshot's memory, for any number of scanners at once.
// It uses worker threads for large memories.
import { availableParallelism } from 'node:os';
import { setImmediate } from 'node:timers/promises';
import { hex } from '../base/address.ts';
import { type ExtentMemories, type ExtentMemory, TAG_BYTES } from '../memory/extents.ts';
import type { SnapshotOrigin } from '../memory/origin.ts';
import type { PhysicalMemory } from '../memory/physical.ts';
import { bytesIn } from '../memory/source.ts';
import { BlockScan } from './block.ts';
import type { BlockResult } from './look.ts';
import { Losses } from './losses.ts';
import { type Block, overlapOf, planBlocks } from './plan.ts';
import { onThreads, threadsAreAble } from './pool.ts';
import { type Hit, memoryNameOf, type Scanner } from './scanner.ts';
import { isEmpty, MAXIMUM_TAGS } from './tag-table.ts';
import { type Recognition, recognitionOf } from './tags.ts';

/** How a sweep is to be done. All of it may be left out. */
export interface SweepOptions {
  /** Worker threads; 1 means none. The machine's CPUs, four at most, where it is left out. */
  readonly workers?: number;
  /** Told after each block: bytes done of bytes in all. */
  readonly progress?: (done: number, total: number) => void;
  /** Told what could not be looked at, and for which scanner by its number. */
  readonly note?: (message: string, by: number) => void;
  /** Bytes looked at in one go, a multiple of the page size. */
  readonly blockBytes?: number;
  /** Finds after which the sweep ends for a scanner, with a note. */
  readonly maximumHits?: number;
  /**
   * What earlier sweeps left for each scanner: extents in which they found nothing are not shown to it again. Where it is
   * left out, what the memory itself says (`PhysicalMemory.extents`); null for none.
   */
  readonly known?: ExtentMemories | null;
}

/** A find of one of several scanners. */
export interface SweptHit extends Hit<unknown> {
  /** The scanner's number. */
  readonly by: number;
}

/** A sixteenth to four times as much is as fast; this keeps the threads' share of memory small. */
const BLOCK_BYTES = 1 << 20;
/**
 * Less memory than this is swept by one thread before others have started and warmed up (100 ms): it goes
 * through 5 GiB/s from the page cache, but through less than 1 GiB/s where pages are to be decompressed.
 */
const WORTH_THREADS_BYTES = 1 << 30;
const WORTH_THREADS_COSTLY_BYTES = 1 << 27;
const MOST_WORKERS = 4;
/**
 * What a sweep counts for where earlier ones left something. It costs a twelfth, since most of memory is only recognised;
 * threads that are ready so soon are not worth what it costs to open the snapshot in each.
 */
const KNOWN_SHARE = 1 / 32;
const MAXIMUM_HITS = 65536;

/** What a sweep keeps for one scanner. */
class Searcher {
  readonly scanner: Scanner<unknown>;
  readonly recognition: Recognition | undefined;
  readonly losses: Losses;
  /** Finds so far. */
  count = 0;
  hasStopped = false;
  readonly #known: ExtentMemory | null;
  readonly #tags = new Tags();

  constructor(scanner: Scanner<unknown>, memory: PhysicalMemory, known: ExtentMemories | null | undefined) {
    this.scanner = scanner;
    this.#known = known?.(memoryNameOf(scanner)) ?? null;
    this.recognition = this.#known === null ? undefined : recognitionOf(scanner, memory, this.#known);
    this.losses = new Losses(scanner.name);
  }

  add({ tags }: BlockResult): void {
    if (tags !== undefined) this.#tags.add(tags);
  }

  /** Told at the end of the whole sweep. */
  remember(): void {
    if (this.recognition !== undefined && !this.hasStopped) this.#known?.remember(this.#tags.all());
  }
}

/**
 * Shows every physical byte of a snapshot to scanners, reading it once for all of them, and gives the finds of each in
 * ascending order of address, the same ones in the same order however many threads and other scanners there are.
 *
 * Threads open the snapshot by themselves at `origin`; memory without one (drawn in a test) is swept on this
 * thread. Ending the iteration early ends the threads. What cannot be read is skipped and said in a note.
 */
export async function* sweep(
  scanners: readonly Scanner<unknown>[],
  memory: PhysicalMemory,
  origin: SnapshotOrigin | null,
  options: SweepOptions = {},
): AsyncGenerator<SweptHit> {
  const { progress, note = () => {}, maximumHits = MAXIMUM_HITS, known = memory.extents } = options;
  if (scanners.length === 0) return;
  const blocks = planBlocks(memory.ranges, options.blockBytes ?? BLOCK_BYTES, overlapOf(scanners));
  const total = bytesIn(memory.ranges);
  const searchers = scanners.map((scanner) => new Searcher(scanner, memory, known));
  let done = 0;
  let index = 0;
  try {
    for await (const results of resultsOf(searchers, blocks, memory, origin, options)) {
      const block = blocks[index++]!;
      for (const [by, searcher] of searchers.entries()) {
        if (searcher.hasStopped) continue;
        const result = results[by]!;
        searcher.losses.add(block, result);
        for (const { physical, found } of result.hits) {
          if (searcher.count++ >= maximumHits) {
            searcher.hasStopped = true;
            note(`${searcher.scanner.name}: stopped after ${maximumHits} finds, at ${hex(physical)}`, by);
            break;
          }
          yield { by, physical, found };
        }
        searcher.add(result);
      }
      if (searchers.every(({ hasStopped }) => hasStopped)) return;
      done += block.length;
      progress?.(done, total);
    }
    for (const searcher of searchers) searcher.remember();
  } finally {
    for (const [by, { losses }] of searchers.entries())
      for (const sentence of losses.sentences()) note(sentence, by);
  }
}

/** What each block gives each scanner, on threads where that is worth it. */
function resultsOf(
  searchers: readonly Searcher[],
  blocks: readonly Block[],
  memory: PhysicalMemory,
  origin: SnapshotOrigin | null,
  { workers: wanted, note = () => {} }: SweepOptions,
): AsyncGenerator<readonly BlockResult[]> {
  const scan = new BlockScan(
    memory,
    searchers.map(({ scanner }) => scanner),
    searchers.map(({ recognition }) => recognition),
  );
  const here = (block: Block) => scan.run(block);
  const isNew = searchers.some(({ recognition }) => recognition === undefined || isEmpty(recognition.table));
  const workers = workersFor(wanted, bytesIn(memory.ranges) * (isNew ? 1 : KNOWN_SHARE), memory, origin);
  if (workers <= 1 || origin === null) return onThisThread(blocks, here);
  const job = {
    origin,
    scanners: searchers.map(({ scanner: { module, name, parameters }, recognition }) => ({
      ...{ module, name, parameters, recognition },
    })),
  };
  const noteAll = (message: string): void => {
    for (const [by, { scanner }] of searchers.entries()) note(`${scanner.name}: ${message}`, by);
  };
  return onThreads(job, blocks, workers, here, noteAll);
}

function workersFor(
  wanted: number | undefined,
  worthBytes: number,
  memory: PhysicalMemory,
  origin: SnapshotOrigin | null,
): number {
  if (origin === null || !threadsAreAble) return 1;
  if (wanted !== undefined) return wanted;
  const worth = memory.source.costlyPages ? WORTH_THREADS_COSTLY_BYTES : WORTH_THREADS_BYTES;
  return worthBytes < worth ? 1 : Math.min(availableParallelism(), MOST_WORKERS);
}

/** Lets timers and signals in between two blocks. */
async function* onThisThread(
  blocks: readonly Block[],
  here: (block: Block) => readonly BlockResult[],
): AsyncGenerator<readonly BlockResult[]> {
  for (const block of blocks) {
    await setImmediate();
    yield here(block);
  }
}

/** Gathers the tags of a sweep, up to the number that is worth keeping. */
class Tags {
  readonly #pieces: Uint8Array[] = [];
  #count = 0;

  add(piece: Uint8Array): void {
    if (piece.length === 0 || this.#count >= MAXIMUM_TAGS) return;
    this.#pieces.push(piece);
    this.#count += piece.length / TAG_BYTES;
  }

  all(): Uint8Array {
    return Buffer.concat(this.#pieces).subarray(0, MAXIMUM_TAGS * TAG_BYTES);
  }
}
