import { availableParallelism } from 'node:os';
import { setImmediate } from 'node:timers/promises';
import { hex, type PhysicalAddress } from '../base/address.ts';
import type { Note } from '../base/errors.ts';
import { type ExtentMemory, TAG_BYTES } from '../memory/extents.ts';
import type { SnapshotOrigin } from '../memory/origin.ts';
import type { PhysicalMemory } from '../memory/physical.ts';
import { bytesIn, PAGE_BYTES } from '../memory/source.ts';
import { type BlockResult, BlockScan, type Hit } from './block.ts';
import { type Block, planBlocks } from './plan.ts';
import { onThreads, threadsAreAble } from './pool.ts';
import type { Scanner } from './scanner.ts';
import { isEmpty, MAXIMUM_TAGS } from './tag-table.ts';
import { recognitionOf } from './tags.ts';

/** How a sweep is to be done. All of it may be left out. */
export interface SweepOptions {
  /** Worker threads; 1 means none. The machine's CPUs, four at most, where it is left out. */
  readonly workers?: number;
  /** Told after each block: bytes done of bytes in all. */
  readonly progress?: (done: number, total: number) => void;
  /** Told what could not be looked at. */
  readonly note?: Note;
  /** Bytes looked at in one go, a multiple of the page size. */
  readonly blockBytes?: number;
  /** Finds after which the sweep ends with a note. */
  readonly maximumHits?: number;
  /**
   * What earlier sweeps for the same left: extents in which they found nothing are not looked at again. Where it is
   * left out, what the memory itself says (`PhysicalMemory.extents`); null for none.
   */
  readonly known?: ExtentMemory | null;
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

/**
 * Shows every physical byte of a snapshot to a scanner and gives its finds in ascending order of address, the
 * same ones in the same order however many threads there are.
 *
 * Threads open the snapshot by themselves at `origin`; memory without one (drawn in a test) is swept on this
 * thread. Ending the iteration early ends the threads. What cannot be read is skipped and said in a note.
 */
export async function* sweep<F>(
  scanner: Scanner<F>,
  memory: PhysicalMemory,
  origin: SnapshotOrigin | null,
  options: SweepOptions = {},
): AsyncGenerator<Hit<F>> {
  const { progress, note = () => {}, maximumHits = MAXIMUM_HITS } = options;
  const overlap = Math.ceil(scanner.overlapBytes / PAGE_BYTES) * PAGE_BYTES;
  const blocks = planBlocks(memory.ranges, options.blockBytes ?? BLOCK_BYTES, overlap);
  const total = bytesIn(memory.ranges);
  const losses = new Losses(scanner.name);
  const { known = memory.extents?.(scanner.name) ?? null } = options;
  const recognition = known === null ? undefined : recognitionOf(scanner, memory, known);
  const tags = new Tags();
  const scan = new BlockScan(memory, scanner, recognition);
  const here = (block: Block) => scan.run(block);
  const share = recognition === undefined || isEmpty(recognition.table) ? 1 : KNOWN_SHARE;
  const workers = workersFor(options.workers, total * share, memory, origin);
  const results =
    workers > 1 && origin !== null
      ? onThreads(scanner, origin, blocks, workers, here, note, recognition)
      : onThisThread(blocks, here);
  let done = 0;
  let given = 0;
  let index = 0;
  try {
    for await (const result of results) {
      const block = blocks[index++]!;
      losses.add(block, result);
      for (const hit of result.hits) {
        if (given++ >= maximumHits) {
          note(`${scanner.name}: stopped after ${maximumHits} finds, at ${hex(hit.physical)}`);
          return;
        }
        yield hit;
      }
      if (result.tags !== undefined) tags.add(result.tags);
      done += block.length;
      progress?.(done, total);
    }
    if (recognition !== undefined) known?.remember(tags.all());
  } finally {
    losses.tell(note);
  }
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
async function* onThisThread<F>(
  blocks: readonly Block[],
  here: (block: Block) => BlockResult<F>,
): AsyncGenerator<BlockResult<F>> {
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

/** Adds up what was not looked at, so that a torn snapshot makes two sentences and not two thousand. */
class Losses {
  readonly #name: string;
  #missingBytes = 0;
  #firstMissing: PhysicalAddress | null = null;
  #reason: string | undefined;
  #dropped = 0;
  #firstDropped: PhysicalAddress | null = null;

  constructor(name: string) {
    this.#name = name;
  }

  add(block: Block, { missingBytes, firstMissing, dropped, reason }: BlockResult<unknown>): void {
    this.#missingBytes += missingBytes;
    this.#firstMissing ??= firstMissing;
    this.#reason ??= reason;
    this.#dropped += dropped;
    if (dropped > 0) this.#firstDropped ??= block.start;
  }

  tell(note: Note): void {
    if (this.#firstMissing !== null) {
      const why = this.#reason === undefined ? '' : ` (${this.#reason})`;
      note(
        `${this.#name}: ${this.#missingBytes} bytes could not be read, the first at ${hex(this.#firstMissing)}${why}`,
      );
    }
    if (this.#firstDropped !== null) {
      note(
        `${this.#name}: ${this.#dropped} finds left out, too many in one block, the first at ${hex(this.#firstDropped)}`,
      );
    }
  }
}
