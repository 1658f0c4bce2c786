// Every kind of failure that the program can explain, each with a code.
// Faults of the evidence (a missing page, a broken list) are among them; anything else that is thrown is a bug.
import { hex, type PhysicalAddress, type VirtualAddress } from './address.ts';

/** Every failure this program can explain. Anything else is a bug and keeps its stack. */
export abstract class ForensicError extends Error {
  /** The kind in kebab-case: part of the JSON contract. */
  abstract readonly code: string;
  override get name(): string {
    return this.constructor.name;
  }
}

/** The file is not what it claims to be, or cannot be read. */
export abstract class SnapshotError extends ForensicError {}

/** No known format recognises the file. */
export class UnknownFormat extends SnapshotError {
  readonly code = 'unknown-format';
}

/** The header says a format that the rest of the file contradicts. */
export class BadSnapshot extends SnapshotError {
  readonly code = 'bad-snapshot';
}

/** The file is shorter than its headers say: it was cut, or somebody is still writing it. */
export class CutSnapshot extends SnapshotError {
  readonly code = 'cut-snapshot';
}

/** A format, version or compression that we recognise and do not read. */
export class UnsupportedSnapshot extends SnapshotError {
  readonly code = 'unsupported-snapshot';
}

/** The operating system would not let us read: missing, a folder, no permission, an I/O error. */
export class UnreadableFile extends SnapshotError {
  readonly code = 'unreadable-file';
}

/** The file of a snapshot that is remembered is gone, and what is asked of it is not remembered. */
export class GoneSnapshot extends SnapshotError {
  readonly code = 'gone-snapshot';
}

/**
 * Something that the evidence did to us: bytes that are missing or contradict themselves. The runner turns it
 * into an absent cell, so faults are values more than errors and carry no stack (a stack costs 5 µs a throw).
 */
export abstract class EvidenceFault extends ForensicError {
  constructor(message?: string) {
    const { stackTraceLimit } = Error;
    Error.stackTraceLimit = 0;
    super(message);
    Error.stackTraceLimit = stackTraceLimit;
  }
}

/** The address is in the hole between the two canonical halves: a garbage pointer. */
export class NotCanonical extends EvidenceFault {
  readonly code = 'not-canonical';
  readonly address: VirtualAddress;
  constructor(address: VirtualAddress) {
    super(`${hex(address)} is not a canonical address`);
    this.address = address;
  }
}

/** The page tables end at `level` with an entry that maps nothing. */
export class NotPresent extends EvidenceFault {
  readonly code = 'not-present';
  readonly address: VirtualAddress;
  readonly level: number;
  readonly entry: bigint;
  /** Where the entry looks like a place in swap: of a type that no swap area has, and mostly with a frame's number. */
  readonly special: { readonly type: number; readonly offset: bigint } | null;
  constructor(
    address: VirtualAddress,
    level: number,
    entry: bigint,
    special: { readonly type: number; readonly offset: bigint } | null = null,
  ) {
    super(`${hex(address)} is not mapped: level ${level} entry is not present`);
    this.address = address;
    this.level = level;
    this.entry = entry;
    this.special = special;
  }
}

/** The page was written to swap: the entry names the place. */
export class Swapped extends EvidenceFault {
  readonly code = 'swapped';
  readonly address: VirtualAddress;
  /** Number of the swap area. */
  readonly type: number;
  /** Page number within the swap area. */
  readonly offset: bigint;
  constructor(address: VirtualAddress, type: number, offset: bigint) {
    super(`${hex(address)} is swapped out: area ${type}, page ${hex(offset)}`);
    this.address = address;
    this.type = type;
    this.offset = offset;
  }
}

/** Why a page of a process is nowhere in memory, though a mapping covers it. */
export type PageLack =
  | 'never-touched'
  | 'not-cached'
  | 'past-end-of-file'
  | 'page-table-missing'
  | 'guard-page'
  | 'special-entry';

/** A page that a mapping of a process covers, and that is nowhere in memory. */
export class PageMissing extends EvidenceFault {
  readonly code: PageLack;
  #span: number | (() => number);
  /** @param span for so many bytes from the page on the same goes for sure; a function where that takes time to find out */
  constructor(code: PageLack, message: string, span: number | (() => number)) {
    super(message);
    this.code = code;
    this.#span = span;
  }
  /** For so many bytes from the page on the same goes for sure. */
  get spanBytes(): number {
    if (typeof this.#span === 'function') this.#span = this.#span();
    return this.#span;
  }
}

/** The page tables are sound, but the snapshot lacks the physical page. */
export class NotInSnapshot extends EvidenceFault {
  readonly code = 'not-in-snapshot';
  readonly physical: PhysicalAddress;
  constructor(at: PhysicalAddress) {
    super(`physical page ${hex(Math.floor(at / 4096) * 4096)} is not in the snapshot`);
    this.physical = at;
  }
}

/** The bytes are readable and contradict themselves. */
export class CorruptStructure extends EvidenceFault {
  readonly code = 'corrupt-structure';
}

/** Something was not found, and the walk that should have found it did not come to its end: nothing is known of it. */
export class WalkIncomplete extends EvidenceFault {
  readonly code = 'walk-incomplete';
}

/** This kernel build lacks what a cell needs: the member or the symbol was not compiled in. */
export class NotInKernel extends EvidenceFault {
  readonly code = 'not-in-kernel';
}

/** We lack knowledge of this kernel build. */
export abstract class ProfileError extends ForensicError {}

/** No road leads to the guest's kernel. The message says what was tried. */
export class NoKernel extends ProfileError {
  readonly code = 'no-kernel';
}

/** A kernel was found, and nothing describes its build: it carries no BTF, and no profile of it is at hand. */
export class NoProfile extends ProfileError {
  readonly code = 'no-profile';
}

/** A profile file that is not one, or is from a newer version of this program. */
export class BadProfile extends ProfileError {
  readonly code = 'bad-profile';
}

/** The cache cannot be used. Costs a warning and the speed, never the answer. */
export class StoreError extends ForensicError {
  readonly code = 'store';
}

/** The command line asks for something that does not exist. */
export class UsageError extends ForensicError {
  readonly code = 'usage';
}

/** Says that the evidence is incomplete. Shown after the rows, kept with them in the cache. */
export type Note = (message: string) => void;
