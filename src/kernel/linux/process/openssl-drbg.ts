// Random generators of OpenSSL (CTR-DRBG) in the memory of processes: which AES keys are only their state.
// The proof is the generator itself: a structure with the raw key in it, whose cipher context leads to the schedule.
import type { VirtualAddress } from '../../../base/address.ts';
import { viewOf } from '../../../base/bytes.ts';
import type { Area } from './areas.ts';
import type { Task } from './task.ts';

/** An AES key schedule in a process's memory. */
export interface HeldSchedule {
  readonly key: Uint8Array;
  /** Of the schedule's first byte. */
  readonly address: VirtualAddress;
  readonly area: Area;
}

/**
 * Where the raw key stands in a generator's state: behind `pointers` pointers, its length as size_t, and in OpenSSL 3
 * an int that is 0 or 1 (`use_df`). The first pointer leads to the cipher context.
 *
 * OpenSSL 3: PROV_DRBG_CTR, providers/implementations/rands/drbg_ctr.c. OpenSSL 1.1.1: RAND_DRBG_CTR,
 * crypto/rand/rand_local.h; its first releases had one context and one cipher.
 */
const LAYOUTS = [
  { pointers: 5, hasSwitch: true },
  { pointers: 5, hasSwitch: false },
  { pointers: 3, hasSwitch: false },
] as const;

/** How far into a cipher context the pointer to its cipher's data is at most, and the schedule into that data. */
const CONTEXT_BYTES = 512;
const CIPHER_DATA_BYTES = 1024;

/** Bytes of one process that are searched at most: a heap of this size has every generator in its first pages. */
const MAXIMUM_SEARCHED_BYTES = 64 << 20;

/** What a search may cost over all processes, in bytes times keys: whoever plants keys or states by the thousand gets no more. */
export class SearchAllowance {
  #left: number;

  constructor(left = 2 ** 31) {
    this.#left = left;
  }

  /** Takes the cost of looking for keys, or schedules of one, in some bytes. @returns whether there was as much */
  take(bytes: number, keys: number): boolean {
    this.#left -= bytes * keys;
    return !this.isSpent;
  }

  /** Whether a search ended for want of it: keys that it has not found may be states of generators all the same. */
  get isSpent(): boolean {
    return this.#left < 0;
  }
}
const PIECE_BYTES = 1 << 20;
/** What stands before the raw key, in the widest layout. */
const BEFORE_KEY_BYTES = 52;

/**
 * The keys among `schedules` that are states of random generators of the process, in hex. The mappings that hold the
 * schedules are searched for the raw keys; what of them cannot be read is passed over, and its keys stay keys.
 */
export function generatorKeys(
  task: Task,
  schedules: readonly HeldSchedule[],
  allowance: SearchAllowance,
): Set<string> {
  const found = new Set<string>();
  const byKey = new Map<string, HeldSchedule[]>();
  for (const schedule of schedules) {
    const hex = Buffer.from(schedule.key).toString('hex');
    const known = byKey.get(hex);
    if (known === undefined) byKey.set(hex, [schedule]);
    else known.push(schedule);
  }
  const areas = new Map(schedules.map(({ area }) => [area.start, area]));
  let left = MAXIMUM_SEARCHED_BYTES;
  for (const area of areas.values()) {
    for (const bytes of piecesOf(task, area, left)) {
      if (!allowance.take(bytes.length, byKey.size)) return found;
      left -= bytes.length;
      for (const [hex, held] of byKey) {
        if (!found.has(hex) && holdsState(task, bytes, held, allowance)) found.add(hex);
        if (allowance.isSpent) return found;
      }
    }
  }
  return found;
}

/** The readable memory of a mapping in pieces that overlap, so that no state lies across two of them only. */
function* piecesOf(task: Task, area: Area, limit: number): Generator<Buffer> {
  const space = task.userSpace;
  if (space === null) return;
  const { pageBytes } = task.kernel;
  let left = limit;
  for (let at = area.start; at < area.end && left > 0; ) {
    const wanted = Math.min(PIECE_BYTES, left, Number(area.end - at));
    const had = space.readableBytes(at, wanted);
    const bytes = Buffer.from(had.buffer, had.byteOffset, had.length);
    if (bytes.length > 0) yield bytes;
    left -= Math.max(bytes.length, pageBytes);
    const isCut = bytes.length < wanted;
    // Behind a page that cannot be read the next piece begins; else it begins with the end of this one.
    at += BigInt(
      isCut ? bytes.length - (bytes.length % pageBytes) + pageBytes : Math.max(wanted - pageBytes, pageBytes),
    );
  }
}

function holdsState(
  task: Task,
  bytes: Buffer,
  held: readonly HeldSchedule[],
  allowance: SearchAllowance,
): boolean {
  const { key } = held[0]!;
  for (let place = bytes.indexOf(key); place >= 0; place = bytes.indexOf(key, place + 1)) {
    const before = bytes.subarray(0, place);
    if (place >= BEFORE_KEY_BYTES && isState(task, before, key.length, held, allowance)) return true;
    if (allowance.isSpent) return false;
  }
  return false;
}

/** Whether what stands before a raw key is the head of a generator that uses one of the schedules. */
function isState(
  task: Task,
  before: Buffer,
  keyBytes: number,
  held: readonly HeldSchedule[],
  allowance: SearchAllowance,
): boolean {
  const view = viewOf(before);
  for (const width of [8, 4] as const) {
    for (const { pointers, hasSwitch } of LAYOUTS) {
      let end = before.length;
      if (hasSwitch) {
        end -= 4;
        if (view.getUint32(end, true) > 1) continue;
      }
      if (wordAt(view, end - width, width) !== BigInt(keyBytes)) continue;
      const context = wordAt(view, end - width * (pointers + 1), width);
      if (!allowance.take(CONTEXT_BYTES, held.length)) return false;
      if (leadsTo(task, context, width, held)) return true;
    }
  }
  return false;
}

const wordAt = (view: DataView, at: number, width: 4 | 8): bigint =>
  width === 8 ? view.getBigUint64(at, true) : BigInt(view.getUint32(at, true));

/** Whether a cipher context has a pointer to data that begin with, or shortly before, one of the schedules. */
function leadsTo(task: Task, context: VirtualAddress, width: 4 | 8, held: readonly HeldSchedule[]): boolean {
  const bytes = task.userSpace?.readableBytes(context, CONTEXT_BYTES) ?? new Uint8Array(0);
  const view = viewOf(bytes);
  for (let at = 0; at + width <= bytes.length; at += width) {
    const pointer = wordAt(view, at, width);
    if (held.some(({ address }) => address >= pointer && address - pointer < CIPHER_DATA_BYTES)) return true;
  }
  return false;
}
