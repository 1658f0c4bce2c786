// Which processes have a page frame in their address space: the way back from physical memory to who uses it.
// `frameOwners` walks each address space once, however many processes share it.

import type { PhysicalAddress, VirtualAddress } from '../../../base/address.ts';
import { ENTRY_COST } from '../../../base/budget.ts';
import { EvidenceFault } from '../../../base/errors.ts';
import type { Linux } from '../linux.ts';
import { type Area, areasOf } from './areas.ts';
import { tasks } from './processes.ts';
import type { Task } from './task.ts';

/** So many mappings are looked through in the time of a read. */
const AREAS_A_READ = 4;

/** A process that has a page frame in its address space, and where. */
export interface FrameOwner {
  readonly task: Task;
  /** Of the frame's first byte. */
  readonly address: VirtualAddress;
  /**
   * The mapping around it; null where the page tables map what no mapping covers.
   * @throws EvidenceFault where it may be in one that cannot be read
   */
  readonly area: Area | null;
}

/**
 * Which processes map these frames (physical addresses of 4 KiB pages). Each address space is walked once,
 * whoever shares it is named too. Spaces that cannot be walked are noted.
 */
export function frameOwners(kernel: Linux, frames: ReadonlySet<number>): Map<number, FrameOwner[]> {
  const owners = new Map<number, FrameOwner[]>();
  if (frames.size === 0) return owners;
  const spaces = new Map<VirtualAddress, FoundFrames>();
  for (const task of tasks(kernel)) {
    const found = kernel.attempt(() => framesOf(task, frames, spaces), null, `page tables of ${task.label}`);
    for (const [frame, address] of found?.frames ?? []) {
      kernel.space.memory.spend(ENTRY_COST);
      const owner: FrameOwner = {
        task,
        address,
        get area() {
          return found!.areas.at(address);
        },
      };
      const known = owners.get(frame);
      if (known === undefined) owners.set(frame, [owner]);
      else known.push(owner);
    }
  }
  return owners;
}

/** The wanted frames of one address space, and its mappings. */
interface FoundFrames {
  readonly frames: readonly (readonly [frame: PhysicalAddress, address: VirtualAddress])[];
  readonly areas: AreaMap;
}

/** Null for kernel threads and zombies, which have no memory. @throws EvidenceFault */
function framesOf(
  task: Task,
  wanted: ReadonlySet<number>,
  spaces: Map<VirtualAddress, FoundFrames>,
): FoundFrames | null {
  const { memory } = task;
  if (memory === null) return null;
  const known = spaces.get(memory.raw.address);
  if (known !== undefined) return known;
  const { space } = memory;
  const frames: (readonly [frame: PhysicalAddress, address: VirtualAddress])[] = [];
  const unread = space.paging.findFrames(space.memory, wanted, (frame, address) =>
    frames.push([frame, address]),
  );
  if (unread > 0) task.kernel.note(`${task.label}: ${unread} page tables are not in the snapshot`);
  const found = { frames, areas: new AreaMap(task) };
  spaces.set(memory.raw.address, found);
  return found;
}

/** The mappings of an address space, which are read when first asked for. */
class AreaMap {
  readonly #task: Task;
  #areas: readonly { readonly start: bigint; readonly end: bigint; readonly area: Area }[] | undefined;
  /** Why one of them could not be read, the last time that happened. */
  #fault: EvidenceFault | undefined;

  constructor(task: Task) {
    this.#task = task;
  }

  /** The one around an address; null where there is none. @throws EvidenceFault where it may be one that is not readable */
  at(address: VirtualAddress): Area | null {
    this.#areas ??= [...this.#read()];
    this.#task.kernel.space.memory.spend(Math.ceil(this.#areas.length / AREAS_A_READ));
    const found = this.#areas.find(({ start, end }) => address >= start && address < end);
    if (found === undefined && this.#fault !== undefined) throw this.#fault;
    return found?.area ?? null;
  }

  *#read() {
    try {
      for (const area of areasOf(this.#task)) {
        try {
          yield { start: area.start, end: area.end, area };
        } catch (fault) {
          this.#keep(fault);
        }
      }
    } catch (fault) {
      this.#keep(fault);
    }
  }

  #keep(fault: unknown): void {
    if (!(fault instanceof EvidenceFault)) throw fault;
    this.#fault = fault;
  }
}
