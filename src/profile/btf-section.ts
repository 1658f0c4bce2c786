// One BTF section, checked as far as reading needs: types by number, names by offset.
// Linux: include/uapi/linux/btf.h.
import { viewOf } from '../base/bytes.ts';
import { BadProfile } from '../base/errors.ts';
import { resumeRecords } from './btf-resumption.ts';
import { sizesByUse } from './btf-sizes.ts';
import { hashByte, type NameSet } from './name-hash.ts';
import { type Gap, isMissing } from './piecewise.ts';

// BTF: Linux Documentation/bpf/btf.rst, "BTF Type and String Encoding"; include/uapi/linux/btf.h.
const MAGIC = 0xeb9f;
const SWAPPED_MAGIC = 0x9feb;
const HEADER_BYTES = 24;
/**
 * Since Linux kernel commit 222edc843c15 ("btf: Add BTF kind layout encoding to UAPI") (in v7.1) the header may go
 * on with the place of a table that tells the length of each kind of record.
 */
const HEADER_BYTES_WITH_LENGTHS = 32;
/** Kinds of type by their numbers. */
export const KIND = {
  int: 1,
  ptr: 2,
  array: 3,
  struct: 4,
  union: 5,
  enum: 6,
  fwd: 7,
  typedef: 8,
  volatile: 9,
  const: 10,
  restrict: 11,
  funcProto: 13,
  float: 16,
  typeTag: 18,
  enum64: 19,
} as const;
/** Words that follow a type's three, by kind: fixed and for each of its `vlen` members. Kinds past the table are unknown. */
const FIXED_WORDS = [0, 1, 0, 3, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 0, 0, 1, 0, 0];
const MEMBER_WORDS = [0, 0, 0, 0, 3, 3, 2, 0, 0, 0, 0, 0, 0, 2, 0, 3, 0, 0, 0, 3];
/** No kernel has nearly as many; a vmlinux has 95,000 to 160,000. */
const MAXIMUM_TYPES = 4_000_000;
/** typedef of const of array of …: real chains are below ten. */
const MAXIMUM_DEPTH = 32;
/** C names are shorter. What has no end by then has none. */
const MAXIMUM_NAME_BYTES = 512;
/**
 * Nothing that a kernel keeps as one object is larger. What claims to be is malformed, and has size 0: arrays of
 * 2^32 arrays would otherwise have more bytes than a number counts.
 */
const MAXIMUM_BYTES = 64 << 20;

/** The types and strings of one BTF, checked as far as reading them needs. It says what is there and knows no layouts. */
export class BtfSection {
  readonly #types: Uint32Array;
  readonly #strings: Uint8Array;
  /** Word index of each type in #types, by type id; id 0 is void. */
  readonly #starts: Uint32Array;
  readonly #pointerBytes: number;
  /** What is missing of the strings and of the types, as offsets in each. */
  readonly #stringGaps: readonly Gap[];
  readonly #typeGaps: readonly Gap[];
  /** Sizes of types whose records are missing, as their uses tell. */
  #lostSizes: ReadonlyMap<number, number> | undefined;
  /** Numbers of all structs, unions and typedefs, and of all enums: a third of all types, which spares looking at the rest. */
  readonly structs: readonly number[];
  readonly enums: readonly number[];

  /**
   * `gaps`: what of `bytes` is missing. `base`: where `bytes` is a module's, the kernel's own, whose types and strings it
   * goes on counting. @throws BadProfile where `bytes` is no sound BTF
   */
  constructor(bytes: Uint8Array, pointerBytes: 4 | 8, gaps: readonly Gap[] = [], base?: BtfSection) {
    const { types, strings, lengths } = partsOf(bytes, gaps);
    if (types.length % 4 !== 0)
      throw new BadProfile(`btf has ${types.length} bytes of types: no whole words`);
    this.#pointerBytes = pointerBytes;
    const typeGaps = gapsWithin(gaps, types.byteOffset - bytes.byteOffset, types.length);
    const stringGaps = gapsWithin(gaps, strings.byteOffset - bytes.byteOffset, strings.length);
    // Name 0 is that of the nameless. In the BTF of modules numbers go on where the kernel's own end.
    if (base === undefined && strings[0] !== 0)
      throw new BadProfile("btf is split: a module's, which means nothing without the kernel's own");
    const own = wordsOf(types, gaps.length > 0);
    this.#types = base === undefined ? own : joinedWords(base.#types, own);
    this.#strings = base === undefined ? strings : Buffer.concat([base.#strings, strings]);
    this.#typeGaps =
      base === undefined ? typeGaps : joinedGaps(base.#typeGaps, typeGaps, base.#types.byteLength);
    this.#stringGaps =
      base === undefined ? stringGaps : joinedGaps(base.#stringGaps, stringGaps, base.#strings.length);
    const [structs, enums]: [number[], number[]] = [[], []];
    this.#starts = this.#index(recordWords(lengths), structs, enums);
    this.structs = structs;
    this.enums = enums;
  }

  /** How many types there are, void included. */
  get count(): number {
    return this.#starts.length;
  }

  /** Bytes of its strings. */
  get stringBytes(): number {
    return this.#strings.length;
  }

  /** The word index of a type's record; undefined for void and for what does not exist. */
  startOf(id: number): number | undefined {
    const start = id === 0 ? undefined : this.#starts[id];
    return start === LOST ? undefined : start;
  }
  word(at: number): number {
    return this.#types[at]!;
  }
  /** The kind of the type whose record is at `at`. */
  kindAt(at: number): number {
    return kindIn(this.#types[at + 1]!);
  }
  /** How many members, enumerators or parameters it has. */
  memberCountAt(at: number): number {
    return vlenIn(this.#types[at + 1]!);
  }
  /** Of structs: whether members tell bits. Of enums: whether the values are signed. Of forward declarations: whether of a union. */
  flagAt(at: number): boolean {
    return this.#types[at + 1]! >>> 31 === 1;
  }

  /** `id` with typedefs and qualifiers taken off; undefined for void and what leads nowhere. */
  resolve(id: number): number | undefined {
    let current = id;
    for (let depth = 0; depth < MAXIMUM_DEPTH; depth++) {
      const at = this.startOf(current);
      if (at === undefined) return undefined;
      if (!isAlias(this.kindAt(at))) return current;
      current = this.#types[at + 2]!;
    }
    return undefined;
  }

  /** Bytes of a type; 0 where it has none or is malformed. */
  sizeOf(id: number): number {
    let count = 1;
    let current = id;
    for (let depth = 0; depth < MAXIMUM_DEPTH; depth++) {
      const target = this.resolve(current);
      if (target === undefined) return this.#typeGaps.length === 0 ? 0 : count * this.#lostSizeOf(current);
      const at = this.#starts[target]!;
      if (this.kindAt(at) !== KIND.array) {
        const size = count * this.#plainSizeAt(at);
        return size <= MAXIMUM_BYTES ? size : 0;
      }
      count *= this.#types[at + 5]!;
      current = this.#types[at + 3]!;
    }
    return 0;
  }

  /** The one of `names` that is at `offset` in the strings. Anything else costs no more than the longest of them. */
  nameAmong(names: NameSet, offset: number): string | undefined {
    const strings = this.#strings;
    const end = offset + names.longest;
    let hash = 0;
    let at = offset;
    for (; at <= end; at++) {
      const byte = strings[at];
      if (byte === 0) break;
      if (byte === undefined) return undefined;
      hash = hashByte(hash, byte);
    }
    if (at > end) return undefined;
    const name = names.withHash(hash);
    if (name === undefined || isMissing(this.#stringGaps, offset, at + 1)) return undefined;
    return at - offset === name.length && this.#isSpelled(name, offset) ? name : undefined;
  }

  #isSpelled(name: string, offset: number): boolean {
    for (let i = 0; i < name.length; i++) if (this.#strings[offset + i] !== name.charCodeAt(i)) return false;
    return true;
  }

  /** The name at `offset` in the strings; empty for the nameless, and where there is none or it has no end. */
  nameAt(offset: number): string {
    const piece = this.#strings.subarray(offset, offset + MAXIMUM_NAME_BYTES);
    const end = piece.indexOf(0);
    if (isMissing(this.#stringGaps, offset, offset + end + 1)) return '';
    return end <= 0 ? '' : String.fromCharCode(...piece.subarray(0, end));
  }

  /** Whether nothing of it is missing. */
  get isWhole(): boolean {
    return this.#typeGaps.length === 0 && this.#stringGaps.length === 0;
  }

  /** The size of a type that leads to a record that is missing; 0 where nothing tells it. */
  #lostSizeOf(id: number): number {
    this.#lostSizes ??= sizesByUse(this, (type) => this.#lostTypeOf(type));
    return this.#lostSizes.get(this.#lostTypeOf(id) ?? 0) ?? 0;
  }

  /** The number of the missing record that `id` leads to through typedefs and qualifiers; undefined where it leads to none. */
  #lostTypeOf(id: number): number | undefined {
    let current = id;
    for (let depth = 0; depth < MAXIMUM_DEPTH; depth++) {
      if (this.#starts[current] === LOST) return current;
      const at = this.startOf(current);
      if (at === undefined || !isAlias(this.kindAt(at))) return undefined;
      current = this.#types[at + 2]!;
    }
    return undefined;
  }

  #plainSizeAt(at: number): number {
    switch (this.kindAt(at)) {
      case KIND.ptr:
        return this.#pointerBytes;
      case KIND.int:
      case KIND.float:
      case KIND.struct:
      case KIND.union:
      case KIND.enum:
      case KIND.enum64:
        return this.#types[at + 2]!;
      default:
        return 0;
    }
  }

  #index({ fixed, each }: RecordWords, structs: number[], enums: number[]): Uint32Array {
    const types = this.#types;
    const starts = new Uint32Array(Math.min(MAXIMUM_TYPES, Math.floor(types.length / 3) + 1));
    // In words.
    const gaps = this.#typeGaps.map(({ start, end }) => ({
      start: Math.floor(start / 4),
      end: Math.ceil(end / 4),
    }));
    let gap = gaps.shift();
    let count = 1; // id 0 is void and has no record
    for (let at = 0; at < types.length; ) {
      const length = gap === undefined ? 0 : Math.max(3, lengthIn(types, at, { fixed, each }));
      // Of a record whose head is there and whose end is known, members that are missing are zeros: they have no name.
      const hasHead = gap !== undefined && at + 3 <= gap.start;
      while (gap !== undefined && hasHead && gap.end <= at + length) gap = gaps.shift();
      if (gap !== undefined && at + length > gap.start) {
        if (hasHead) {
          if (shortened(types, at, gap.start)) structs.push(count);
          starts[count++] = at;
        }
        const next = resumeRecords(types, {
          start: gap.start,
          from: gap.end,
          to: gaps[0]?.start ?? types.length,
          lengthAt: (place) => lengthIn(types, place, { fixed, each }),
          isName: (offset) => offset === 0 || this.#strings[offset - 1] === 0,
          first: count,
        });
        if (next === undefined || next.id >= starts.length) break; // what follows has no number
        starts.fill(LOST, count, next.id);
        [at, count] = [next.at, next.id];
        gap = gaps.shift();
        continue;
      }
      const info = types[at + 1];
      if (info === undefined) throw new BadProfile(`btf type ${count} ends past its section`);
      const kind = kindIn(info);
      if (fixed[kind] === UNKNOWN) {
        throw new BadProfile(
          `btf type ${count} is of kind ${kind}, which is unknown: where the next begins cannot be told`,
        );
      }
      if (count >= starts.length) throw new BadProfile(`btf has more than ${count} types`);
      if (kind === KIND.struct || kind === KIND.union || kind === KIND.typedef) structs.push(count);
      else if (kind === KIND.enum) enums.push(count);
      starts[count++] = at;
      at += 3 + fixed[kind]! + each[kind]! * vlenIn(info);
      if (at > types.length) throw new BadProfile(`btf type ${count - 1} ends past its section`);
    }
    return starts.subarray(0, count);
  }
}

/** The parts of a BTF. */
interface Parts {
  readonly types: Uint8Array;
  readonly strings: Uint8Array;
  /** How long each kind of record is; empty where it is not told. */
  readonly lengths: Uint8Array;
}

/** @throws BadProfile where `bytes` is no sound BTF */
function partsOf(bytes: Uint8Array, gaps: readonly Gap[]): Parts {
  if (isMissing(gaps, 0, HEADER_BYTES)) return partsWithoutHeader(bytes);
  const view = viewOf(bytes);
  const magic = bytes.length < HEADER_BYTES ? 0 : view.getUint16(0, true);
  if (magic === SWAPPED_MAGIC) throw new BadProfile('btf is of a big-endian machine, which is not read');
  if (magic !== MAGIC) throw new BadProfile('btf has no magic');
  if (view.getUint8(2) !== 1) throw new BadProfile(`btf has version ${view.getUint8(2)}, known is 1`);
  const header = view.getUint32(4, true);
  if (header < HEADER_BYTES || header > bytes.length)
    throw new BadProfile(`btf has a header of ${header} bytes, known are ${HEADER_BYTES} and more`);
  const part = (at: number): Uint8Array => {
    const start = header + view.getUint32(at, true);
    const end = start + view.getUint32(at + 4, true);
    if (end > bytes.length) throw new BadProfile(`btf of ${bytes.length} bytes has sections past its end`);
    return bytes.subarray(start, end);
  };
  const lengths = header < HEADER_BYTES_WITH_LENGTHS ? new Uint8Array() : part(24);
  return { types: part(8), strings: part(16), lengths };
}

/** The parts of a BTF whose header is missing: the strings are what is all text up to the end, and begin with an empty one. */
function partsWithoutHeader(bytes: Uint8Array): Parts {
  const isText = (byte: number): boolean => byte === 0 || (byte >= 0x20 && byte < 0x7f);
  let start = bytes.length;
  while (start > 0 && isText(bytes[start - 1]!)) start--; // not beyond the last word of a type, which is a small number
  start = Math.ceil(start / 4) * 4;
  while (start < bytes.length && !(bytes[start] === 0 && bytes[start + 1] !== 0)) start += 4;
  if (start >= bytes.length) throw new BadProfile('btf has no header, and no strings at its end');
  return {
    types: bytes.subarray(HEADER_BYTES, start),
    strings: bytes.subarray(start),
    lengths: new Uint8Array(),
  };
}

function joinedWords(first: Uint32Array, second: Uint32Array): Uint32Array {
  const words = new Uint32Array(first.length + second.length);
  words.set(first);
  words.set(second, first.length);
  return words;
}

/** Gaps of two parts of which the first has so many bytes. */
const joinedGaps = (first: readonly Gap[], second: readonly Gap[], bytes: number): readonly Gap[] => [
  ...first,
  ...second.map(({ start, end }) => ({ start: start + bytes, end: end + bytes })),
];

/**
 * The words of some bytes: in place, or a copy where they are changed (what is missing is mended), or do not begin at a
 * multiple of 4 (Buffer's own slice copies nothing).
 */
function wordsOf(bytes: Uint8Array, isChanged: boolean): Uint32Array {
  if (!isChanged && bytes.byteOffset % 4 === 0)
    return new Uint32Array(bytes.buffer, bytes.byteOffset, bytes.length / 4);
  return new Uint32Array(Uint8Array.prototype.slice.call(bytes).buffer);
}

/** In place of a word index: the record is missing. */
const LOST = 0xffff_ffff;

/** What of `gaps` lies in the part of so many bytes at `start`, as offsets in it. */
const gapsWithin = (gaps: readonly Gap[], start: number, length: number): Gap[] =>
  gaps
    .map((gap) => ({ start: Math.max(0, gap.start - start), end: Math.min(length, gap.end - start) }))
    .filter((gap) => gap.start < gap.end);

/** Leaves a record at `at` what of its members ends before `end`. @returns whether it is a struct or union */
function shortened(types: Uint32Array, at: number, end: number): boolean {
  const info = types[at + 1]!;
  const isStruct = kindIn(info) === KIND.struct || kindIn(info) === KIND.union;
  const members = isStruct ? Math.floor((end - at - 3) / 3) : 0;
  types[at + 1] = ((info & 0xff00_0000) | members) >>> 0;
  return isStruct;
}

/** Words of the record at `at`; 1 where it is of no known kind. */
function lengthIn(types: Uint32Array, at: number, { fixed, each }: RecordWords): number {
  const info = types[at + 1] ?? 0;
  const kind = kindIn(info);
  return fixed[kind] === UNKNOWN ? 1 : 3 + fixed[kind]! + each[kind]! * vlenIn(info);
}

/** Words that follow a type's first three, by kind: fixed ones, and those of each member. */
interface RecordWords {
  readonly fixed: Uint8Array;
  readonly each: Uint8Array;
}
const UNKNOWN = 0xff;

/** What is known of known kinds, and what the BTF itself tells of newer ones: bytes fixed, bytes of each member, flags (u16). */
function recordWords(told: Uint8Array): RecordWords {
  const fixed = new Uint8Array(128).fill(UNKNOWN);
  const each = new Uint8Array(128);
  for (let kind = 0; kind * 4 + 1 < told.length && kind < fixed.length; kind++) {
    const [fixedBytes, eachBytes] = [told[4 * kind]!, told[4 * kind + 1]!];
    if (fixedBytes % 4 !== 0 || eachBytes % 4 !== 0) continue;
    fixed[kind] = fixedBytes / 4;
    each[kind] = eachBytes / 4;
  }
  fixed.set(FIXED_WORDS);
  each.set(MEMBER_WORDS);
  fixed[0] = UNKNOWN;
  return { fixed, each };
}

// Since Linux kernel commit f7a6b9eaff3e ("bpf: Extend BTF UAPI vlen, kinds to use unused bits") (in v7.2), kinds
// have 7 bits and counts 24; the bits that were added are 0 in what older kernels wrote.
const kindIn = (info: number): number => (info >>> 24) & 0x7f;
const vlenIn = (info: number): number => info & 0xff_ffff;
const isAlias = (kind: number): boolean =>
  kind === KIND.typedef ||
  kind === KIND.volatile ||
  kind === KIND.const ||
  kind === KIND.restrict ||
  kind === KIND.typeTag;
