// How members of structs are read: numbers, texts, pointers, lists, nested structs.
// A field fits every kernel: the layout tells offset and width.
import { fromWords, highWord, lowWord, type VirtualAddress } from '../base/address.ts';
import { ENTRY_COST } from '../base/budget.ts';
import { CorruptStructure, EvidenceFault } from '../base/errors.ts';
import { decodeUntilNul } from '../base/text.ts';
import type { AddressSpace } from '../translate/address-space.ts';

import { Footprints } from './footprints.ts';
import type { Field, Inside, Links, Pointer, StructView, ViewClass, Walk } from './struct.ts';

/** Entries after which a list is taken for endless: more than any kernel keeps of anything we list. */
export const MAXIMUM_LIST_ENTRIES = 4_000_000;
/**
 * Entries that lie in others after which a list is taken for broken. They are shown up to here: where two share bytes one
 * is real, and nothing says which.
 */
const MOST_IN_OTHERS = 16;

/** An unsigned whole number of 1 to 4 bytes, or a bitfield. Also for one-member wrappers: atomic_t, kuid_t, refcount_t. */
export const uint: Field<number> = {
  reads: 'uint',
  bind: ([offset, size, firstBit, bits]) => {
    if (firstBit !== undefined && bits !== undefined) return bitfield(offset, firstBit, bits);
    switch (size) {
      case 1:
        return function () {
          return this.space.u8(this.hi, this.lo, offset);
        };
      case 2:
        return function () {
          return this.space.u16(this.hi, this.lo, offset);
        };
      default: // of a wider member the low half: little-endian
        return function () {
          return this.space.i32(this.hi, this.lo, offset) >>> 0;
        };
    }
  },
};

/** A signed whole number of 1 to 4 bytes. */
export const int: Field<number> = {
  reads: 'int',
  bind: (member, types) => {
    const [offset, size] = member;
    if (size >= 4) {
      return function () {
        return this.space.i32(this.hi, this.lo, offset);
      };
    }
    const unsigned = uint.bind(member, types);
    const shift = 32 - 8 * size;
    return function () {
      return (unsigned.call(this) << shift) >> shift;
    };
  },
};

/** An unsigned whole number of any width: `unsigned long`, u64, pointers taken as numbers, atomic64_t. */
export const ulong: Field<bigint> = {
  reads: 'ulong',
  bind: (member, types) => {
    const [offset, size] = member;
    if (size >= 8) {
      return function () {
        return this.space.u64(this.hi, this.lo, offset);
      };
    }
    const narrow = uint.bind(member, types);
    return function () {
      return BigInt(narrow.call(this));
    };
  },
};

/** A signed whole number of any width: `long`, s64, loff_t. */
export const long: Field<bigint> = {
  reads: 'long',
  bind: (member, types) => {
    const unsigned = ulong.bind(member, types);
    const bits = Math.min(64, member[1] * 8);
    return function () {
      return BigInt.asIntN(bits, unsigned.call(this));
    };
  },
};

/** A NUL-terminated char array; its length is the member's. */
export const text: Field<string> = {
  reads: 'text',
  bind: ([offset, size]) =>
    function () {
      return decodeUntilNul(this.space.bytes(offsetAddress(this, offset), size));
    },
};

/** The member's own bytes, all of them. */
export const bytes: Field<Uint8Array> = {
  reads: 'bytes',
  bind: ([offset, size]) =>
    function () {
      return this.space.bytes(offsetAddress(this, offset), size);
    },
};

/** Not what the member holds but where it is: arrays, list heads, trees. Never faults. */
export const place: Field<VirtualAddress> = {
  reads: 'place',
  bind: ([offset]) =>
    function () {
      return offsetAddress(this, offset);
    },
};

/** A pointer whose target is no struct of ours: strings, functions, opaque things. 0n for NULL. */
export const pointer: Field<VirtualAddress> = {
  reads: 'pointer',
  bind: (member, types) => ulong.bind([member[0], Math.min(member[1], types.pointerBytes)], types),
};

/** A struct that lies inside this one under a name of its own. */
export const inside = <N extends string>(inner: N): Inside<N> => ({
  reads: 'inside',
  inner,
  bind: ([offset], types) => {
    const Inner = types.classOf(inner);
    return function () {
      return viewAt(Inner, this, offset);
    };
  },
});

function pointerTo<N extends string, Null extends boolean>(target: N, nullable: Null): Pointer<N, Null> {
  return {
    reads: 'ptr',
    target,
    nullable,
    bind: ([offset], types) => {
      const Target = types.classOf(target);
      const wide = types.pointerBytes === 8;
      return function () {
        const lo = this.space.i32(this.hi, this.lo, offset);
        const hi = wide ? this.space.i32(this.hi, this.lo, offset + 4) : 0;
        if ((lo | hi) !== 0) return new Target(this.space, hi, lo);
        if (nullable) return null;
        throw new CorruptStructure(`null ${target} pointer where the kernel never keeps one`);
      };
    },
  };
}
/** A pointer that may be NULL. */
export const ptr = <N extends string>(target: N): Pointer<N, true> => pointerTo(target, true);
/** A pointer that the kernel never leaves NULL. */
export const ref = <N extends string>(target: N): Pointer<N, false> => pointerTo(target, false);
/** A member that some kernels have and some do not; `instead` is what those have that do not. */
export const opt = <F extends Field<unknown>>(
  field: F,
  instead?: string,
): F & { readonly optional: true } => ({
  ...field,
  ...(instead === undefined ? {} : { instead }),
  optional: true,
});

/**
 * A list_head whose entries are `entry` structs linked through `member`.
 *
 * Walking never throws: where a list breaks or loops, the rest is found from its end, and the reason goes to the
 * notes. Every entry is yielded at most once.
 */
export const links = <N extends string>(entry: N, member: string): Links<N> => ({
  reads: 'links',
  entry,
  through: member,
  bind: ([offset], types) => {
    const way: ListWay = {
      offset,
      back: types.offsetOf(entry, member),
      ownBytes: types.ownBytesOf(entry),
      direction: 'forwards',
    };
    const Entry = types.classOf(entry);
    const label = `${entry}.${member} list`;
    return function () {
      return walkList(this, way, Entry, label, types.pointerBytes);
    };
  },
});

/** Where a list is, and which way it is gone. */
export interface ListWay {
  /** Bytes from the owner to the list's head. */
  readonly offset: number;
  /** Bytes from an entry to its link. */
  readonly back: number;
  /** Bytes of an entry that no other shares. */
  readonly ownBytes: number;
  readonly direction: 'forwards' | 'backwards';
}

/**
 * Walks a list of the kernel. Where it breaks, the rest is found from the head the other way, so that a lost entry
 * costs only itself.
 *
 * @returns whether the list is whole: nothing that its links lead to was passed over
 */
export function* walkList(
  owner: StructView,
  { offset, back, ownBytes, direction }: ListWay,
  Entry: ViewClass,
  label: string,
  pointerBytes: 4 | 8,
): Walk<StructView> {
  const { space } = owner;
  const { note } = space;
  const wide = pointerBytes === 8;
  const head = offsetAddress(owner, offset);
  // struct list_head is `next` and `prev`, in this order.
  const [ahead, behind] = direction === 'forwards' ? [0, pointerBytes] : [pointerBytes, 0];
  let { hi, lo } = owner;
  let step = offset + ahead; // the head is a member of its owner; every later link is an address by itself
  const seen = new Set<bigint>();
  const isCrowded = crowding(ownBytes);
  let last = head;
  for (;;) {
    let next = 0;
    let why: string | undefined;
    try {
      next = space.i32(hi, lo, step);
      hi = wide ? space.i32(hi, lo, step + 4) : 0;
      if ((next | hi) === 0) throw new CorruptStructure('a link is zero, which no list has');
      space.locate(hi, next);
    } catch (fault) {
      if (!(fault instanceof EvidenceFault)) throw fault;
      why = `breaks after ${seen.size} entries: ${fault.message}`;
    }
    if (why === undefined) {
      const link = fromWords(hi, next);
      if (link === head) return true;
      if (seen.size >= MAXIMUM_LIST_ENTRIES) {
        note(`${label} is cut after ${seen.size} entries`);
        return false;
      }
      const loops = seen.has(link);
      if (!loops && !isCrowded(hi, next)) {
        space.memory.spend(ENTRY_COST);
        seen.add(link);
        last = link;
        lo = next;
        step = ahead;
        yield entryAt(Entry, space, hi, lo, back);
        continue;
      }
      why = `${loops ? 'loops' : 'breaks'} after ${seen.size} entries${loops ? '' : ': they lie in each other'}`;
    }
    const { links, isWhole } = linksFromEnd(space, head, { seen, isCrowded, last, wide, behind });
    const found = links.length === 0 ? '' : `; ${links.length} more are found from its end`;
    note(`${label} ${why}${found}${isWhole ? '' : '; entries between may be lost'}`);
    for (const link of links) yield entryAt(Entry, space, highWord(link), lowWord(link), back);
    return isWhole;
  }
}

/** How far a walk came before its list broke: the links that it saw, and the last of them; the head where it saw none. */
interface Begun {
  readonly seen: Set<bigint>;
  readonly isCrowded: (hi: number, lo: number) => boolean;
  readonly last: bigint;
  readonly wide: boolean;
  /** Bytes into a link to the pointer that leads the other way. */
  readonly behind: number;
}

/**
 * The links from the list's end back to where a walk broke, in the walk's order.
 * `isWhole`: they lead to the very link at which the walk ended, so nothing lies between.
 */
function linksFromEnd(
  space: AddressSpace,
  head: bigint,
  { seen, isCrowded, last, wide, behind }: Begun,
): { links: bigint[]; isWhole: boolean } {
  const found: bigint[] = [];
  try {
    for (let link = head; seen.size < MAXIMUM_LIST_ENTRIES; found.push(link)) {
      const [hi, lo] = [highWord(link), lowWord(link)];
      const before = space.i32(hi, lo, behind);
      const above = wide ? space.i32(hi, lo, behind + 4) : 0;
      if ((before | above) === 0) break;
      space.locate(above, before);
      link = fromWords(above, before);
      if (link === last) return { links: found.reverse(), isWhole: true };
      if (link === head || seen.has(link) || isCrowded(above, before)) break;
      space.memory.spend(ENTRY_COST);
      seen.add(link);
    }
  } catch (fault) {
    if (!(fault instanceof EvidenceFault)) throw fault;
  }
  return { links: found.reverse(), isWhole: false };
}

/** Takes the links of a list one after the other, and tells when too many of its entries lie in others. */
function crowding(ownBytes: number): (hi: number, lo: number) => boolean {
  const footprints = new Footprints(ownBytes);
  let inOthers = 0;
  return (hi, lo) => footprints.add(hi, lo) && ++inOthers > MOST_IN_OTHERS;
}

/** The struct whose link, `back` bytes into it, is at (hi, lo). */
function entryAt(Entry: ViewClass, space: AddressSpace, hi: number, lo: number, back: number): StructView {
  const base = (lo - back) | 0;
  return new Entry(space, base >>> 0 > lo >>> 0 ? (hi - 1) | 0 : hi, base);
}

const offsetAddress = (view: StructView, offset: number): VirtualAddress =>
  BigInt.asUintN(64, fromWords(view.hi, view.lo) + BigInt(offset));

function viewAt(Inner: ViewClass, outer: StructView, offset: number): StructView {
  const lo = (outer.lo + offset) | 0;
  return new Inner(outer.space, lo >>> 0 < outer.lo >>> 0 ? (outer.hi + 1) | 0 : outer.hi, lo);
}

/** Bits `firstBit` … of the bytes at `offset`; a C bitfield never spans more than its storage unit of 8 bytes. */
function bitfield(offset: number, firstBit: number, bits: number): (this: StructView) => number {
  const start = offset + (firstBit >>> 3);
  const shift = firstBit & 7;
  const mask = bits >= 32 ? 0xffff_ffff : (1 << bits) - 1;
  return function () {
    const low = this.space.i32(this.hi, this.lo, start) >>> shift;
    const rest = shift + bits > 32 ? this.space.u8(this.hi, this.lo, start + 4) << (32 - shift) : 0;
    return ((low | rest) & mask) >>> 0;
  };
}
