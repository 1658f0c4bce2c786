import { type PhysicalAddress, physical } from '../../src/base/address.ts';
import { PhysicalMemory } from '../../src/memory/physical.ts';
import { PAGE_BYTES, type PhysicalRange, type PhysicalSource } from '../../src/memory/source.ts';
import { AddressSpace } from '../../src/translate/address-space.ts';
import { X8664Paging } from '../../src/translate/x86-64.ts';

const PAGE_SIZES = { '4K': 0x1000, '2M': 0x20_0000, '1G': 0x4000_0000 } as const;
/** The level of the table whose entry maps a page of that size. */
const LEAF_LEVELS = { '4K': 1, '2M': 2, '1G': 3 } as const;
export type PageSize = keyof typeof PAGE_SIZES;

// Intel SDM vol. 3A, 4.5: present, writable, user, accessed, dirty; page size.
const PRESENT = 0x1n;
const TABLE_FLAGS = 0x67n;
const LARGE = 0x80n;
const FRAME = 0xf_ffff_ffff_f000n;

/** How a stretch of virtual memory is mapped. */
export interface Mapping {
  /** How many pages of that size; 1 where left out. */
  readonly pages?: number;
  readonly size?: PageSize;
  /** Where the first page is; taken from the image where left out. It need not lie inside the image. */
  readonly to?: number;
  /** Top table: the image's own where left out. */
  readonly root?: number;
}

/**
 * Physical memory under the pencil: takes pages, draws x86-64 page tables, and holds what is written. It knows
 * nothing of how the program reads: addresses are bigint here and tables are walked one entry at a time.
 */
export class Image {
  readonly levels: 4 | 5;
  /** Physical address of the top table. */
  readonly root: number;
  #bytes = new Uint8Array(1 << 20);
  #view = new DataView(this.#bytes.buffer);
  /** Page 0 is left free: an address of 0 is then always a mistake. */
  #end = PAGE_BYTES;
  readonly #lost = new Set<number>();

  constructor(levels: 4 | 5 = 4) {
    this.levels = levels;
    this.root = this.takePages(1);
  }

  /** Takes `length` bytes of memory, filled with zeros. @returns their physical address */
  take(length: number, align = 8): number {
    const at = Math.ceil(this.#end / align) * align;
    this.#end = at + length;
    while (this.#end > this.#bytes.length) {
      const grown = new Uint8Array(this.#bytes.length * 2);
      grown.set(this.#bytes);
      this.#bytes = grown;
      this.#view = new DataView(grown.buffer);
    }
    return at;
  }

  takePages(count: number, size: PageSize = '4K'): number {
    return this.take(count * PAGE_SIZES[size], PAGE_SIZES[size]);
  }

  /** Maps virtual memory from `address` on. @returns the physical address of its first byte */
  map(address: bigint, { pages = 1, size = '4K', to, root = this.root }: Mapping = {}): number {
    const first = to ?? this.takePages(pages, size);
    const large = size === '4K' ? 0n : LARGE;
    for (let page = 0; page < pages; page++) {
      const offset = BigInt(page * PAGE_SIZES[size]);
      const entry = this.entry(address + offset, LEAF_LEVELS[size], root);
      this.put64(entry, (BigInt(first) + offset) | TABLE_FLAGS | large);
    }
    return first;
  }

  /** The physical address of the entry for `address` in the table of `level`; tables above it are drawn where they lack. */
  entry(address: bigint, level: number, root = this.root): number {
    let table = root;
    for (let above = this.levels; ; above--) {
      const index = Number((address >> BigInt(12 + 9 * (above - 1))) & 511n);
      const at = table + index * 8;
      if (above === level) return at;
      let entry = this.get64(at);
      if ((entry & PRESENT) === 0n) {
        entry = BigInt(this.takePages(1)) | TABLE_FLAGS;
        this.put64(at, entry);
      }
      table = Number(entry & FRAME);
    }
  }

  put8(at: number, value: number): void {
    this.#view.setUint8(at, value);
  }
  put32(at: number, value: number): void {
    this.#view.setInt32(at, value, true);
  }
  put64(at: number, value: bigint): void {
    this.#view.setBigUint64(at, BigInt.asUintN(64, value), true);
  }
  get64(at: number): bigint {
    return this.#view.getBigUint64(at, true);
  }
  /** Writes the low `size` bytes of `value`. */
  put(at: number, size: number, value: bigint | number): void {
    let rest = BigInt.asUintN(64, BigInt(value));
    for (let i = 0; i < size; i++, rest >>= 8n) this.put8(at + i, Number(rest & 0xffn));
  }
  write(at: number, bytes: Uint8Array | string): void {
    this.#bytes.set(typeof bytes === 'string' ? Buffer.from(bytes) : bytes, at);
  }

  /** From now on the snapshot lacks the page of `at`. */
  lose(at: number): void {
    this.#lost.add(Math.floor(at / PAGE_BYTES));
  }

  /** The memory as a snapshot would hold it, all written so far. */
  source(): PhysicalSource {
    const bytes = this.#bytes.subarray(0, Math.ceil(this.#end / PAGE_BYTES) * PAGE_BYTES);
    return {
      ranges: this.#ranges(bytes.length),
      costlyPages: false,
      read: (at, into) => {
        into.set(bytes.subarray(at, at + into.length));
        return into.length;
      },
      fileOffset: (at) => at,
    };
  }

  memory(): PhysicalMemory {
    return new PhysicalMemory(this.source());
  }

  /** Virtual memory through the image's top table, or another. */
  space(root = this.root): AddressSpace {
    return new AddressSpace(this.memory(), new X8664Paging(physical(root), this.levels));
  }

  #ranges(length: number): PhysicalRange[] {
    const ranges: PhysicalRange[] = [];
    let start = 0;
    for (const page of [...this.#lost].sort((a, b) => a - b)) {
      if (page * PAGE_BYTES > start) ranges.push(range(start, page * PAGE_BYTES));
      start = (page + 1) * PAGE_BYTES;
    }
    if (length > start) ranges.push(range(start, length));
    return ranges;
  }
}

const range = (start: number, end: number): PhysicalRange => ({ start: physical(start), end: physical(end) });

/** What the CPU's manual says that `address` translates to, entry by entry in bigint: the judge of the fast walk. */
export function walkByTheBook(
  memory: PhysicalMemory,
  root: number,
  levels: 4 | 5,
  address: bigint,
): bigint | null {
  const top = 12n + 9n * BigInt(levels) - 1n;
  const sign = BigInt.asUintN(64, address) >> top;
  if (sign !== 0n && sign !== (1n << (64n - top)) - 1n) return null;
  let table = BigInt(root);
  for (let level = levels as number; level >= 1; level--) {
    const shift = BigInt(12 + 9 * (level - 1));
    const at = table + ((address >> shift) & 511n) * 8n;
    if (!memory.has(physical(Number(at)))) return null;
    const entry = memory.u64(Number(at) as PhysicalAddress);
    if ((entry & PRESENT) === 0n) return null;
    const isLeaf = level === 1 || ((level === 2 || level === 3) && (entry & LARGE) !== 0n);
    const within = (1n << shift) - 1n;
    if (isLeaf) return (entry & FRAME & ~within) | (address & within);
    table = entry & FRAME;
  }
  return null;
}
