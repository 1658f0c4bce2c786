import type { PhysicalAddress, VirtualAddress } from '../../base/address.ts';
import { ENTRY_COST } from '../../base/budget.ts';
import { EvidenceFault } from '../../base/errors.ts';
import type { Area } from './area.ts';
import type { Linux } from './linux.ts';
import type { Task } from './task.ts';

/** So many mappings are looked through in the time of a read. */
const AREAS_A_READ = 4;

/** A process that has a page frame in its address space, and where. */
export interface FrameOwner {
  readonly task: Task;
  /** Of the frame's first byte. */
  readonly address: VirtualAddress;
  /** The mapping around it; null where the page tables map what no mapping covers. */
  readonly area: Area | null;
}

/**
 * Which processes map these frames (physical addresses of 4 KiB pages). Each address space is walked once,
 * whoever shares it is named too. Spaces that cannot be walked are noted.
 */
export function frameOwners(kernel: Linux, frames: ReadonlySet<number>): Map<number, FrameOwner[]> {
  const owners = new Map<number, FrameOwner[]>();
  if (frames.size === 0) return owners;
  for (const task of kernel.tasks()) {
    try {
      addOwner(task, frames, owners);
    } catch (fault) {
      if (!(fault instanceof EvidenceFault)) throw fault;
      kernel.note(`page tables of ${task.label}: ${fault.message}`);
    }
  }
  return owners;
}

function addOwner(task: Task, frames: ReadonlySet<number>, owners: Map<number, FrameOwner[]>): void {
  const space = task.userSpace;
  if (space === null) return;
  const found: (readonly [frame: PhysicalAddress, address: VirtualAddress])[] = [];
  const unread = space.paging.findFrames(space.memory, frames, (frame, address) =>
    found.push([frame, address]),
  );
  if (unread > 0) task.kernel.note(`${task.label}: ${unread} page tables are not in the snapshot`);
  if (found.length === 0) return;
  const areas = [...task.areas()];
  for (const [frame, address] of found) {
    space.memory.spend(ENTRY_COST + areas.length / AREAS_A_READ);
    const area = areas.find(({ start, end }) => address >= start && address < end) ?? null;
    const known = owners.get(frame);
    if (known === undefined) owners.set(frame, [{ task, address, area }]);
    else known.push({ task, address, area });
  }
}
