// The table of segments of a program or library as it lies in a process's memory.
// Formats: include/uapi/linux/elf.h. Every size in it is a claim.
import { type VirtualAddress, wrapped } from '../../../base/address.ts';
import { viewOf } from '../../../base/bytes.ts';
import { CorruptStructure } from '../../../base/errors.ts';
import type { AddressSpace } from '../../../translate/address-space.ts';

/** Kinds of segments: p_type. */
export const PT = { load: 1, dynamic: 2, interpreter: 3, note: 4, table: 6 } as const;
/** The kernel refuses programs whose table of segments is larger than a page (fs/binfmt_elf.c, load_elf_phdrs); libraries have a dozen. */
const MOST_SEGMENTS = 256;
/** Bytes of a line, for programs of 64 and of 32 bits. */
const WIDE_BYTES = 56;
const NARROW_BYTES = 32;

/** A segment: a line of the table of program headers. */
export interface Segment {
  readonly type: number;
  readonly offset: number;
  readonly address: bigint;
  readonly fileBytes: number;
  readonly memoryBytes: number;
}

/** `count` segments from an address on, of `size` bytes each as the program says. @throws CorruptStructure where it says what no program does @throws EvidenceFault */
export function segmentsAt(
  space: AddressSpace,
  at: VirtualAddress,
  { count, size, isWide }: { readonly count: number; readonly size: number; readonly isWide: boolean },
): readonly Segment[] {
  if (count > MOST_SEGMENTS || size !== (isWide ? WIDE_BYTES : NARROW_BYTES))
    throw new CorruptStructure(`${count} segments of ${size} bytes each`);
  const table = viewOf(space.bytes(wrapped(at, 8), count * size));
  return Array.from({ length: count }, (_, nth) => segmentIn(table, nth * size, isWide));
}

function segmentIn(table: DataView, at: number, isWide: boolean): Segment {
  const word = (wide: number, narrow: number): bigint =>
    isWide ? table.getBigUint64(at + wide, true) : BigInt(table.getUint32(at + narrow, true));
  return {
    type: table.getUint32(at, true),
    offset: Number(word(8, 4)),
    address: word(16, 8),
    fileBytes: Number(word(32, 16)),
    memoryBytes: Number(word(40, 20)),
  };
}
