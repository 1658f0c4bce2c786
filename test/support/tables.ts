import { physical } from '../../src/base/address.ts';
import { PhysicalMemory } from '../../src/memory/physical.ts';
import { PAGE_BYTES, type PhysicalSource } from '../../src/memory/source.ts';

/** What a CPU's manual says of its tables, level 1 being the lowest. Addresses and entries are bigint, nothing is fast. */
export interface TableBook {
  readonly entryBytes: 4 | 8;
  readonly levels: number;
  /** An entry of a table of `level` covers 2 to this power bytes. */
  shift(level: number): number;
  entries(level: number): number;
  /** The entry that leads to the table at `to`. */
  link(to: number, level: number): bigint;
}

/** Physical memory of which only some pages are there, anywhere below 2^52, with page tables drawn into it. */
export class SparseTables {
  readonly #pages = new Map<number, DataView>();
  /** Where each entry that leads to a table leads to. */
  readonly #links = new Map<number, number>();
  #end: number;

  /** Tables are taken from `start` on. */
  constructor(start = 0x10_0000) {
    this.#end = start;
  }

  /** Takes `length` bytes filled with zeros, aligned to themselves and to 32 at least. */
  take(length: number): number {
    const align = Math.max(length, 32);
    const at = Math.ceil(this.#end / align) * align;
    this.#end = at + length;
    for (let page = at - (at % PAGE_BYTES); page < at + length; page += PAGE_BYTES) this.#page(page);
    return at;
  }

  takeTable(book: TableBook, level: number): number {
    return this.take(book.entries(level) * book.entryBytes);
  }

  /** Where the entry for `address` in the table of `level` is; tables above it are drawn where they lack. */
  entry(book: TableBook, root: number, address: bigint, level: number): number {
    let table = root;
    for (let above = book.levels; ; above--) {
      const index = Number((address >> BigInt(book.shift(above))) & BigInt(book.entries(above) - 1));
      const at = table + index * book.entryBytes;
      if (above === level) return at;
      if (this.get(at, book.entryBytes) === 0n) {
        const next = this.takeTable(book, above - 1);
        this.#links.set(at, next);
        this.put(at, book.entryBytes, book.link(next, above));
      }
      const next = this.#links.get(at);
      if (next === undefined) throw new Error('a page is in the way of a table');
      table = next;
    }
  }

  get(at: number, size: 4 | 8): bigint {
    const view = this.#page(at);
    return size === 8
      ? view.getBigUint64(at % PAGE_BYTES, true)
      : BigInt(view.getUint32(at % PAGE_BYTES, true));
  }

  put(at: number, size: 4 | 8, value: bigint): void {
    if (size === 8) this.#page(at).setBigUint64(at % PAGE_BYTES, BigInt.asUintN(64, value), true);
    else this.#page(at).setUint32(at % PAGE_BYTES, Number(value), true);
  }

  /** From now on the snapshot lacks the page of `at`. */
  lose(at: number): void {
    this.#pages.delete(Math.floor(at / PAGE_BYTES));
  }

  memory(): PhysicalMemory {
    const pages = [...this.#pages.keys()].sort((a, b) => a - b);
    const source: PhysicalSource = {
      ranges: pages.map((page) => ({
        start: physical(page * PAGE_BYTES),
        end: physical((page + 1) * PAGE_BYTES),
      })),
      costlyPages: false,
      read: (at, into) => {
        into.set(new Uint8Array(this.#page(at).buffer));
        return PAGE_BYTES;
      },
      fileOffset: () => null,
    };
    return new PhysicalMemory(source);
  }

  #page(at: number): DataView {
    const page = Math.floor(at / PAGE_BYTES);
    let view = this.#pages.get(page);
    if (view === undefined) {
      view = new DataView(new ArrayBuffer(PAGE_BYTES));
      this.#pages.set(page, view);
    }
    return view;
  }
}

/** What `read` throws, or undefined. */
export function thrownBy(read: () => unknown): unknown {
  try {
    read();
  } catch (fault) {
    return fault;
  }
  return undefined;
}
