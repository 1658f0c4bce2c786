// Values of the kernel's types in memory: a struct is an object with a getter for each member that C code can name, a pointer
// to a struct is that struct, and nothing is read before somebody looks at it.
import { fromWords, hex, highWord, lowWord, type VirtualAddress, wrapped } from '../base/address.ts';
import { viewOf } from '../base/bytes.ts';
import { CorruptStructure, NotInKernel } from '../base/errors.ts';
import { decodeText, decodeUntilNul } from '../base/text.ts';
import type { AddressSpace } from '../translate/address-space.ts';
import { type KernelMember, type KernelType, namedMembers } from '../types/kernel-type.ts';
import { INSPECT } from './inspect.ts';

/** Bytes of a text, or of an array of bytes, that is read as one value; a larger array is read element by element. */
const MOST_BYTES = 65_536;
/** Bytes that a text behind a pointer may have where nothing else is said. */
const USUAL_TEXT_BYTES = 4096;
/** Whole numbers up to this many bytes are numbers, longer ones bigints. */
const NUMBER_BYTES = 4;

/** What a member holds: an enum's value goes by its name, an array of `char` is a text, NULL is null. */
export type Value = number | bigint | boolean | string | null | Uint8Array | Struct | Pointer | ArrayOfValues;

/**
 * A struct or union of the kernel at an address. Its members are properties under the kernel's own names; a getter reads
 * memory each time, and throws an EvidenceFault where that is missing. What is not the kernel's begins with `$`.
 */
export class Struct {
  declare readonly $address: VirtualAddress;
  declare readonly $type: KernelType;
  declare readonly $values: Values;
  /** The members, typed by whoever knows them. */
  // biome-ignore lint/suspicious/noExplicitAny: which members there are is known when the kernel is
  [member: string]: any;

  constructor(values: Values, type: KernelType, address: VirtualAddress) {
    // Hidden from whoever lists the members.
    Object.defineProperties(this, {
      $values: { value: values },
      $type: { value: type },
      $address: { value: address },
    });
  }

  /** As Node shows it in a list: what it is, and where. */
  [INSPECT](): string {
    return `${this.$type.name} at ${hex(this.$address)}`;
  }

  /** The member of that name, and where it is. @throws NotInKernel */
  $member(name: string): KernelMember {
    return this.$values.memberOf(this.$type, name);
  }
}

/** A pointer to what is no struct: to a number, a text, a function, another pointer. */
export class Pointer {
  readonly $address: VirtualAddress;
  /** The pointer's own type: `char *`. */
  readonly $type: KernelType;
  readonly #values: Values;

  constructor(values: Values, type: KernelType, address: VirtualAddress) {
    this.#values = values;
    this.$type = type;
    this.$address = address;
  }

  /** What it leads to. @throws EvidenceFault @throws NotInKernel where the type has no values: `void`, a function */
  $read(): Value {
    const { target } = this.$type;
    if (target === null || target.size === 0)
      throw new NotInKernel(`nothing is read behind ${this.$type.name}: it does not say what is there`);
    return this.#values.read(target, this.$address);
  }

  /** The text that it leads to, of at most `limit` bytes. @throws EvidenceFault */
  $string(limit = USUAL_TEXT_BYTES): string {
    return decodeText(this.#values.space.cString(this.$address, limit));
  }

  toString(): string {
    return hex(this.$address);
  }

  [INSPECT](): string {
    return `(${this.$type.name}) ${hex(this.$address)}`;
  }
}

/** An array that is read element by element: `array[3]`, `for (const element of array)`. */
export class ArrayOfValues {
  readonly $address: VirtualAddress;
  readonly $type: KernelType;
  readonly #values: Values;
  readonly [index: number]: Value;

  private constructor(values: Values, type: KernelType, address: VirtualAddress) {
    this.#values = values;
    this.$type = type;
    this.$address = address;
  }

  /** An array at an address. */
  static at(values: Values, type: KernelType, address: VirtualAddress): ArrayOfValues {
    const array = new ArrayOfValues(values, type, address);
    return new Proxy(array, {
      get: (_, key) => {
        if (typeof key === 'string' && /^\d{1,10}$/.test(key)) return array.at(Number(key));
        const value: unknown = Reflect.get(array, key, array);
        return typeof value === 'function' ? value.bind(array) : value;
      },
    });
  }

  /** How many elements its type says; 0 where it has no length of its own: `at` reads these all the same. */
  get length(): number {
    const { count, size, target } = this.$type;
    // What claims to be larger than anything in a kernel has no size, and no elements.
    return size === 0 && target !== null && target.size > 0 ? 0 : count;
  }

  /** An element. @throws EvidenceFault @throws RangeError past the end */
  at(index: number): Value {
    const { target, count } = this.$type;
    if (target === null || !Number.isSafeInteger(index) || index < 0 || (count > 0 && index >= count))
      throw new RangeError(`${this.$type.name} has no element ${index}`);
    return this.#values.read(target, this.#values.moved(this.$address, BigInt(index) * BigInt(target.size)));
  }

  [INSPECT](): string {
    return `${this.$type.name} at ${hex(this.$address)}`;
  }

  /** The elements that its type says there are. @throws EvidenceFault */
  *[Symbol.iterator](): Generator<Value> {
    for (let index = 0; index < this.length; index++) yield this.at(index);
  }
}

type StructClass = new (values: Values, type: KernelType, address: VirtualAddress) => Struct;

/** Reads values of one space. */
export class Values {
  readonly space: AddressSpace;
  readonly pointerBytes: 4 | 8;
  readonly #classes = new Map<KernelType, StructClass>();
  readonly #members = new Map<KernelType, ReadonlyMap<string, KernelMember>>();

  constructor(space: AddressSpace, pointerBytes: 4 | 8) {
    this.space = space;
    this.pointerBytes = pointerBytes;
  }

  /** The struct or union of that type at an address. Making it reads nothing. */
  struct(type: KernelType, address: VirtualAddress): Struct {
    const known = this.#classes.get(type);
    if (known !== undefined) return new known(this, type, address);
    const made = this.#classOf(type);
    this.#classes.set(type, made);
    return new made(this, type, address);
  }

  /** The members that C code can name, those of nameless inner structs too. */
  membersOf(type: KernelType): ReadonlyMap<string, KernelMember> {
    const known = this.#members.get(type) ?? namedMembers(type);
    this.#members.set(type, known);
    return known;
  }

  /** @throws NotInKernel */
  memberOf(type: KernelType, name: string): KernelMember {
    const found = this.membersOf(type).get(name);
    if (found === undefined) throw new NotInKernel(`this kernel has no ${name} in ${type.name}`);
    return found;
  }

  /** `address` and so many bytes on, in the width of this kernel's pointers. */
  moved(address: VirtualAddress, bytes: bigint): VirtualAddress {
    return wrapped(address + bytes, this.pointerBytes);
  }

  /** What a member of the struct at `address` holds. @throws EvidenceFault */
  member({ type, offset, firstBit, bits }: KernelMember, address: VirtualAddress): Value {
    const at = this.moved(address, BigInt(offset));
    return bits === 0 ? this.read(type, at) : this.#bitfield(type, at, firstBit, bits);
  }

  /** The value of that type at an address. @throws EvidenceFault */
  read(type: KernelType, address: VirtualAddress): Value {
    switch (type.kind) {
      case 'bool':
        return this.#number(type.size, false, address) !== 0;
      case 'int':
      case 'char':
        return this.#number(type.size, type.signed, address);
      case 'enum':
        return named(type, this.#number(type.size, type.signed, address));
      case 'float':
        return this.#float(type, address);
      case 'pointer':
        return this.#pointer(type, address);
      case 'array':
        return this.#array(type, address);
      case 'struct':
      case 'union':
        return this.struct(type, address);
      default:
        // Of a function, and of what has no size, there is nothing but its place.
        return type.size > 0 && type.size <= MOST_BYTES
          ? this.space.bytes(address, type.size)
          : new Pointer(this, type, address);
    }
  }

  #classOf(type: KernelType): StructClass {
    const Made = { [type.name]: class extends Struct {} }[type.name]!;
    for (const [name, member] of this.membersOf(type)) {
      Object.defineProperty(Made.prototype, name, {
        enumerable: true,
        configurable: true,
        get(this: Struct) {
          return this.$values.member(member, this.$address);
        },
      });
    }
    return Made;
  }

  #number(size: number, signed: boolean, address: VirtualAddress): number | bigint {
    const [hi, lo] = [highWord(address), lowWord(address)];
    const { space } = this;
    switch (size) {
      case 1:
        return this.#believed(signed ? (space.u8(hi, lo, 0) << 24) >> 24 : space.u8(hi, lo, 0), address);
      case 2:
        return this.#believed(signed ? (space.u16(hi, lo, 0) << 16) >> 16 : space.u16(hi, lo, 0), address);
      case NUMBER_BYTES:
        return this.#believed(signed ? space.i32(hi, lo, 0) : space.i32(hi, lo, 0) >>> 0, address);
      default: {
        const value = wordOf(space.bytes(address, Math.min(size, 16)));
        return this.#believed(signed ? BigInt.asIntN(8 * size, value) : value, address);
      }
    }
  }

  #float({ size }: KernelType, address: VirtualAddress): number {
    const view = viewOf(this.space.bytes(address, Math.min(size, 8)));
    if (size === 4) return view.getFloat32(0, true);
    if (size === 8) return view.getFloat64(0, true);
    throw new NotInKernel(`numbers of ${size} bytes with a fraction are not read`);
  }

  #pointer(type: KernelType, address: VirtualAddress): Struct | Pointer | null {
    const [hi, lo] = [highWord(address), lowWord(address)];
    const low = this.space.i32(hi, lo, 0);
    const to = fromWords(this.pointerBytes === 8 ? this.space.i32(hi, lo, 4) : 0, low);
    if (this.#believed(to, address) === 0n) return null;
    const { target } = type;
    const isStruct = target !== null && (target.kind === 'struct' || target.kind === 'union');
    return isStruct && !target.isDeclaredOnly ? this.struct(target, to) : new Pointer(this, type, to);
  }

  #array(type: KernelType, address: VirtualAddress): Value {
    const { target, size } = type;
    const isOfBytes = target !== null && target.size === 1 && size > 0 && size <= MOST_BYTES;
    if (isOfBytes && target.kind === 'char') {
      const text = decodeUntilNul(this.space.bytes(address, size));
      this.#believed(text === '' ? 0 : 1, address);
      return text;
    }
    if (isOfBytes && target.kind === 'int') return this.space.bytes(address, size);
    return ArrayOfValues.at(this, type, address);
  }

  /** Bits from bit `firstBit` of the byte at `address` on: a C bitfield lies within 8 bytes of its type, which 9 bytes cover. */
  #bitfield(type: KernelType, address: VirtualAddress, firstBit: number, bits: number): Value {
    const bytes = this.space.bytes(address, Math.ceil((firstBit + bits) / 8));
    const field = BigInt.asUintN(bits, wordOf(bytes) >> BigInt(firstBit));
    const value = type.signed ? BigInt.asIntN(bits, field) : field;
    const sound = this.#believed(bits <= 32 ? Number(value) : value, address);
    if (type.kind === 'bool') return sound !== 0;
    return type.kind === 'enum' ? named(type, sound) : sound;
  }

  /**
   * A zero counts only where its page holds something else: a page of zeros in place of a structure was not copied, or not in
   * time. @throws CorruptStructure
   */
  #believed<T extends number | bigint>(value: T, address: VirtualAddress): T {
    const isZero = value === 0 || value === 0n;
    if (isZero && this.space.isBlank(highWord(address), lowWord(address), 0))
      throw new CorruptStructure(`the page of ${hex(address)} holds nothing but zeros`);
    return value;
  }
}

/** The name that an enum has for a value; the value where it has none. */
function named({ enumerators }: KernelType, value: number | bigint): string | number | bigint {
  const wanted = BigInt(value);
  return enumerators.find((enumerator) => enumerator.value === wanted)?.name ?? value;
}

/** The whole number in little-endian bytes. */
const wordOf = (bytes: Uint8Array): bigint =>
  bytes.reduceRight((value, byte) => (value << 8n) | BigInt(byte), 0n);
