// An ELF as it lies in a process's memory: its header, its segments, its build ID, and the file that can be rebuilt of it.
// Formats: include/uapi/linux/elf.h. Every size in it is a claim: nothing beyond bounds is read, and what is left out is told.

import type { VirtualAddress } from '../../../base/address.ts';
import { viewOf } from '../../../base/bytes.ts';
import { CorruptStructure, EvidenceFault, NotPresent, PageMissing } from '../../../base/errors.ts';
import type { AddressSpace } from '../../../translate/address-space.ts';
import { mustNotBeBlank } from '../blank.ts';
import type { Linux } from '../linux.ts';
import { type Piece, piecesOf } from '../memory/pieces.ts';
import { type Area, areasOf } from './areas.ts';
import { PT, type Segment, segmentsAt } from './elf-segments.ts';
import { tasks } from './processes.ts';

const MAGIC = 0x464c_457f;
/** A fault is made and thrown in the time of so many reads. */
const FAULT_COST = 100;
const NT_GNU_BUILD_ID = 3;
const MOST_NOTE_BYTES = 64 * 1024;
/** No file that is rebuilt is larger: the largest programs have some hundred MiB. */
const MOST_FILE_BYTES = 4 * 2 ** 30;

/** Tags of the dynamic section whose values are addresses: the dynamic linker adds the bias to them (elf/get-dynamic-info.h of glibc). */
const ADDRESS_TAGS: ReadonlySet<number> = new Set([
  ...[3, 4, 5, 6, 7, 12, 13, 17, 23, 25, 26, 32],
  ...[0x6fff_fef5, 0x6fff_fff0, 0x6fff_fffc, 0x6fff_fffe],
]);

const TYPES: Readonly<Record<number, string>> = { 1: 'relocatable', 2: 'executable', 3: 'shared', 4: 'core' };

/** An ELF whose header lies at an address of a process. */
export class MappedElf {
  readonly start: VirtualAddress;
  readonly #space: AddressSpace;
  readonly #header: DataView;
  readonly isWide: boolean;
  #segments: readonly Segment[] | undefined;

  /** @throws CorruptStructure where no ELF begins there @throws EvidenceFault */
  constructor(space: AddressSpace, start: VirtualAddress) {
    this.#space = space;
    this.start = start;
    this.#header = viewOf(space.bytes(start, 64));
    if (this.#header.getUint32(0, true) !== MAGIC) throw new CorruptStructure('no ELF begins there');
    this.isWide = this.#header.getUint8(4) === 2;
  }

  /** Whether more than the first bytes are those of an ELF: the version, and a type that there is. */
  get isWhole(): boolean {
    return this.#header.getUint32(20, true) === 1 && this.#header.getUint16(16, true) in TYPES;
  }

  get type(): string {
    const type = this.#header.getUint16(16, true);
    return TYPES[type] ?? String(type);
  }
  get entry(): bigint {
    return this.isWide ? this.#header.getBigUint64(24, true) : BigInt(this.#header.getUint32(24, true));
  }

  /** The segments. @throws CorruptStructure where there are more than any program has @throws EvidenceFault */
  get segments(): readonly Segment[] {
    this.#segments ??= this.#read();
    return this.#segments;
  }

  /** What was added to the addresses of the file. @throws EvidenceFault */
  get bias(): bigint {
    const first = this.segments.find(({ type, offset }) => type === PT.load && offset === 0);
    if (first === undefined) throw new CorruptStructure('no segment has the header');
    return BigInt.asUintN(64, this.start - first.address);
  }

  /** The build ID in hex; null where it has none. @throws EvidenceFault */
  get buildId(): string | null {
    for (const { type, address, fileBytes } of this.segments) {
      if (type !== PT.note || fileBytes > MOST_NOTE_BYTES) continue;
      const found = buildIdIn(this.#space.bytes(BigInt.asUintN(64, this.bias + address), fileBytes));
      if (found !== null) return found;
    }
    return null;
  }

  /** The size of the file up to the end of its last segment. @throws CorruptStructure where it is larger than any program */
  get fileBytes(): number {
    const end = Math.max(0, ...this.#loaded().map(({ offset, fileBytes }) => offset + fileBytes));
    if (end > MOST_FILE_BYTES || end < 64) throw new CorruptStructure(`a program of ${end} bytes`);
    return end;
  }

  /** The file: segments at their places, no sections. Never throws for missing memory. */
  *pieces(): Generator<Piece> {
    let end = 0;
    for (const { offset, address, fileBytes } of this.#loaded()) {
      const skip = Math.max(0, end - offset);
      if (skip >= fileBytes) continue;
      if (offset > end) yield { at: end, missing: offset - end, why: 'not-mapped' };
      const from = BigInt.asUintN(64, this.bias + address + BigInt(skip));
      for (const piece of piecesOf(this.#space, from, fileBytes - skip, offset + skip))
        yield 'bytes' in piece ? { at: piece.at, bytes: this.#asInFile(piece.bytes, piece.at) } : piece;
      end = offset + fileBytes;
    }
  }

  #loaded(): Segment[] {
    return this.segments
      .filter(({ type, fileBytes }) => type === PT.load && fileBytes > 0)
      .sort((a, b) => a.offset - b.offset);
  }

  /** Bytes of the file from `at` on: the header names no sections, and the dynamic section has addresses of the file. */
  #asInFile(bytes: Uint8Array, at: number): Uint8Array {
    const sound = at === 0 ? this.#withoutSections(bytes) : bytes;
    const dynamic = this.segments.find(({ type }) => type === PT.dynamic);
    const { bias } = this;
    if (dynamic === undefined || bias === 0n) return sound;
    const width = this.isWide ? 8 : 4;
    const view = viewOf(sound);
    const first = dynamic.offset - at;
    const last = Math.min(first + dynamic.fileBytes, sound.length);
    // The first entry that begins in these bytes.
    const from = first >= 0 ? first : (2 * width + (first % (2 * width))) % (2 * width);
    for (let entry = from; entry + 2 * width <= last; entry += 2 * width) {
      if (!ADDRESS_TAGS.has(view.getUint32(entry, true))) continue;
      const value = this.isWide
        ? view.getBigUint64(entry + 8, true)
        : BigInt(view.getUint32(entry + 4, true));
      if (value < bias) continue;
      if (this.isWide) view.setBigUint64(entry + 8, value - bias, true);
      else view.setUint32(entry + 4, Number(value - bias), true);
    }
    return sound;
  }

  /** The table of sections was not loaded: a header that names none is sound. */
  #withoutSections(bytes: Uint8Array): Uint8Array {
    const sound = bytes.slice();
    if (this.isWide) {
      sound.fill(0, 40, 48);
      sound.fill(0, 60, 64);
    } else {
      sound.fill(0, 32, 36);
      sound.fill(0, 48, 52);
    }
    return sound;
  }

  #read(): readonly Segment[] {
    const header = this.#header;
    const [at, size, count] = this.isWide
      ? [header.getBigUint64(32, true), header.getUint16(54, true), header.getUint16(56, true)]
      : [BigInt(header.getUint32(28, true)), header.getUint16(42, true), header.getUint16(44, true)];
    return segmentsAt(this.#space, this.start + at, { count, size, isWide: this.isWide });
  }
}

/** Notes are a name's length, a description's, a type, and both, each padded to 4 bytes. */
function buildIdIn(notes: Uint8Array): string | null {
  const view = viewOf(notes);
  for (let at = 0; at + 12 <= notes.length; ) {
    const [name, size, type] = [0, 4, 8].map((part) => view.getUint32(at + part, true)) as [
      number,
      number,
      number,
    ];
    const from = at + 12 + ((name + 3) & ~3);
    if (type === NT_GNU_BUILD_ID && name === 4 && from + size <= notes.length)
      return Buffer.from(notes.subarray(from, from + size)).toString('hex');
    const next = from + ((size + 3) & ~3);
    if (next <= at || next > notes.length) return null;
    at = next;
  }
  return null;
}

/** An ELF in a process, and the mapping that begins with it. */
export interface ProcessElf {
  readonly area: Area;
  readonly elf: MappedElf;
}

/** Every ELF that a mapping of a process begins with. What cannot be read is counted in a note. */
export function* processElfs(kernel: Linux): Generator<ProcessElf> {
  let unread = 0;
  let first = '';
  for (const task of tasks(kernel)) {
    for (const area of areasOf(task)) {
      try {
        const { start } = area;
        const space = task.userSpace;
        if (space === null) continue;
        const word = space.memory.i32(space.translate(start));
        // A page of zeros where a program's file or the kernel's own library begins is one that a dumper could not read.
        const begins = (area.raw.vm_file !== null && area.offset === 0n) || area.path === '[vdso]';
        if (word === 0 && begins) mustNotBeBlank(space, start);
        if (word !== MAGIC) continue;
        const elf = new MappedElf(space, start);
        // The dynamic linker has the beginning of a header among its constants.
        if (elf.isWhole || area.raw.vm_file === null) yield { area, elf };
      } catch (fault) {
        if (!(fault instanceof EvidenceFault)) throw fault;
        kernel.space.memory.spend(FAULT_COST);
        if (fault instanceof NotPresent || fault instanceof PageMissing) continue;
        if (unread++ === 0) first = fault.message;
      }
    }
  }
  if (unread > 0)
    kernel.note(`of ${unread} mappings it cannot be read whether an ELF begins there; the first: ${first}`);
}
