// The interface of a paging mode: how virtual pages become physical ones.
// Each kind of CPU has a file.
import type { PhysicalAddress, VirtualAddress } from '../base/address.ts';
import type { PhysicalMemory } from '../memory/physical.ts';

/** One entry of a page-table walk, decoded: a line of `vestige explain`. */
export interface WalkStep {
  /** Counted from 1, the lowest table, upwards, on every CPU. */
  readonly level: number;
  /** The table's name in the CPU maker's manual: PML4, PDPT, PD, PT; level 0 to level 3 on Arm. */
  readonly table: string;
  /** Where the entry is. */
  readonly at: PhysicalAddress;
  readonly index: number;
  readonly entry: bigint;
  /** The entry's flags as words: `present`, `writable`, `user`, `no-execute`, `2 MiB page`. */
  readonly flags: readonly string[];
}

/** Takes a frame that was looked for and a virtual address that maps it. */
export type ReportFrame = (frame: PhysicalAddress, address: VirtualAddress) => void;

/** How one kind of CPU turns a virtual page into a physical one: the tables' shape, with no state but the root. */
export interface Paging {
  /** How deep, and what else there is to choose, shown by `info`: `5 levels`, `4 levels, 16 KiB pages, 48 bits`. */
  readonly shape: string;
  readonly levels: number;
  /** Bytes of the smallest page that the tables map: the kernel's PAGE_SIZE. */
  readonly pageBytes: number;
  /** Physical address of the top table: of user memory's where the CPU has one for each half. */
  readonly root: PhysicalAddress;
  /**
   * The physical address of the 4 KiB page that holds (hi, lo), however large the CPU's own pages are.
   * @throws EvidenceFault
   */
  walk(memory: PhysicalMemory, hi: number, lo: number): number;
  /** Like `walk`, but −1 instead of a throw: for sweeps that try many addresses. */
  probe(memory: PhysicalMemory, hi: number, lo: number): number;
  /**
   * The walk step by step; the last step is the page, or the entry that ends the walk.
   * @throws NotCanonical before the first step, NotInSnapshot where a table is missing
   */
  steps(memory: PhysicalMemory, address: VirtualAddress): Generator<WalkStep>;
  /**
   * Where user memory's part of the tables maps the wanted page frames: calls `report` with the virtual address of
   * each 4 KiB page. Tables that cannot be read are passed over, and none is looked at twice, so tables that point
   * at themselves end. @returns how many tables could not be read, or not whole
   */
  findFrames(memory: PhysicalMemory, wanted: ReadonlySet<number>, report: ReportFrame): number;
  /**
   * For how many bytes from `address` on the tables have nothing but empty entries, as far as the table that has the first
   * tells; 0 where the entry for the address is none. @throws EvidenceFault where a table is missing
   */
  emptyBytes(memory: PhysicalMemory, address: VirtualAddress): number;
  /** Bytes of memory that one entry of a table of `level` stands for. */
  entryBytes(level: number): number;
  /** The same tables from another root: a process's own. */
  withRoot(root: PhysicalAddress): Paging;
}
