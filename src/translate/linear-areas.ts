// Kernel addresses that need no page tables to be understood, since the kernel maps what is behind them in one piece.
// They are used where a page table is missing from the snapshot, and only there.
import { fromWords, hex, type PhysicalAddress, type VirtualAddress } from '../base/address.ts';
import type { NotInSnapshot } from '../base/errors.ts';

/** A stretch of kernel addresses that is mapped in one piece. */
export interface LinearArea {
  /** What it is, for notes: `the direct map`. */
  readonly name: string;
  /** Its addresses: from `start` up to and without `end`. */
  readonly start: VirtualAddress;
  readonly end: VirtualAddress;
  /** Physical address of its first byte, in bytes. */
  readonly physical: number;
}

/** Calculates where addresses lead whose page tables are missing, and remembers that it did. */
export class LinearAreas {
  readonly #find: () => readonly LinearArea[];
  #areas: readonly LinearArea[] | undefined;
  /** The missing page tables by the name of the area that they would have mapped. */
  readonly #missing = new Map<string, Set<number>>();

  /** `find` is asked when the first page table is missing: mostly none is. */
  constructor(find: () => readonly LinearArea[]) {
    this.#find = find;
  }

  /** The areas unused, for an address space that is to say for itself what it calculated. */
  anew(): LinearAreas {
    return new LinearAreas(this.#find);
  }

  /** The physical address of the 4 KiB page that holds (hi, lo), which a missing table would have told; −1 where none can say. */
  frameOf(hi: number, lo: number, fault: NotInSnapshot): number {
    const address = fromWords(hi, lo & ~0xfff);
    this.#areas ??= this.#find();
    const area = this.#areas.find(({ start, end }) => address >= start && address < end);
    if (area === undefined) return -1;
    const tables = this.#missing.get(area.name) ?? new Set();
    this.#missing.set(area.name, tables.add(pageOf(fault.physical)));
    return area.physical + Number(address - area.start);
  }

  /** What was calculated since the last call, one sentence for each area. */
  drain(): string[] {
    const said = [...this.#missing].map(([name, tables]) => {
      const [first] = tables;
      const which =
        tables.size === 1
          ? `a page table of ${name}, at ${hex(first!)}, is`
          : `${tables.size} page tables of ${name}, the first at ${hex(first!)}, are`;
      return `${which} not in the snapshot: addresses there were calculated from where ${name} begins`;
    });
    this.#missing.clear();
    return said;
  }
}

const pageOf = (at: PhysicalAddress): number => at - (at % 4096);
