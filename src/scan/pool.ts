// Threads that look at blocks, and what happens where one dies.
// Results keep the order of the blocks.
import { Worker } from 'node:worker_threads';
import type { Note } from '../base/errors.ts';
import type { SnapshotOrigin } from '../memory/origin.ts';
import type { BlockResult } from './look.ts';
import type { Block } from './plan.ts';
import type { Recognition } from './tags.ts';

/** What a thread is told at its start. */
export interface Job {
  readonly origin: SnapshotOrigin;
  readonly scanners: readonly {
    /** URL of the scanner's module, and its name there. */
    readonly module: string;
    readonly name: string;
    readonly parameters: unknown;
    /** How it knows what need not be looked at again, where anything is remembered. */
    readonly recognition: Recognition | undefined;
  }[];
}

/** A block to look at, by its place in the plan. */
export interface Task {
  readonly index: number;
  readonly block: Block;
}

/** What came of it, for each scanner. */
export interface Answer {
  readonly index: number;
  readonly results: readonly BlockResult[];
}

const fromSource = import.meta.url.endsWith('.ts');

/**
 * False where this runs from TypeScript source on a Node that cannot load it by itself (before 22.18): a test
 * runner that compiles in memory does so on its own thread only.
 */
export const threadsAreAble =
  !fromSource || Boolean((process.features as { typescript?: unknown }).typescript);

const workerModule = new URL(fromSource ? './worker.ts' : './worker.js', import.meta.url);

/** Blocks handed out beyond the one that is waited for, for each thread: bounds what results are held. */
const AHEAD = 16;

/**
 * The results of `blocks` in their order, from `count` threads. A thread that dies costs a note; its block, and
 * everything when none is left, is looked at by `here` instead.
 */
export async function* onThreads(
  job: Job,
  blocks: readonly Block[],
  count: number,
  here: (block: Block) => readonly BlockResult[],
  note: Note,
): AsyncGenerator<readonly BlockResult[]> {
  const pool = new Pool(job, blocks, count, note);
  try {
    for (let index = 0; index < blocks.length; index++)
      yield (await pool.take(index)) ?? here(blocks[index]!);
  } finally {
    await pool.close();
  }
}

class Pool {
  readonly #blocks: readonly Block[];
  readonly #note: Note;
  /** Each living thread, and the blocks that it has been handed and not answered. */
  readonly #threads = new Map<Worker, Set<number>>();
  /** Results that came before their turn; null: the thread died over the block. */
  readonly #results = new Map<number, readonly BlockResult[] | null>();
  #next = 0;
  #wanted = 0;
  #wake: () => void = () => {};

  constructor(job: Job, blocks: readonly Block[], count: number, note: Note) {
    this.#blocks = blocks;
    this.#note = note;
    for (let i = 0; i < Math.min(count, blocks.length); i++) this.#start(job);
  }

  /** The result of block `index`, or null where no thread will give it. Asked for in ascending order. */
  async take(index: number): Promise<readonly BlockResult[] | null> {
    this.#wanted = index;
    for (const thread of this.#threads.keys()) this.#feed(thread);
    while (!this.#results.has(index) && this.#threads.size > 0) {
      await new Promise<void>((wake) => {
        this.#wake = wake;
      });
    }
    const result = this.#results.get(index) ?? null;
    this.#results.delete(index);
    return result;
  }

  async close(): Promise<void> {
    const threads = [...this.#threads.keys()];
    this.#threads.clear();
    await Promise.all(threads.map((thread) => thread.terminate()));
  }

  #start(workerData: Job): void {
    const thread = new Worker(workerModule, { workerData });
    this.#threads.set(thread, new Set());
    thread.on('message', ({ index, results }: Answer) => {
      this.#threads.get(thread)?.delete(index);
      this.#results.set(index, results);
      this.#feed(thread);
      this.#wake();
    });
    let reason = '';
    thread.on('error', (error) => {
      reason = error.message;
    });
    thread.on('exit', (code) => this.#bury(thread, reason === '' ? `exit code ${code}` : reason));
  }

  /** Keeps two blocks at each thread, so that it need not wait for the next while this one's result travels. */
  #feed(thread: Worker): void {
    const handed = this.#threads.get(thread);
    if (handed === undefined) return;
    while (handed.size < 2 && this.#next < this.#blocks.length && this.#next <= this.#wanted + AHEAD) {
      const index = this.#next++;
      handed.add(index);
      thread.postMessage({ index, block: this.#blocks[index]! } satisfies Task);
    }
  }

  #bury(thread: Worker, reason: string): void {
    const handed = this.#threads.get(thread);
    if (handed === undefined) return; // closed by us
    this.#threads.delete(thread);
    for (const index of handed) this.#results.set(index, null);
    this.#note(`a worker thread ended early (${reason}): its share was looked at without it`);
    this.#wake();
  }
}
