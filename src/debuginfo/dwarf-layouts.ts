// Turns the DWARF entries of structs into layouts: offsets, sizes and bitfields of members.
// It gives what BTF gives for the same kernel.
import type { MemberLayout, TypeLayout } from '../types/layout.ts';
import { TAG } from './dwarf-constants.ts';
import type { Die, DieReader } from './dwarf-die.ts';
import type { WantedNames } from './dwarf-names.ts';

/** Entries looked at for one struct, inner ones included: task_struct has 300. A struct that contains itself ends here. */
const MAXIMUM_MEMBERS = 5_000;
/** typedef of const of array of …, and nameless struct in nameless union in …: real chains are below ten. */
const MAXIMUM_DEPTH = 32;
/** Dimensions of an array. */
const MAXIMUM_DIMENSIONS = 16;
/** No array of a kernel is as long: an upper bound like this is -1, that of an array without a length. */
const NO_BOUND = 0xffff_ffff;

/** Turns entries of structs into layouts. Mirrors `Btf`, so that a kernel that has both says the same twice. */
export class DwarfLayouts {
  readonly #reader: DieReader;
  readonly #names: WantedNames;
  /** Entries that may still be looked at: a hostile file can name the same few again and again. */
  #budget: number;

  constructor(reader: DieReader, names: WantedNames, budget: number) {
    this.#reader = reader;
    this.#names = names;
    this.#budget = budget;
  }

  /** The layout of a struct or union, with the wanted members that it has. @throws BadProfile */
  layoutOf(die: Die, wanted: ReadonlySet<string>): TypeLayout {
    const members: Record<string, MemberLayout> = {};
    this.#collect(die, 0, wanted, members, { left: MAXIMUM_MEMBERS }, 0);
    return { size: Number.isNaN(die.byteSize) ? 0 : die.byteSize, members };
  }

  /** The struct or union without a name that a typedef names, or undefined. */
  namelessBehind(die: Die): Die | undefined {
    const target = this.#resolve(die);
    return target !== undefined && isComposite(target.tag) && target.nameSource === 'none'
      ? target
      : undefined;
  }

  /** Gathers members, going into nameless inner structs and unions as C does. */
  #collect(
    die: Die,
    base: number,
    wanted: ReadonlySet<string>,
    members: Record<string, MemberLayout>,
    budget: { left: number },
    depth: number,
  ): void {
    if (depth > MAXIMUM_DEPTH) return;
    for (const member of this.#reader.children(die)) {
      if (budget.left-- <= 0) return;
      this.#spend(die);
      if (member.tag !== TAG.member) continue;
      if (member.nameSource === 'none') {
        const inner = this.#resolve(member);
        if (inner !== undefined && isComposite(inner.tag))
          this.#collect(inner, base + byteOf(member), wanted, members, budget, depth + 1);
        continue;
      }
      const name = this.#names.of(member);
      if (name === undefined || !wanted.has(name) || Object.hasOwn(members, name)) continue;
      members[name] = this.#place(member, base);
    }
  }

  #place(member: Die, base: number): MemberLayout {
    const size = this.#sizeOf(member, 0);
    const { bitSize } = member;
    if (Number.isNaN(bitSize)) return [base + byteOf(member), size];
    const bit = firstBitOf(member, size);
    return [base + Math.floor(bit / 8), size, bit % 8, bitSize];
  }

  /** What the type of `die` is, typedefs and qualifiers taken off; undefined for void. */
  #resolve(die: Die): Die | undefined {
    let current = die;
    for (let depth = 0; depth < MAXIMUM_DEPTH; depth++) {
      if (current.type < 0) return undefined;
      this.#spend(current);
      current = this.#reader.follow(current.type, current.unit);
      if (!isAlias(current.tag)) return current;
    }
    return undefined;
  }

  /** Bytes of the type that `die` refers to; 0 where it has none or is malformed. */
  #sizeOf(die: Die, depth: number): number {
    const target = this.#resolve(die);
    if (target === undefined || depth > MAXIMUM_DEPTH) return 0;
    if (target.tag === TAG.array) return this.#elementsOf(target) * this.#sizeOf(target, depth + 1);
    if (!Number.isNaN(target.byteSize)) return target.byteSize;
    if (target.tag === TAG.pointer) return target.unit.header.addressBytes;
    // An enumeration may leave it to its underlying type.
    return target.tag === TAG.enumeration ? this.#sizeOf(target, depth + 1) : 0;
  }

  #spend({ unit }: Die): void {
    if (this.#budget-- <= 0)
      throw unit.cursor.flaw('types refer to each other more than any compiler lets them');
  }

  #elementsOf(array: Die): number {
    let elements = 1;
    let dimensions = 0;
    for (const { tag, count, upperBound } of this.#reader.children(array)) {
      if (dimensions++ === MAXIMUM_DIMENSIONS) return 0;
      this.#spend(array);
      if (tag !== TAG.subrange) continue;
      const length = Number.isNaN(count) ? upperBound + 1 : count;
      elements *= length >= 0 && length < NO_BOUND ? length : 0;
    }
    return dimensions === 0 ? 0 : elements;
  }
}

/** Byte offset of a member in its struct; those of a union need not tell. */
const byteOf = ({ location }: Die): number => (Number.isNaN(location) ? 0 : location);

/**
 * First bit of a bitfield, counted from the beginning of the struct. DWARF 4 and later say it plainly
 * (DW_AT_data_bit_offset); before, and in GCC up to 10, DW_AT_bit_offset counts from the highest bit of a storage
 * unit of DW_AT_byte_size, downwards to the highest bit of the field (DWARF 3, 5.6.6).
 */
function firstBitOf(member: Die, typeBytes: number): number {
  const { bitSize, bitOffset, dataBitOffset, byteSize } = member;
  const start = 8 * byteOf(member);
  if (!Number.isNaN(dataBitOffset)) return start + dataBitOffset;
  if (Number.isNaN(bitOffset)) return start;
  const storage = Number.isNaN(byteSize) ? typeBytes : byteSize;
  return start + 8 * storage - bitOffset - bitSize;
}

/** Kinds of entry that have members. */
export const isComposite = (tag: number): boolean =>
  tag === TAG.structure || tag === TAG.union || tag === TAG.class;

const isAlias = (tag: number): boolean =>
  tag === TAG.typedef ||
  tag === TAG.const ||
  tag === TAG.volatile ||
  tag === TAG.restrict ||
  tag === TAG.atomic ||
  tag === TAG.immutable;
