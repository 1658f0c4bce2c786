// Memory as a program reads it: bytes, numbers, pointers and texts at addresses of one space, physical or virtual.
// What the snapshot lacks is thrown as an EvidenceFault, or told range by range.
import {
  hex,
  highWord,
  lowWord,
  type PhysicalAddress,
  physical,
  type VirtualAddress,
  wrapped,
} from '../base/address.ts';
import { viewOf } from '../base/bytes.ts';
import { EvidenceFault, NotInSnapshot, UsageError } from '../base/errors.ts';
import { decodeText } from '../base/text.ts';
import type { PhysicalMemory } from '../memory/physical.ts';
import { PAGE_BYTES } from '../memory/source.ts';
import type { AddressSpace } from '../translate/address-space.ts';
import type { WalkStep } from '../translate/paging.ts';
import { INSPECT } from './inspect.ts';

/** Bytes that one call reads at most: whoever wants more reads in pieces. */
const MAXIMUM_READ_BYTES = 2 ** 30;
/** Bytes of a text that is given no limit. */
const USUAL_TEXT_BYTES = 4096;

/** Bytes that are there. */
export interface Piece {
  readonly address: bigint;
  readonly bytes: Uint8Array;
}

/** Bytes that cannot be read, and why: pages side by side that lack the same are one hole. */
export interface Hole {
  readonly address: bigint;
  /** How many. */
  readonly missing: number;
  /** The code of the fault: `not-present`, `swapped`, `not-in-snapshot`. */
  readonly code: string;
  /** The fault of the first of them, as a sentence. */
  readonly why: string;
}

/** How an address becomes a physical one. */
export interface Translation {
  readonly address: bigint;
  /** Every page-table entry on the way, the top table's first; none in physical memory. */
  readonly steps: readonly WalkStep[];
  /** Null where the walk ends before it. */
  readonly physical: PhysicalAddress | null;
  /** Where in the snapshot's file the byte is; null where it is stored compressed or not at all. */
  readonly fileOffset: number | null;
  /** Why there is no physical address. */
  readonly fault: { readonly code: string; readonly message: string } | null;
}

/** One space of addresses: physical memory, the kernel's, or a process's. */
export abstract class MemoryView {
  /** What it is: `physical`, `kernel`, `process 1`. */
  readonly name: string;
  readonly pointerBytes: 4 | 8;
  protected readonly memory: PhysicalMemory;

  constructor(name: string, memory: PhysicalMemory, pointerBytes: 4 | 8) {
    this.name = name;
    this.memory = memory;
    this.pointerBytes = pointerBytes;
  }

  /** The physical address behind `address`. @throws EvidenceFault */
  abstract translate(address: bigint): PhysicalAddress;

  /** `translate`, with every page-table entry on the way, as far as the walk goes. Never throws for what is missing. */
  abstract walk(address: bigint): Translation;

  /** Whether the byte at `address` can be read. */
  isReadable(address: bigint): boolean {
    try {
      this.memory.u8(this.translate(address));
      return true;
    } catch (fault) {
      if (!(fault instanceof EvidenceFault)) throw fault;
      return false;
    }
  }

  /** A copy of `length` bytes from `address` on. @throws EvidenceFault at the first byte that cannot be read @throws UsageError past 1 GiB */
  bytes(address: bigint, length: number): Uint8Array {
    const into = new Uint8Array(checkedLength(length));
    this.readInto(address, into);
    return into;
  }

  /** Fills `into` with the bytes from `address` on. @throws EvidenceFault at the first byte that cannot be read */
  readInto(address: bigint, into: Uint8Array): void {
    checkedLength(into.length);
    let done = 0;
    while (done < into.length) {
      const at = this.translate(wrapped(address + BigInt(done), this.pointerBytes));
      const piece = this.memory.restOfPage(at, into.length - done);
      into.set(piece, done);
      done += piece.length;
    }
  }

  /**
   * All that can be read of `length` bytes from `address` on, page by page, and between them what cannot. Ends with the
   * space. @throws UsageError past 1 GiB
   */
  *pieces(address: bigint, length: number): Generator<Piece | Hole> {
    const most = (1n << BigInt(8 * this.pointerBytes)) - address;
    const end = Math.min(checkedLength(length), Number(most));
    let hole: { address: bigint; missing: number; code: string; why: string } | undefined;
    for (let done = 0; done < end; ) {
      const here = address + BigInt(done);
      const rest = Math.min(end - done, PAGE_BYTES - Number(here % BigInt(PAGE_BYTES)));
      done += rest;
      let bytes: Uint8Array;
      try {
        bytes = Uint8Array.from(this.memory.restOfPage(this.translate(here), rest));
      } catch (fault) {
        if (!(fault instanceof EvidenceFault)) throw fault;
        if (hole?.code === fault.code) hole.missing += rest;
        else {
          if (hole !== undefined) yield hole;
          hole = { address: here, missing: rest, code: fault.code, why: fault.message };
        }
        continue;
      }
      if (hole !== undefined) yield hole;
      hole = undefined;
      yield { address: here, bytes };
    }
    if (hole !== undefined) yield hole;
  }

  /** An unsigned byte. @throws EvidenceFault, as all that follow */
  u8(address: bigint): number {
    return this.bytes(address, 1)[0]!;
  }
  u16(address: bigint): number {
    return this.#view(address, 2).getUint16(0, true);
  }
  u32(address: bigint): number {
    return this.#view(address, 4).getUint32(0, true);
  }
  u64(address: bigint): bigint {
    return this.#view(address, 8).getBigUint64(0, true);
  }
  i8(address: bigint): number {
    return this.#view(address, 1).getInt8(0);
  }
  i16(address: bigint): number {
    return this.#view(address, 2).getInt16(0, true);
  }
  i32(address: bigint): number {
    return this.#view(address, 4).getInt32(0, true);
  }
  i64(address: bigint): bigint {
    return this.#view(address, 8).getBigInt64(0, true);
  }
  /** A pointer, as wide as the kernel's are. */
  pointer(address: bigint): VirtualAddress {
    return this.pointerBytes === 8 ? this.u64(address) : BigInt(this.u32(address));
  }

  /** The text up to the first NUL, of at most `limit` bytes; bytes that are no UTF-8 are spelled `\xff`. @throws EvidenceFault */
  cString(address: bigint, limit = USUAL_TEXT_BYTES): string {
    const found: Uint8Array[] = [];
    for (const piece of this.pieces(address, limit)) {
      if ('missing' in piece) {
        this.memory.u8(this.translate(piece.address)); // throws, saying why
        break;
      }
      const end = piece.bytes.indexOf(0);
      found.push(end < 0 ? piece.bytes : piece.bytes.subarray(0, end));
      if (end >= 0) break;
    }
    return decodeText(Buffer.concat(found));
  }

  [INSPECT](): string {
    return `memory of ${this.name}`;
  }

  #view(address: bigint, length: number): DataView {
    return viewOf(this.bytes(address, length));
  }
}

/** Physical memory, as the snapshot holds it. */
export class PhysicalView extends MemoryView {
  constructor(memory: PhysicalMemory, pointerBytes: 4 | 8) {
    super('physical', memory, pointerBytes);
  }

  override translate(address: bigint): PhysicalAddress {
    const at = Number(address);
    if (!Number.isSafeInteger(at) || at < 0) throw new NotInSnapshot(physical(at));
    return physical(at);
  }

  override walk(address: bigint): Translation {
    try {
      const at = this.translate(address);
      this.memory.u8(at); // throws where it is missing
      const fileOffset = this.memory.source.fileOffset(at);
      return { address, steps: [], physical: at, fileOffset, fault: null };
    } catch (fault) {
      if (!(fault instanceof EvidenceFault)) throw fault;
      const { code, message } = fault;
      return { address, steps: [], physical: null, fileOffset: null, fault: { code, message } };
    }
  }

  /** What the snapshot holds: ascending, disjoint, from `start` up to and without `end`. */
  get ranges(): readonly { readonly start: number; readonly end: number }[] {
    return this.memory.source.ranges;
  }
}

/** Virtual memory: the kernel's, or a process's. */
export class VirtualView extends MemoryView {
  /** What walks the tables. */
  readonly space: AddressSpace;

  constructor(name: string, space: AddressSpace, pointerBytes: 4 | 8) {
    super(name, space.memory, pointerBytes);
    this.space = space;
  }

  /** Physical address of the top page table: what CR3 or TTBR0 leads to. */
  get pageTableRoot(): PhysicalAddress {
    return this.space.paging.root;
  }

  override translate(address: VirtualAddress): PhysicalAddress {
    return this.space.locate(highWord(address), lowWord(address));
  }

  override walk(address: VirtualAddress): Translation {
    const { space, memory } = this;
    const steps: WalkStep[] = [];
    const nowhere = { address, steps, physical: null, fileOffset: null };
    try {
      // A table that is missing ends the steps; what is known of the area may tell the address all the same.
      for (const step of space.paging.steps(memory, address)) steps.push(step);
    } catch (fault) {
      if (!(fault instanceof EvidenceFault)) throw fault;
    }
    try {
      const at = space.translate(address);
      return { ...nowhere, physical: at, fileOffset: memory.source.fileOffset(at), fault: null };
    } catch (fault) {
      if (!(fault instanceof EvidenceFault)) throw fault;
      return { ...nowhere, fault: { code: fault.code, message: fault.message } };
    }
  }
}

/** @throws UsageError */
function checkedLength(length: number): number {
  if (!Number.isSafeInteger(length) || length < 0) throw new UsageError(`${length} is no number of bytes`);
  if (length > MAXIMUM_READ_BYTES)
    throw new UsageError(
      `at most ${hex(MAXIMUM_READ_BYTES)} bytes are read at once, and ${hex(length)} are asked for`,
    );
  return length;
}
