// The headers of a core file, of either class.
// Formats: include/uapi/linux/elf.h (Elf32_Ehdr, Elf64_Ehdr, Elf32_Phdr, Elf64_Phdr), fs/binfmt_elf.c (fill_elf_header, fill_extnum_info).
import type { VirtualAddress } from '../../../base/address.ts';
import type { CoreAbi } from './core-abi.ts';
import { CoreWords } from './core-words.ts';

/** A stretch of a mapping: with all of its bytes in the file, or with none. */
export interface CoreSegment {
  readonly address: VirtualAddress;
  memoryBytes: number;
  fileBytes: number;
  /** PF_R, PF_W, PF_X. */
  readonly rights: number;
  offset: number;
}

const ET_CORE = 4;
const PT_LOAD = 1;
const PT_NOTE = 4;
/** In `e_phnum`: the number stands in `sh_info` of the only section header. */
const PN_XNUM = 0xffff;

const SIZES = {
  8: { header: 64, segment: 56, section: 64 },
  4: { header: 52, segment: 32, section: 40 },
} as const;

/** Bytes of all headers, for so many segments beside that of the notes. */
export function headerBytes({ wordBytes }: CoreAbi, segments: number): number {
  const { header, segment, section } = SIZES[wordBytes];
  const count = segments + 1;
  return header + count * segment + (count >= PN_XNUM ? section : 0);
}

/** All headers; notes stand behind them. @param pageBytes to what segments are aligned */
export function headersOf(
  abi: CoreAbi,
  segments: readonly CoreSegment[],
  noteBytes: number,
  pageBytes: number,
): Uint8Array {
  const { wordBytes, machine } = abi;
  const { header, segment, section } = SIZES[wordBytes];
  const count = segments.length + 1;
  const isMany = count >= PN_XNUM;
  const sections = header + count * segment;
  const out = new CoreWords(wordBytes)
    .bytes(Uint8Array.of(0x7f, 0x45, 0x4c, 0x46, wordBytes / 4, 1, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0))
    .number(2, ET_CORE)
    .number(2, machine)
    .number(4, 1)
    .words(0, header, isMany ? sections : 0)
    .number(4, 0)
    .number(2, header)
    .number(2, segment)
    .number(2, isMany ? PN_XNUM : count)
    .number(2, isMany ? section : 0)
    .number(2, isMany ? 1 : 0)
    .number(2, 0);
  const noteOffset = headerBytes(abi, segments.length);
  segmentHeader(out, wordBytes, { type: PT_NOTE, offset: noteOffset, fileBytes: noteBytes, align: 4 });
  for (const { address, memoryBytes, fileBytes, rights, offset } of segments)
    segmentHeader(out, wordBytes, {
      type: PT_LOAD,
      address,
      memoryBytes,
      fileBytes,
      rights,
      offset,
      align: pageBytes,
    });
  if (isMany) out.number(4, 0).number(4, 0).words(0, 0, 0, 1).number(4, 0).number(4, count).words(0, 0);
  return out.all();
}

interface Header {
  readonly type: number;
  readonly offset: number;
  readonly fileBytes: number;
  readonly align: number;
  readonly address?: VirtualAddress;
  readonly memoryBytes?: number;
  readonly rights?: number;
}

/** `p_flags` stands second in the wide form, and last but one in the narrow. */
function segmentHeader(out: CoreWords, wordBytes: 4 | 8, header: Header): void {
  const { type, offset, fileBytes, align, address = 0n, memoryBytes = 0, rights = 0 } = header;
  out.number(4, type);
  if (wordBytes === 8) out.number(4, rights);
  out.words(offset, address, 0, fileBytes, memoryBytes);
  if (wordBytes === 4) out.number(4, rights);
  out.words(align);
}
