// What a kernel says of itself, told again without reading it: digests of where its BTF and its symbol table stand. A
// build ID is a claim, and whoever forges a snapshot can claim any; the bytes that a profile was made of are none.
import { physical } from '../../base/address.ts';
import { sha256 } from '../../memory/digest.ts';
import type { PhysicalMemory } from '../../memory/physical.ts';
import { PAGE_BYTES, type StoredPages } from '../../memory/source.ts';
import type { Profile, ProfileEvidence } from '../../profile/profile.ts';
import type { Located } from './kernel-location.ts';

/** Whether a kernel says of itself what a profile was made of; `unknown` where not all of it can be compared, and nothing differs. */
export type Agreement = 'same' | 'other' | 'unknown';

/** A piece of the kernel's image: its first byte in this boot, and how many there are. */
export interface Piece {
  readonly start: bigint;
  readonly bytes: number;
}

/** So much is digested at a time: what is lost of one such part leaves the others. */
const PART_BYTES = 256 * 1024;
/** Of a digest, as much as nobody finds another content for. */
const DIGEST_BYTES = 16;
/** More cannot be a kernel's description. */
const MAXIMUM_PIECE_BYTES = 32 << 20;

/** What tells a description again, read in this snapshot; undefined where some of it is missing, or it is none. */
export function evidenceOf(
  memory: PhysicalMemory,
  located: Located,
  pieces: readonly Piece[],
): ProfileEvidence | undefined {
  const slide = located.slide;
  if (slide === null || pieces.some(({ bytes }) => !(bytes > 0 && bytes < MAXIMUM_PIECE_BYTES)))
    return undefined;
  const ranges = pieces.map(({ start, bytes }) => [`0x${(start - slide).toString(16)}`, bytes] as const);
  const digests = digestsOf(memory, located, pieces);
  if (digests.includes(null)) return undefined;
  const names = namesOf(located, slide);
  return { ranges, names, digests: { [formOf(memory)]: digests as readonly string[] } };
}

/** Holds what a profile was made of against what stands there in this snapshot, moved by `slide`. */
export function agreementWith(
  memory: PhysicalMemory,
  located: Located,
  { evidence }: Profile,
  slide: bigint,
): Agreement {
  const known = evidence?.digests[formOf(memory)];
  if (evidence === undefined || known === undefined || evidence.names !== namesOf(located, slide))
    return 'other';
  const pieces = evidence.ranges.map(([start, bytes]) => ({ start: BigInt(start) + slide, bytes }));
  if (pieces.some(({ bytes }) => bytes >= MAXIMUM_PIECE_BYTES)) return 'other';
  let isWhole = true;
  let nth = 0;
  for (const digest of eachDigest(memory, located, pieces)) {
    if (digest !== null && digest !== known[nth]) return 'other';
    isWhole &&= digest !== null;
    nth++;
  }
  return nth !== known.length ? 'other' : isWhole ? 'same' : 'unknown';
}

/** What the symbol table is read by: where VMCOREINFO has the symbols that it names, apart from where this boot put them. */
function namesOf({ known }: Located, slide: bigint): string {
  const names = [...known].map(([name, address]) => `${name} ${(address - slide).toString(16)}`);
  return digestText(Buffer.from(names.sort().join('\n')));
}

const digestsOf = (
  memory: PhysicalMemory,
  located: Located,
  pieces: readonly Piece[],
): readonly (string | null)[] => [...eachDigest(memory, located, pieces)];

/** A digest of each part of each piece, as the snapshot stores it; null where some of the part is missing. */
function* eachDigest(
  memory: PhysicalMemory,
  { delta }: Located,
  pieces: readonly Piece[],
): Generator<string | null> {
  const { stored } = memory.source;
  const grain = stored?.grainBytes ?? PAGE_BYTES;
  const most = (PART_BYTES / PAGE_BYTES + 2) * (stored === undefined ? PAGE_BYTES : stored.mostBytes);
  const buffer = Buffer.alloc(most + 2 * grain);
  for (const { start, bytes } of pieces)
    for (let done = 0; done < bytes; done += PART_BYTES) {
      const at = Number(BigInt.asUintN(64, start + BigInt(done) - delta));
      const end = at + Math.min(PART_BYTES, bytes - done);
      yield Number.isSafeInteger(at) ? digestOf(memory, stored, at, end, buffer) : null;
    }
}

/**
 * Whole pages as they are stored, which costs a tenth of unpacking them. What shares a page with something else is
 * unpacked: pointers beside it differ from boot to boot.
 */
function digestOf(
  memory: PhysicalMemory,
  stored: StoredPages | undefined,
  at: number,
  end: number,
  buffer: Buffer,
): string | null {
  const grain = stored?.grainBytes ?? PAGE_BYTES;
  const from = Math.min(end, Math.ceil(at / grain) * grain);
  const to = Math.max(from, Math.floor(end / grain) * grain);
  let length = 0;
  for (const [first, last] of [
    [at, from],
    [to, end],
  ] as const) {
    if (last <= first) continue;
    if (!copyPart(memory, first, last, buffer, length)) return null;
    length += last - first;
  }
  const had = to > from ? gather(memory, stored, from, to, buffer, length) : 0;
  return had < 0 ? null : digestText(buffer.subarray(0, length + had));
}

function copyPart(memory: PhysicalMemory, from: number, to: number, into: Buffer, offset: number): boolean {
  for (let at = from; at < to; ) {
    if (!memory.has(physical(at))) return false;
    const next = Math.min(to, Math.floor(at / PAGE_BYTES) * PAGE_BYTES + PAGE_BYTES);
    into.set(memory.bytes(physical(at), next - at), offset + at - from);
    at = next;
  }
  return true;
}

/** @returns how many bytes were written, −1 where some of the memory is missing */
function gather(
  memory: PhysicalMemory,
  stored: StoredPages | undefined,
  from: number,
  to: number,
  into: Buffer,
  offset: number,
): number {
  if (stored !== undefined) return stored.gather(physical(from), physical(to), into, offset);
  for (let done = 0; done < to - from; ) {
    const had = memory.readRun(physical(from + done), into.subarray(offset + done, offset + to - from));
    if (had === 0) return -1;
    done += had;
  }
  return to - from;
}

const formOf = ({ source }: PhysicalMemory): string => source.stored?.form ?? 'plain';

const digestText = (bytes: Uint8Array): string => sha256(bytes).toString('hex', 0, DIGEST_BYTES);
