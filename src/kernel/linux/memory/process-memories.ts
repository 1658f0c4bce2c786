// Memories of processes, by where they are: tasks that share one share what was read of it. Threads do, and vfork's
// children, and as many tasks as an intruder wants to.

import type { VirtualAddress } from '../../../base/address.ts';
import type { Linux } from '../linux.ts';
import { perKernel } from '../per-kernel.ts';
import type { Kernel } from '../structs.ts';
import { ProcessMemory } from './process-memory.ts';

/** More are not known at a time; then all are forgotten, and read anew where they are asked for again. */
const MOST_MEMORIES = 4096;
/** As many letters are remembered of all. */
const MOST_LETTERS = 64 * 2 ** 20;

/** Every memory of a kernel's processes, each known by one object. */
class ProcessMemories {
  readonly #kernel: Linux;
  readonly #known = new Map<VirtualAddress, ProcessMemory>();
  #letters = 0;

  constructor(kernel: Linux) {
    this.#kernel = kernel;
  }

  /** The memory that an `mm_struct` is of. */
  of(raw: Kernel<'mm_struct'>): ProcessMemory {
    const { address } = raw;
    let memory = this.#known.get(address);
    if (memory !== undefined) return memory;
    if (this.#known.size >= MOST_MEMORIES) this.#forget();
    memory = new ProcessMemory(raw, this.#kernel, (letters) => this.#remembers(letters));
    this.#known.set(address, memory);
    return memory;
  }

  /** Counts what a memory remembers. */
  #remembers(letters: number): void {
    this.#letters += letters;
    if (this.#letters > MOST_LETTERS) this.#forget();
  }

  #forget(): void {
    this.#known.clear();
    this.#letters = 0;
  }
}

/** The memories of a kernel's processes. */
export const memoriesOf = perKernel((kernel) => new ProcessMemories(kernel));
