// Virtual and physical addresses as types that the compiler keeps apart, and how they are written.
// Virtual addresses are bigints, physical ones are numbers of bytes.

/**
 * The two kinds of address, kept apart by the compiler itself.
 *
 * A virtual address is a `bigint`: all 64 bits, exact in 4- and 5-level paging, and impossible to add to a
 * `number` by mistake. It is the currency at the doors of the program: symbols, rows, messages.
 *
 * A physical address is a branded `number`: at most 52 bits on every architecture we read, so a double holds
 * it exactly.
 *
 * Inside a hot loop a virtual address travels as two int32 words, `hi` and `lo`.
 */
export type VirtualAddress = bigint;
/** A guest physical address in bytes. */
export type PhysicalAddress = number & { readonly __unit: 'physical' };

const quad = new BigUint64Array(1);
const words = new Int32Array(quad.buffer); // little-endian hosts only: [lo, hi]

/** Brands a plain number of bytes as a physical address. */
export const physical = (address: number): PhysicalAddress => address as PhysicalAddress;

/** Bits 63..32 of an address as an int32. */
export function highWord(address: VirtualAddress): number {
  quad[0] = address;
  return words[1]!;
}

/** Bits 31..0 of an address as an int32. */
export function lowWord(address: VirtualAddress): number {
  quad[0] = address;
  return words[0]!;
}

/** The unsigned 64-bit address whose int32 halves are `hi` and `lo`. */
export function fromWords(hi: number, lo: number): VirtualAddress {
  words[0] = lo;
  words[1] = hi;
  return quad[0]!;
}

/** `address` reduced to what a pointer of that width can hold. */
export const wrapped = (address: bigint, pointerBytes: 4 | 8): VirtualAddress =>
  BigInt.asUintN(8 * pointerBytes, address);

/**
 * Whether a symbol's link-time address is one of the kernel's half, where KASLR moves it. What is below is an absolute
 * number: offsets into per-CPU memory. The kernel's half of 32 bits begins at 1 GiB at the lowest (VMSPLIT_1G).
 */
export const isKernelAddress = (address: bigint, pointerBytes: 4 | 8): boolean =>
  address >= (pointerBytes === 8 ? 1n << 63n : 1n << 30n);

/** `0x…` in lower case: how every address is written, in rows, messages and files. */
export const hex = (address: bigint | number): string => `0x${address.toString(16)}`;
