// Headers of ELF core dumps, checked.
// elf(5), little-endian, 32 and 64 bits.
import { BadSnapshot, UnsupportedSnapshot } from '../base/errors.ts';
import type { SnapshotBytes } from './file.ts';
import { MAXIMUM_SEGMENTS } from './segments.ts';

/** `\x7fELF`: the first bytes of every ELF file. */
export const ELF_MAGIC = Buffer.from('\x7fELF', 'latin1');

/** Kinds of program header that a dump has (elf(5)). */
export const PT_LOAD = 1;
export const PT_NOTE = 4;

/** In `e_phnum`: the number does not fit and stands in `sh_info` of section 0 (elf(5)). */
const PN_XNUM = 0xffff;

const ET_CORE = 4;

/** What an ELF file that is no core dump is, by its type. */
const OTHER_TYPES: Readonly<Record<number, string>> = {
  1: 'an object file',
  2: 'an executable',
  3: 'a shared object or an executable',
};

const MACHINES: Readonly<Record<number, string>> = { 3: 'i386', 62: 'x86-64', 183: 'arm64' };

/** Where members stand in the headers of the two classes, in bytes (elf(5)). */
const LAYOUTS = {
  32: {
    headerBytes: 52,
    header: { phoff: 28, shoff: 32, phentsize: 42, phnum: 44 },
    segment: { bytes: 32, offset: 4, vaddr: 8, paddr: 12, filesz: 16, memsz: 20 },
    sectionInfo: 28,
  },
  64: {
    headerBytes: 64,
    header: { phoff: 32, shoff: 40, phentsize: 54, phnum: 56 },
    segment: { bytes: 56, offset: 8, vaddr: 16, paddr: 24, filesz: 32, memsz: 40 },
    sectionInfo: 44,
  },
} as const;

/** Whether a file that begins so is a core dump of little-endian words, and not a program, a library or an object. */
export const isCoreDump = (head: Buffer): boolean =>
  head.length >= 18 &&
  head.subarray(0, 4).equals(ELF_MAGIC) &&
  head[5] === 1 &&
  head.readUInt16LE(16) === ET_CORE;

/** One program header. Addresses and sizes in bytes; above 2^53 they are rounded, which every check refuses anyway. */
export interface ElfSegment {
  readonly type: number;
  readonly offset: number;
  readonly virtual: number;
  readonly physical: number;
  /** Bytes stored in the file. */
  readonly fileBytes: number;
  /** Bytes of memory that it stands for: more than are stored where the dumper left the end out. */
  readonly memoryBytes: number;
}

/** The headers of an ELF core dump. */
export interface ElfHeaders {
  /** Class in bits: 32 or 64. */
  readonly bits: 32 | 64;
  /** `x86-64`, `i386`, `arm64`, or `ELF machine N`. */
  readonly machine: string;
  readonly segments: readonly ElfSegment[];
  /** Why headers are missing, which is one of `notes`; null where none is. */
  readonly cut: string | null;
  /** Lowercase sentences on headers that are missing. */
  readonly notes: readonly string[];
}

/**
 * Reads the headers of a little-endian ELF core dump of either class. `e_ehsize` is not looked at: QEMU 7.2
 * writes 8 into it.
 *
 * @throws UnsupportedSnapshot where it is another kind of ELF, BadSnapshot where the headers make no sense.
 */
export function readElfHeaders(file: SnapshotBytes): ElfHeaders {
  const ident = file.bytes(0, 20, 'ELF header');
  if (ident[5] === 2)
    throw new UnsupportedSnapshot(`${file.path} is a big-endian ELF, which is not supported`);
  if (ident[5] !== 1 || (ident[4] !== 1 && ident[4] !== 2)) {
    throw new BadSnapshot(`${file.path} is no sound ELF: class ${ident[4]}, byte order ${ident[5]}`);
  }
  const type = ident.readUInt16LE(16);
  if (type !== ET_CORE) {
    throw new UnsupportedSnapshot(
      `${file.path} is ${OTHER_TYPES[type] ?? `an ELF of type ${type}`}, not a core dump`,
    );
  }
  const bits = ident[4] === 1 ? 32 : 64;
  const layout = LAYOUTS[bits];
  const header = file.bytes(0, layout.headerBytes, 'ELF header');
  const machine = header.readUInt16LE(18);
  const notes: string[] = [];
  const entryBytes = header.readUInt16LE(layout.header.phentsize);
  const tableOffset = readWord(header, layout.header.phoff, bits);
  const count = readCount(file, header, bits);
  if (count > 0 && entryBytes < layout.segment.bytes) {
    throw new BadSnapshot(
      `${file.path} has program headers of ${entryBytes} bytes instead of ${layout.segment.bytes}`,
    );
  }
  const segments = readTable(file, { bits, tableOffset, entryBytes, count });
  if (count > segments.length)
    notes.push(`the file claims ${count} segments, of which ${count - segments.length} are not there`);
  const [cut = null] = notes;
  return { bits, machine: MACHINES[machine] ?? `ELF machine ${machine}`, segments, cut, notes };
}

function readCount(file: SnapshotBytes, header: Buffer, bits: 32 | 64): number {
  const { header: at, sectionInfo } = LAYOUTS[bits];
  const count = header.readUInt16LE(at.phnum);
  if (count !== PN_XNUM) return count;
  const sections = readWord(header, at.shoff, bits);
  return file.bytes(sections, sectionInfo + 4, 'first section header').readUInt32LE(sectionInfo);
}

interface Table {
  readonly bits: 32 | 64;
  readonly tableOffset: number;
  readonly entryBytes: number;
  readonly count: number;
}

/** Read in windows of some hundred entries, so that a hostile count allocates nothing before it is seen to be true. */
function readTable(file: SnapshotBytes, { bits, tableOffset, entryBytes, count }: Table): ElfSegment[] {
  const { segment: at } = LAYOUTS[bits];
  const segments: ElfSegment[] = [];
  const wanted = Math.min(count, MAXIMUM_SEGMENTS);
  if (wanted === 0) return []; // the size of its entries may then be 0 too
  const window = Buffer.alloc(Math.max(1, Math.floor(65536 / entryBytes)) * entryBytes);
  while (segments.length < wanted) {
    const offset = tableOffset + segments.length * entryBytes;
    const length = Math.min(window.length, (wanted - segments.length) * entryBytes);
    const had = offset < file.sizeBytes ? file.read(offset, window.subarray(0, length)) : 0;
    for (let entry = 0; entry + at.bytes <= had; entry += entryBytes) {
      segments.push({
        type: window.readUInt32LE(entry),
        offset: readWord(window, entry + at.offset, bits),
        virtual: readWord(window, entry + at.vaddr, bits),
        physical: readWord(window, entry + at.paddr, bits),
        fileBytes: readWord(window, entry + at.filesz, bits),
        memoryBytes: readWord(window, entry + at.memsz, bits),
      });
    }
    if (had < length) break;
  }
  return segments;
}

const readWord = (bytes: Buffer, at: number, bits: 32 | 64): number =>
  bits === 32 ? bytes.readUInt32LE(at) : Number(bytes.readBigUInt64LE(at));
