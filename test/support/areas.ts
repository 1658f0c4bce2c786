import { drawWords } from './drawn-symbols.ts';
import type { FakeKernel } from './kernel.ts';

/** Places in a drawn node of a maple tree: eight pivots, then eight slots. */
const PLACES = 8;
const LEAF = 1;
const ARANGE = 3;
const NODE_BYTES = 256;

/** What is particular about a drawn mapping. */
export type AreaValues = Readonly<Record<string, bigint | number>>;

/** Draws mappings of processes: in maple trees, or in lists where the kernel is an old one. */
export class DrawnAreas {
  readonly drawn: FakeKernel;
  constructor(drawn: FakeKernel) {
    this.drawn = drawn;
  }

  /** A mapping that belongs to no process yet. */
  area(start: bigint, end: bigint, values: AreaValues = {}): bigint {
    return this.drawn.draw('vm_area_struct', { vm_start: start, vm_end: end, ...values });
  }

  /** A process's memory. */
  memoryOf(pid: number): bigint {
    return this.drawn.read(this.drawn.task(pid), 'task_struct', 'mm');
  }

  /** Gives a process these mappings, ascending, as a list. */
  giveList(pid: number, areas: readonly bigint[]): void {
    const { drawn } = this;
    drawn.write(this.memoryOf(pid), 'mm_struct', { mmap: areas[0] ?? 0n, map_count: areas.length });
    for (const [i, area] of areas.entries())
      drawn.write(area, 'vm_area_struct', { vm_next: areas[i + 1] ?? 0n });
  }

  /** Gives a process these mappings, ascending, as a tree: leaves of seven below one node. @returns the leaves */
  giveTree(pid: number, areas: readonly bigint[]): bigint[] {
    const { drawn } = this;
    const leaves: (readonly [node: bigint, last: bigint])[] = [];
    for (let first = 0; first < areas.length; first += PLACES - 1) {
      const slots = areas.slice(first, first + PLACES - 1);
      const pivots = slots.map((area) => drawn.read(area, 'vm_area_struct', 'vm_end') - 1n);
      const isLast = first + PLACES - 1 >= areas.length;
      leaves.push([this.node(LEAF, pivots, slots), isLast ? 0n : pivots.at(-1)!]);
    }
    const [only] = leaves;
    const root =
      leaves.length === 1 && only !== undefined
        ? only[0]
        : this.node(
            ARANGE,
            leaves.map(([, last]) => last),
            leaves.map(([node]) => node),
          );
    this.plant(pid, areas.length === 0 ? 0n : root);
    drawn.write(this.memoryOf(pid), 'mm_struct', { map_count: areas.length });
    return leaves.map(([node]) => node);
  }

  /** A node's pointer, marked with its type as the kernel does. */
  node(type: number, pivots: readonly bigint[], slots: readonly bigint[]): bigint {
    const words = Array.from({ length: NODE_BYTES / 8 }, () => 0n);
    for (const [i, pivot] of pivots.entries()) words[i] = pivot;
    for (const [i, slot] of slots.entries()) words[PLACES + i] = slot;
    return drawWords(this.drawn, words) | BigInt(type << 3) | 4n;
  }

  /** Makes a node the root of a process's tree. */
  plant(pid: number, root: bigint): void {
    const tree = this.drawn.member(this.memoryOf(pid), 'mm_struct', 'mm_mt');
    this.drawn.write(tree, 'maple_tree', { ma_root: root === 0n ? 0n : (root & ~4n) | 2n });
  }
}
