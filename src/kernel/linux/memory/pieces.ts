// A stretch of virtual memory in pieces: what can be read, and holes with the reason why.
// What page tables leave out is passed over entry by entry, so that a mapping of terabytes costs what it holds.
import type { VirtualAddress } from '../../../base/address.ts';
import { EvidenceFault, NotInSnapshot, NotPresent, PageMissing } from '../../../base/errors.ts';
import type { AddressSpace } from '../../../translate/address-space.ts';

const PAGE_BYTES = 4096;
/** What is read in one go. */
const MOST_BYTES = 1 << 20;
/** A fault is made and thrown in the time of so many reads. */
const FAULT_COST = 100;

/**
 * A piece, `at` bytes from the beginning of the whole: bytes, zeros that are known to be some, or a hole of so many with the
 * reason why it is one, a fault's code.
 */
export type Piece =
  | { readonly at: number; readonly bytes: Uint8Array }
  | { readonly at: number; readonly zeros: number }
  | { readonly at: number; readonly missing: number; readonly why: string };

/** Bytes that can be saved into a file: of a mapping, a module, a cached file, a whole process. */
export interface NamedBytes {
  /** What to call it, evidence or not: whoever writes it makes a safe name of it. */
  readonly name: string;
  /** What others have that stand for the very same bytes: these are written once. */
  readonly same?: string;
  /** Bytes of the whole, holes counted. */
  readonly size: number;
  /** Bytes that it should have and that are not even holes in it, by reason: those of a core file's segments without bytes. */
  readonly absent?: Readonly<Record<string, number>>;
  /** Sentences on what it lacks beside. */
  readonly remarks?: readonly string[];
  /** Its pieces, ascending and side by side. Never throws for missing memory. */
  pieces(): Iterable<Piece>;
}

/** The pieces of `length` bytes from `start` on, ascending and side by side: neighbouring holes of one reason are one. @param first where the first of them is in what they are pieces of */
export function* piecesOf(
  space: AddressSpace,
  start: VirtualAddress,
  length: number,
  first = 0,
): Generator<Piece> {
  let hole: { at: number; missing: number; why: string } | undefined;
  for (let at = 0; at < length; ) {
    const lack = lackAt(space, start + BigInt(at), read);
    if (lack === null) {
      const bytes = space.readableBytes(start + BigInt(at), Math.min(MOST_BYTES, length - at));
      space.memory.spend(Math.ceil(bytes.length / PAGE_BYTES) + 1);
      if (hole !== undefined) yield hole;
      hole = undefined;
      yield { at: first + at, bytes };
      at += bytes.length;
      continue;
    }
    const { span, why } = lack;
    space.memory.spend(FAULT_COST);
    const missing = Math.min(span, length - at);
    if (hole !== undefined && hole.why !== why) yield hole;
    hole =
      hole === undefined || hole.why !== why
        ? { at: first + at, missing, why }
        : { ...hole, missing: hole.missing + missing };
    at += missing;
  }
  if (hole !== undefined) yield hole;
}

/** A stretch of virtual memory, `at` bytes from the beginning of the whole: there where `why` is null, else nowhere for that reason. */
export interface Stretch {
  readonly at: number;
  readonly length: number;
  readonly why: string | null;
}

/** What of `length` bytes from `start` on is there, without reading it: ascending, side by side, neighbours of one kind as one. */
export function* stretchesOf(space: AddressSpace, start: VirtualAddress, length: number): Generator<Stretch> {
  let open: { at: number; length: number; why: string | null } | undefined;
  for (let at = 0; at < length; ) {
    const address = start + BigInt(at);
    const lack = lackAt(space, address, find);
    space.memory.spend(lack === null ? 1 : FAULT_COST);
    const span = lack?.span ?? PAGE_BYTES - Number(address % BigInt(PAGE_BYTES));
    const part = Math.min(span, length - at);
    const why = lack?.why ?? null;
    if (open !== undefined && open.why === why) open.length += part;
    else {
      if (open !== undefined) yield open;
      open = { at, length: part, why };
    }
    at += part;
  }
  if (open !== undefined) yield open;
}

/**
 * Why an address cannot be read, and for how many bytes that goes for sure: those of the entry that maps nothing, or of the
 * page. Null where it can be read.
 */
function lackAt(
  space: AddressSpace,
  address: VirtualAddress,
  touch: (space: AddressSpace, address: VirtualAddress) => void,
): { readonly span: number; readonly why: string } | null {
  try {
    touch(space, address);
    return null;
  } catch (fault) {
    if (!(fault instanceof EvidenceFault)) throw fault;
    if (fault instanceof PageMissing)
      return { span: fault.spanBytes - Number(address % BigInt(PAGE_BYTES)), why: fault.code };
    const unit = fault instanceof NotPresent ? space.paging.entryBytes(fault.level) : PAGE_BYTES;
    return { span: unit - Number(address % BigInt(unit)), why: fault.code };
  }
}

const read = (space: AddressSpace, address: VirtualAddress): void => {
  space.memory.u8(space.translate(address));
};

/** Whether the snapshot has the page, which is told without unpacking it. */
const find = (space: AddressSpace, address: VirtualAddress): void => {
  const at = space.translate(address);
  if (!space.memory.has(at)) throw new NotInSnapshot(at);
};
