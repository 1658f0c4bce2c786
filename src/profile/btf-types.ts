// Every type that a kernel's BTF describes, each looked at when it is asked for: what `type`, `shell` and the library read
// structs by. Binding needs a few hundred members and has a quicker way to them (btf.ts).
import type { Enumerator, KernelMember, KernelType, KernelTypeKind } from '../types/kernel-type.ts';
import { BtfSection, KIND } from './btf-section.ts';
import type { Gap } from './piecewise.ts';

/** Typedefs of typedefs: real chains are below ten. */
const MAXIMUM_DEPTH = 32;
/** Types that one declaration spells: a function of functions of functions … would otherwise be spelled without end. */
const MAXIMUM_SPELLED = 200;
/** Members and enumerators of one type: BTF before v7.2 cannot count further, and no kernel's type has a tenth. */
const MAXIMUM_MEMBERS = 65_535;
/** Types of one name: a few, where drivers chose the same. */
const MAXIMUM_NAMESAKES = 64;
/** Parameters that a declaration shows. */
const MAXIMUM_PARAMETERS = 32;

/** What the words of C's three kinds of name begin with. */
const PREFIXES: Readonly<Record<number, string>> = {
  [KIND.struct]: 'struct ',
  [KIND.union]: 'union ',
  [KIND.enum]: 'enum ',
  [KIND.enum64]: 'enum ',
};
const NAMED: ReadonlySet<number> = new Set([
  ...[KIND.int, KIND.struct, KIND.union, KIND.enum, KIND.typedef, KIND.float, KIND.enum64],
]);

/** The types of one BTF: a kernel's own, or a module's with the kernel's below it. */
export class BtfTypes {
  readonly #section: BtfSection;
  readonly #pointerBytes: 4 | 8;
  /** The number of the first type that is not the base's. */
  readonly #first: number;
  #numbers: ReadonlyMap<string, readonly number[]> | undefined;

  readonly #typeOf: TypeOf;

  private constructor(section: BtfSection, pointerBytes: 4 | 8, first: number) {
    this.#section = section;
    this.#typeOf = typesOf(section);
    this.#pointerBytes = pointerBytes;
    this.#first = first;
  }

  /** `gaps`: what of `bytes` is missing. What stood there is left out. @throws BadProfile where `bytes` is no sound BTF */
  static read(bytes: Uint8Array, pointerBytes: 4 | 8, gaps: readonly Gap[] = []): BtfTypes {
    return new BtfTypes(new BtfSection(bytes, pointerBytes, gaps), pointerBytes, 1);
  }

  /** The types of a module, whose numbers go on where these end. @throws BadProfile where `bytes` is no sound BTF */
  ofModule(bytes: Uint8Array, gaps: readonly Gap[] = []): BtfTypes {
    const section = new BtfSection(bytes, this.#pointerBytes, gaps, this.#section);
    return new BtfTypes(section, this.#pointerBytes, this.#section.count);
  }

  /** Whether nothing of it is missing. */
  get isWhole(): boolean {
    return this.#section.isWhole;
  }

  /** How many types there are, void and those of the base included: the number of a module's first type. */
  get count(): number {
    return this.#section.count;
  }

  /** Bytes of its strings: where those of a module begin. */
  get stringBytes(): number {
    return this.#section.stringBytes;
  }

  /** Every name of a struct, union, enum, typedef or base type that is its own and not the base's. */
  names(): Iterable<string> {
    return this.#named().keys();
  }

  /** The types of that name, as C writes it: `struct file`, `union …`, `enum …`, or `file` alone. Drivers may share a name. */
  find(name: string): KernelType[] {
    const [, word, rest = ''] = /^(struct|union|enum) +(.*)$/.exec(name) ?? [];
    const prefix = word === undefined ? undefined : `${word} `;
    return (this.#named().get(prefix === undefined ? name : rest) ?? [])
      .filter((id) => prefix === undefined || PREFIXES[this.#kindOf(id) ?? 0] === prefix)
      .map(this.#typeOf);
  }

  #kindOf(id: number): number | undefined {
    const at = this.#section.startOf(id);
    return at === undefined ? undefined : this.#section.kindAt(at);
  }

  #named(): ReadonlyMap<string, readonly number[]> {
    if (this.#numbers !== undefined) return this.#numbers;
    const section = this.#section;
    const numbers = new Map<string, number[]>();
    for (let id = this.#first; id < section.count; id++) {
      const at = section.startOf(id);
      if (at === undefined || !NAMED.has(section.kindAt(at))) continue;
      const name = section.nameAt(section.word(at));
      if (name === '') continue;
      const others = numbers.get(name);
      if (others === undefined) numbers.set(name, [id]);
      else if (others.length < MAXIMUM_NAMESAKES) others.push(id);
    }
    this.#numbers = numbers;
    return numbers;
  }
}

/** The type of a number: the same object each time, so that what was made of a type can be kept under it. */
type TypeOf = (id: number) => KernelType;

function typesOf(section: BtfSection): TypeOf {
  const known = new Map<number, KernelType>();
  const typeOf: TypeOf = (id) => {
    const found = known.get(id);
    if (found !== undefined) return found;
    const type = new BtfType(section, id, typeOf);
    known.set(id, type);
    return type;
  };
  return typeOf;
}

/** One type, by its number. */
class BtfType implements KernelType {
  readonly #section: BtfSection;
  readonly #id: number;
  readonly #typeOf: TypeOf;
  /** The word index of what it is behind its typedefs; undefined for void, and where that is missing. */
  readonly #at: number | undefined;
  #members: readonly KernelMember[] | undefined;
  #enumerators: readonly Enumerator[] | undefined;

  constructor(section: BtfSection, id: number, typeOf: TypeOf) {
    this.#section = section;
    this.#id = id;
    this.#typeOf = typeOf;
    const target = section.resolve(id);
    this.#at = target === undefined ? undefined : section.startOf(target);
  }

  get kind(): KernelTypeKind {
    const at = this.#at;
    if (at === undefined) return this.#isVoid() ? 'void' : 'unknown';
    const section = this.#section;
    switch (section.kindAt(at)) {
      case KIND.int:
        if (section.nameAt(section.word(at)) === '_Bool') return 'bool';
        // Bit 2 of the encoding says boolean (BTF_INT_BOOL). Of bytes only those called char are text.
        if (((section.word(at + 3) >>> 24) & 4) !== 0) return 'bool';
        return section.nameAt(section.word(at)) === 'char' ? 'char' : 'int';
      case KIND.float:
        return 'float';
      case KIND.enum:
      case KIND.enum64:
        return 'enum';
      case KIND.ptr:
        return 'pointer';
      case KIND.array:
        return 'array';
      case KIND.struct:
        return 'struct';
      case KIND.union:
        return 'union';
      case KIND.fwd:
        return section.flagAt(at) ? 'union' : 'struct';
      case KIND.funcProto:
        return 'function';
      default:
        return 'unknown';
    }
  }

  get name(): string {
    return declarationOf(this.#section, this.#id, '', { left: MAXIMUM_SPELLED }).trim().replace(' [', '[');
  }

  get size(): number {
    return this.#section.sizeOf(this.#id);
  }

  get signed(): boolean {
    const at = this.#at;
    if (at === undefined) return false;
    const section = this.#section;
    const kind = section.kindAt(at);
    if (kind === KIND.enum || kind === KIND.enum64) return section.flagAt(at);
    if (kind !== KIND.int) return false;
    return ((section.word(at + 3) >>> 24) & 1) === 1;
  }

  get target(): KernelType | null {
    const at = this.#at;
    if (at === undefined) return null;
    const section = this.#section;
    if (section.kindAt(at) === KIND.ptr) return this.#typeOf(section.word(at + 2));
    return section.kindAt(at) === KIND.array ? this.#typeOf(section.word(at + 3)) : null;
  }

  get count(): number {
    return this.kind === 'array' ? this.#section.word(this.#at! + 5) : 0;
  }

  get isPartial(): boolean {
    return false;
  }

  get isDeclaredOnly(): boolean {
    return this.#at !== undefined && this.#section.kindAt(this.#at) === KIND.fwd;
  }

  get members(): readonly KernelMember[] {
    this.#members ??= this.#readMembers();
    return this.#members;
  }

  get enumerators(): readonly Enumerator[] {
    this.#enumerators ??= this.#readEnumerators();
    return this.#enumerators;
  }

  #readEnumerators(): readonly Enumerator[] {
    const at = this.#at;
    if (at === undefined || this.kind !== 'enum') return [];
    const section = this.#section;
    const isWide = section.kindAt(at) === KIND.enum64;
    const words = isWide ? 3 : 2;
    return Array.from({ length: Math.min(section.memberCountAt(at), MAXIMUM_MEMBERS) }, (_, nth) => {
      const entry = at + 3 + words * nth;
      const low = BigInt(section.word(entry + 1));
      const value = isWide ? (BigInt(section.word(entry + 2)) << 32n) | low : low;
      return {
        name: section.nameAt(section.word(entry)),
        value: this.signed ? BigInt.asIntN(isWide ? 64 : 32, value) : value,
      };
    });
  }

  declare(name: string): string {
    return declarationOf(this.#section, this.#id, name, { left: MAXIMUM_SPELLED }).trim();
  }

  #isVoid(): boolean {
    const section = this.#section;
    let id = this.#id;
    for (let depth = 0; id !== 0 && depth < MAXIMUM_DEPTH; depth++) {
      const at = section.startOf(id);
      if (at === undefined) return false;
      id = section.word(at + 2);
    }
    return id === 0;
  }

  #readMembers(): readonly KernelMember[] {
    const section = this.#section;
    const at = this.#at;
    if (at === undefined || !(section.kindAt(at) === KIND.struct || section.kindAt(at) === KIND.union))
      return [];
    const tellsBits = section.flagAt(at);
    return Array.from({ length: Math.min(section.memberCountAt(at), MAXIMUM_MEMBERS) }, (_, nth) => {
      const entry = at + 3 + 3 * nth;
      const place = section.word(entry + 2);
      const bits = tellsBits ? place >>> 24 : 0;
      const bitOffset = tellsBits ? place & 0xff_ffff : place;
      return {
        name: section.nameAt(section.word(entry)),
        type: this.#typeOf(section.word(entry + 1)),
        offset: bitOffset >>> 3,
        firstBit: bits === 0 ? 0 : bitOffset & 7,
        bits,
      };
    });
  }
}

/** How many types may still be spelled. */
interface Turns {
  left: number;
}

/** C's declaration of `inner` as of type `id`: a name, or a name with what stands around it already. */
function declarationOf(section: BtfSection, id: number, inner: string, turns: Turns): string {
  const at = section.startOf(id);
  if (at === undefined || turns.left-- <= 0) return `${id === 0 ? 'void' : '?'} ${inner}`;
  const kind = section.kindAt(at);
  const next = section.word(at + 2);
  switch (kind) {
    case KIND.ptr: {
      const to = section.startOf(next);
      const isBound =
        to !== undefined && [KIND.array, KIND.funcProto].some((bound) => bound === section.kindAt(to));
      return declarationOf(section, next, isBound ? `(*${inner})` : `*${inner}`, turns);
    }
    case KIND.array:
      return declarationOf(section, section.word(at + 3), `${inner}[${section.word(at + 5)}]`, turns);
    case KIND.funcProto:
      return declarationOf(section, next, `${inner}(${parametersOf(section, at, turns)})`, turns);
    case KIND.typeTag:
      return declarationOf(section, next, inner, turns);
    case KIND.const:
    case KIND.volatile:
    case KIND.restrict: {
      const word = kind === KIND.const ? 'const' : kind === KIND.volatile ? 'volatile' : 'restrict';
      const to = section.startOf(next);
      // A pointer that is constant itself: the word stands behind its star.
      if (to !== undefined && section.kindAt(to) === KIND.ptr)
        return declarationOf(section, next, `${word} ${inner}`, turns);
      return `${word} ${declarationOf(section, next, inner, turns)}`;
    }
    case KIND.fwd:
      return `${section.flagAt(at) ? 'union' : 'struct'} ${section.nameAt(section.word(at))} ${inner}`;
    default: {
      const name = section.nameAt(section.word(at));
      const prefix = PREFIXES[kind] ?? '';
      return `${prefix}${name === '' ? (prefix === '' ? '?' : '{ … }') : name} ${inner}`;
    }
  }
}

/** `int, struct file *`; one without a type at the end means that others may follow. */
function parametersOf(section: BtfSection, at: number, turns: Turns): string {
  const count = section.memberCountAt(at);
  if (count === 0) return 'void';
  const shown = Array.from({ length: Math.min(count, MAXIMUM_PARAMETERS) }, (_, nth) => {
    const type = section.word(at + 4 + 2 * nth);
    return type === 0 && nth === count - 1 ? '...' : declarationOf(section, type, '', turns).trim();
  });
  return [...shown, ...(count > shown.length ? ['…'] : [])].join(', ');
}
