// A kernel image on disk (`vmlinux`, ELF): its sections by name, its bytes by address.
// It reads ranges, so that a file of any size costs what is wanted of it.
import { hex } from '../base/address.ts';
import { BadProfile } from '../base/errors.ts';
import type { Architecture } from '../profile/profile.ts';
import { refusalOf } from './elf-refusals.ts';

/** A file as this room reads it: by ranges, so that a vmlinux of any size costs only what is wanted of it. */
export interface ImageFile {
  /** Stands in messages. */
  readonly path: string;
  readonly sizeBytes: number;
  /** Fills `into` from `offset` on. @returns bytes had: fewer at the end of the file and where it cannot be read. */
  read(offset: number, into: Uint8Array): number;
}

/** Kinds of section that are treated apart (elf(5)). */
export const SECTION = { symbols: 2, note: 7, noBits: 8 } as const;
/** Flags of sections: part of the running kernel, and packed in the file. */
export const SECTION_FLAG = { alloc: 0x2, compressed: 0x800 } as const;

const ET_EXEC = 2;
const ET_DYN = 3;
/** In `e_shstrndx`: the number does not fit and stands in section 0. */
const SHN_XINDEX = 0xffff;
const HEAD_BYTES = 4096;
/** A vmlinux has 80, one of a debug build with a section for each function 60,000. */
const MAXIMUM_SECTIONS = 200_000;
/** Real ones are below 2 KB. */
const MAXIMUM_NAMES_BYTES = 16 << 20;
const MAXIMUM_NAME_BYTES = 256;

/** e_machine → what we call it, and the class that its kernels have. */
const MACHINES: Readonly<Record<number, readonly [Architecture, 32 | 64]>> = {
  3: ['i386', 32],
  62: ['x86-64', 64],
  183: ['aarch64', 64],
};

/** Where members stand in the headers of the two classes, in bytes (elf(5)). */
const LAYOUTS = {
  32: {
    header: { bytes: 52, shoff: 32, shentsize: 46, shnum: 48, shstrndx: 50 },
    section: { bytes: 40, flags: 8, address: 12, offset: 16, size: 20, link: 24, info: 28, entry: 36 },
  },
  64: {
    header: { bytes: 64, shoff: 40, shentsize: 58, shnum: 60, shstrndx: 62 },
    section: { bytes: 64, flags: 8, address: 16, offset: 24, size: 32, link: 40, info: 44, entry: 56 },
  },
} as const;

/** One section header. Its range of the file was checked to be there. */
export interface ElfSection {
  readonly name: string;
  readonly type: number;
  readonly flags: number;
  /** Where it is linked to; 0 for what is not part of the running kernel. */
  readonly address: bigint;
  readonly offset: number;
  /** Bytes as stored; of a section without content (`SECTION.noBits`) the bytes that it takes in memory. */
  readonly sizeBytes: number;
  /** Number of the section that belongs to it: the strings of a symbol table. */
  readonly link: number;
  /** Number of the section that it belongs to: what relocations are of. */
  readonly info: number;
  /** Bytes of one entry, or 0. */
  readonly entryBytes: number;
}

/** A kernel as its linker wrote it (`vmlinux`): sections by name, bytes by address. Nothing is read before it is asked for. */
export class ElfImage {
  readonly file: ImageFile;
  readonly architecture: Architecture;
  /** Class in bits: what a pointer and an entry of every table has. */
  readonly bits: 32 | 64;
  /** In the order of the file, number 0 included: tables refer to each other by number. */
  readonly sections: readonly ElfSection[];

  /** @throws BadProfile, naming the file, where it is no sound ELF of a kernel that can be read */
  constructor(file: ImageFile) {
    this.file = file;
    const head = Buffer.alloc(Math.min(HEAD_BYTES, file.sizeBytes));
    const had = file.read(0, head);
    const refusal = refusalOf(head.subarray(0, had), file.path);
    if (refusal !== undefined) throw new BadProfile(refusal);
    this.bits = head[4] === 1 ? 32 : 64;
    this.architecture = this.#architectureOf(head);
    this.sections = this.#readSections(head);
  }

  /** The first section of this name that has content in the file, or undefined. */
  section(name: string): ElfSection | undefined {
    return this.sections.find((section) => section.name === name && hasContent(section));
  }

  /** Bytes of a section as stored, all of them or a part; what the file lacks is an error. @throws BadProfile */
  bytes(section: ElfSection, start = 0, length = section.sizeBytes - start): Buffer {
    if (start < 0 || length < 0 || start + length > section.sizeBytes) {
      throw new BadProfile(
        `${this.file.path}: ${section.name} of ${section.sizeBytes} bytes has none at ${start + length}`,
      );
    }
    return this.#exactly(section.offset + start, length, `section ${section.name}`);
  }

  /**
   * Bytes of the running kernel's image at its link-time address, at most to the end of the section. Null where no
   * section with content is: zeroed data, or a file whose contents were stripped away.
   */
  bytesAt(address: bigint, length: number): Buffer | null {
    for (const section of this.sections) {
      const isThere = hasContent(section) && (section.flags & SECTION_FLAG.alloc) !== 0;
      if (!isThere || address < section.address) continue;
      const start = address - section.address;
      if (start >= BigInt(section.sizeBytes)) continue;
      return this.bytes(section, Number(start), Math.min(length, section.sizeBytes - Number(start)));
    }
    return null;
  }

  #architectureOf(head: Buffer): Architecture {
    const type = head.readUInt16LE(16);
    const machine = head.readUInt16LE(18);
    const [architecture, bits] = MACHINES[machine] ?? [];
    const { path } = this.file;
    if (architecture === undefined) {
      throw new BadProfile(
        `${path} is for ELF machine ${machine}; kernels of x86-64, i386 and aarch64 are read`,
      );
    }
    if (bits !== this.bits)
      throw new BadProfile(`${path} is an ELF of ${this.bits} bits for ${architecture}`);
    if (type !== ET_EXEC && type !== ET_DYN)
      throw new BadProfile(`${path} is an ELF of type ${type}, not a vmlinux`);
    return architecture;
  }

  #readSections(head: Buffer): ElfSection[] {
    const { header: at, section: layout } = LAYOUTS[this.bits];
    const { path } = this.file;
    if (head.length < at.bytes) throw new BadProfile(`${path} is cut in its ELF header`);
    const table = this.#word(head, at.shoff);
    const entryBytes = head.readUInt16LE(at.shentsize);
    if (table === 0) {
      throw new BadProfile(
        `${path} has no section headers: they were stripped away; give the unstripped vmlinux`,
      );
    }
    if (entryBytes < layout.bytes)
      throw new BadProfile(`${path} has section headers of ${entryBytes} bytes instead of ${layout.bytes}`);
    const first = this.#exactly(table, layout.bytes, 'section headers');
    // Numbers that do not fit the header stand in section 0 (elf(5), e_shnum and e_shstrndx).
    const count = head.readUInt16LE(at.shnum) || this.#word(first, layout.size);
    const shstrndx = head.readUInt16LE(at.shstrndx);
    const nameSection = shstrndx === SHN_XINDEX ? first.readUInt32LE(layout.link) : shstrndx;
    if (count > MAXIMUM_SECTIONS) throw new BadProfile(`${path} claims ${count} sections`);
    const entries = this.#exactly(table, count * entryBytes, 'section headers');
    const headers = Array.from({ length: count }, (_, index) => this.#header(entries, index * entryBytes));
    const names = this.#namesOf(headers[nameSection], nameSection);
    return headers.map(({ nameAt, ...header }) => ({ name: nameIn(names, nameAt), ...header }));
  }

  #header(entries: Buffer, at: number): Omit<ElfSection, 'name'> & { readonly nameAt: number } {
    const { section: layout } = LAYOUTS[this.bits];
    const header = {
      nameAt: entries.readUInt32LE(at),
      type: entries.readUInt32LE(at + 4),
      flags: this.#word(entries, at + layout.flags),
      address:
        this.bits === 32
          ? BigInt(entries.readUInt32LE(at + layout.address))
          : entries.readBigUInt64LE(at + layout.address),
      offset: this.#word(entries, at + layout.offset),
      sizeBytes: this.#word(entries, at + layout.size),
      link: entries.readUInt32LE(at + layout.link),
      info: entries.readUInt32LE(at + layout.info),
      entryBytes: this.#word(entries, at + layout.entry),
    };
    const end = hasContent(header) ? header.offset + header.sizeBytes : 0;
    if (end > this.file.sizeBytes) {
      throw new BadProfile(
        `${this.file.path} is cut: a section ends at ${hex(end)}, the file at ${hex(this.file.sizeBytes)}`,
      );
    }
    return header;
  }

  #namesOf(section: Omit<ElfSection, 'name'> | undefined, index: number): Buffer {
    if (section === undefined || !hasContent(section) || section.sizeBytes > MAXIMUM_NAMES_BYTES)
      throw new BadProfile(
        `${this.file.path} has no names of sections where section ${index} should have them`,
      );
    return this.#exactly(section.offset, section.sizeBytes, 'names of sections');
  }

  /** A word of the class; above 2^53 it is rounded, which every check refuses anyway. */
  #word(bytes: Buffer, at: number): number {
    return this.bits === 32 ? bytes.readUInt32LE(at) : Number(bytes.readBigUInt64LE(at));
  }

  /** The range is checked against the file before anything is allocated for it. */
  #exactly(offset: number, length: number, what: string): Buffer {
    const { file } = this;
    const had = offset + length <= file.sizeBytes;
    const bytes = Buffer.allocUnsafe(had ? length : 0);
    if (!had || file.read(offset, bytes) < length) {
      throw new BadProfile(`${file.path} is cut in its ${what}: ${length} bytes wanted at ${hex(offset)}`);
    }
    return bytes;
  }
}

/** Number 0 and sections that are only a place in memory (`.bss`) have nothing in the file. */
const hasContent = ({ type }: Pick<ElfSection, 'type'>): boolean => type !== 0 && type !== SECTION.noBits;

/** The name that begins at `at`; empty where it has no end. */
export function nameIn(names: Uint8Array, at: number, maximum = MAXIMUM_NAME_BYTES): string {
  const length = names.subarray(at, at + maximum).indexOf(0);
  return length <= 0 ? '' : Buffer.from(names.buffer, names.byteOffset + at, length).toString('latin1');
}
