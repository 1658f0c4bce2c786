// BTF types as ISF writes them.
// Structs without a name get one from a typedef, or by their number.
import { type BtfSection, KIND } from './btf-section.ts';

/** Kinds of BTF that only a whole table wants. */
const FUNC = 12;
const VAR = 14;
/** Pointers to pointers to …: real chains are below ten. */
const MAXIMUM_DEPTH = 32;
/** Encodings of integers, in the upper byte of the word behind the type's three. */
const [SIGNED, CHAR, BOOL] = [1, 2, 4];

/** A type where one is used: `type_descriptor` of the schema. */
export type IsfType =
  | { readonly kind: 'base' | 'struct' | 'union' | 'enum'; readonly name: string }
  | { readonly kind: 'pointer'; readonly subtype: IsfType }
  | { readonly kind: 'array'; readonly count: number; readonly subtype: IsfType }
  | { readonly kind: 'function' }
  | {
      readonly kind: 'bitfield';
      readonly bit_position: number;
      readonly bit_length: number;
      readonly type: IsfType;
    };

interface IsfBase {
  readonly size: number;
  readonly signed: boolean;
  readonly kind: 'void' | 'int' | 'char' | 'bool' | 'float';
  readonly endian: 'little';
}
interface IsfField {
  readonly type: IsfType;
  readonly offset: number;
  readonly anonymous?: true;
}
interface IsfUser {
  readonly kind: 'struct' | 'union';
  readonly size: number;
  readonly fields: ReadonlyMap<string, IsfField>;
}
interface IsfEnum {
  readonly size: number;
  readonly base: string;
  readonly constants: ReadonlyMap<string, number | bigint>;
}

const VOID: IsfType = { kind: 'base', name: 'void' };

/**
 * Every type of a BTF, as ISF has them: typedefs and qualifiers are taken off, and structs that have no name go by
 * that of a typedef or by their number.
 */
export class IsfTypeTable {
  readonly bases = new Map<string, IsfBase>();
  readonly users = new Map<string, IsfUser>();
  readonly enums = new Map<string, IsfEnum>();
  /** Types of per-CPU variables, by symbol. */
  readonly variables = new Map<string, IsfType>();
  readonly #section: BtfSection;
  readonly #names = new Map<number, string>();
  /** Typedefs that lead to a struct or union → its number, where no struct has their name: further names of it. */
  readonly #aliases = new Map<string, number>();
  /** Since pahole 1.24 enums tell whether they are signed; where none says that it is, none tells. */
  readonly #enumsTellSigns: boolean;
  readonly #enumBases = new Map<string, string>();

  constructor(section: BtfSection, pointerBytes: 4 | 8) {
    this.#section = section;
    this.bases.set('void', { size: 0, signed: false, kind: 'void', endian: 'little' });
    this.bases.set('pointer', { size: pointerBytes, signed: false, kind: 'int', endian: 'little' });
    this.#enumsTellSigns = this.#anyEnumIsSigned();
    this.#nameAll();
    this.#addBases();
    for (const [id, name] of this.#names) {
      const at = section.startOf(id)!;
      const kind = section.kindAt(at);
      if (isEnumKind(kind)) this.enums.set(name, this.#enumAt(at, kind));
      else this.users.set(name, this.#userAt(at, kind));
    }
    this.#addAliases();
  }

  /** The type that `SYMBOL_TYPES` spells, or undefined where this kernel has none of that name. */
  spelled(words: string, depth = 0): IsfType | undefined {
    if (depth > MAXIMUM_DEPTH) return undefined;
    const [, prefix, count, rest] = /^(\*|\[(\d+)\])(.*)$/.exec(words) ?? [];
    if (prefix !== undefined) {
      const subtype = this.spelled(rest!, depth + 1);
      if (subtype === undefined) return undefined;
      return prefix === '*' ? { kind: 'pointer', subtype } : { kind: 'array', count: Number(count), subtype };
    }
    if (words === 'function') return { kind: 'function' };
    if (this.bases.has(words)) return { kind: 'base', name: words };
    const user = this.users.get(words);
    return user === undefined ? undefined : { kind: user.kind, name: words };
  }

  /** Names every struct, union and enum: its own name, or a typedef's, or its number. No two get the same. */
  #nameAll(): void {
    const section = this.#section;
    const typedefs = this.#typedefs();
    const owners = new Map<string, number>();
    for (let id = 1; id < section.count; id++) {
      const at = section.startOf(id)!;
      const kind = section.kindAt(at);
      if (!isNamed(kind)) continue;
      const isEnum = isEnumKind(kind);
      const name = section.nameAt(section.word(at)) || typedefs.get(id) || `unnamed_${id}`;
      const key = `${isEnum ? 'enum' : 'struct'} ${name}`;
      const other = owners.get(key);
      // Where drivers chose the same name, the larger has it; the others are still told apart.
      if (other !== undefined && this.#memberCount(other) > this.#memberCount(id)) {
        this.#names.set(id, `${name}__${id}`);
        continue;
      }
      if (other !== undefined) this.#names.set(other, `${name}__${other}`);
      owners.set(key, id);
      this.#names.set(id, name);
    }
    for (const { name, target, isEnum } of this.#leadingTypedefs()) {
      if (!isEnum && !owners.has(`struct ${name}`) && !this.#aliases.has(name))
        this.#aliases.set(name, target);
    }
  }

  /** Nameless type → the first typedef that leads to it. */
  #typedefs(): Map<number, string> {
    const found = new Map<number, string>();
    for (const { name, target, isNameless } of this.#leadingTypedefs())
      if (isNameless && !found.has(target)) found.set(target, name);
    return found;
  }

  /** Every typedef that leads to a struct, union or enum. */
  *#leadingTypedefs(): Generator<{ name: string; target: number; isNameless: boolean; isEnum: boolean }> {
    const section = this.#section;
    for (let id = 1; id < section.count; id++) {
      const at = section.startOf(id)!;
      if (section.kindAt(at) !== KIND.typedef) continue;
      const target = section.resolve(id);
      const name = section.nameAt(section.word(at));
      if (target === undefined || name === '') continue;
      const targetAt = section.startOf(target)!;
      const kind = section.kindAt(targetAt);
      if (!isNamed(kind)) continue;
      const isNameless = section.word(targetAt) === 0;
      yield { name, target, isNameless, isEnum: isEnumKind(kind) };
    }
  }

  #anyEnumIsSigned(): boolean {
    const section = this.#section;
    for (let id = 1; id < section.count; id++) {
      const at = section.startOf(id)!;
      if (isEnumKind(section.kindAt(at)) && section.flagAt(at)) return true;
    }
    return false;
  }

  /** Typedefs are further names of their structs; forward declarations that nothing follows are empty. */
  #addAliases(): void {
    const section = this.#section;
    for (const [name, target] of this.#aliases)
      this.users.set(name, this.users.get(this.#names.get(target)!)!);
    for (let id = 1; id < section.count; id++) {
      const at = section.startOf(id)!;
      const name = section.kindAt(at) === KIND.fwd ? section.nameAt(section.word(at)) : '';
      if (name === '' || this.users.has(name)) continue;
      this.users.set(name, { kind: section.flagAt(at) ? 'union' : 'struct', size: 0, fields: new Map() });
    }
    this.#addTimekeeperCore();
  }

  /** The struct around the clock has no name and no per-CPU variable, so that BTF has none before 6.13 named it. */
  #addTimekeeperCore(): void {
    const [seq, clock] = ['seqcount_raw_spinlock_t', 'timekeeper'];
    const [seqSize, clockSize] = [this.users.get(seq)?.size, this.users.get(clock)?.size];
    if (this.users.has('tk_core') || seqSize === undefined || clockSize === undefined) return;
    const offset = Math.ceil(seqSize / 8) * 8;
    const fields = new Map<string, IsfField>([
      ['seq', { type: { kind: 'struct', name: seq }, offset: 0 }],
      ['timekeeper', { type: { kind: 'struct', name: clock }, offset }],
    ]);
    this.users.set('tk_core', { kind: 'struct', size: offset + clockSize, fields });
  }

  #addBases(): void {
    const section = this.#section;
    for (let id = 1; id < section.count; id++) {
      const at = section.startOf(id)!;
      const kind = section.kindAt(at);
      const name = section.nameAt(section.word(at));
      if (kind === KIND.int) this.#addBase(name, this.#integerAt(at, name));
      else if (kind === KIND.float)
        this.#addBase(name, { size: section.word(at + 2), signed: true, kind: 'float', endian: 'little' });
      else if (kind === VAR && name !== '') this.variables.set(name, this.#use(section.word(at + 2)));
    }
  }

  #addBase(name: string, base: IsfBase): void {
    if (name !== '' && !this.bases.has(name)) this.bases.set(name, base);
  }

  #integerAt(at: number, name: string): IsfBase {
    const encoding = this.#section.word(at + 3) >>> 24;
    const isChar = (encoding & CHAR) !== 0 || /^(un|)signed char$|^char$/.test(name);
    const kind = (encoding & BOOL) !== 0 ? 'bool' : isChar ? 'char' : 'int';
    return { size: this.#section.word(at + 2), signed: (encoding & SIGNED) !== 0, kind, endian: 'little' };
  }

  #userAt(at: number, kind: number): IsfUser {
    const section = this.#section;
    const fields = new Map<string, IsfField>();
    const tellsBits = section.flagAt(at);
    const end = at + 3 + 3 * section.memberCountAt(at);
    for (let member = at + 3; member < end; member += 3) {
      const place = section.word(member + 2);
      const bits = tellsBits ? place >>> 24 : 0;
      const bitOffset = tellsBits ? place & 0xff_ffff : place;
      const offset = bitOffset >>> 3;
      const type = this.#use(section.word(member + 1));
      const name = section.nameAt(section.word(member));
      if (bits !== 0 && name !== '')
        fields.set(name, {
          type: { kind: 'bitfield', bit_position: bitOffset & 7, bit_length: bits, type },
          offset,
        });
      else if (name !== '') fields.set(name, { type, offset });
      else if (type.kind === 'struct' || type.kind === 'union')
        fields.set(`unnamed_field_${fields.size}`, { type, offset, anonymous: true });
    }
    return { kind: kind === KIND.union ? 'union' : 'struct', size: section.word(at + 2), fields };
  }

  #enumAt(at: number, kind: number): IsfEnum {
    const section = this.#section;
    const constants = new Map<string, number | bigint>();
    const words = kind === KIND.enum ? 2 : 3;
    const isSigned = section.flagAt(at) || !this.#enumsTellSigns;
    const end = at + 3 + words * section.memberCountAt(at);
    let isNegative = section.flagAt(at);
    for (let member = at + 3; member < end; member += words) {
      const low = section.word(member + 1);
      const wide = words === 3 ? (BigInt(section.word(member + 2)) << 32n) | BigInt(low) : undefined;
      const value = isSigned ? (wide === undefined ? low | 0 : BigInt.asIntN(64, wide)) : (wide ?? low);
      if (value < 0) isNegative = true;
      constants.set(section.nameAt(section.word(member)), value);
    }
    const size = section.word(at + 2);
    return { size, base: this.#enumBase(size, isNegative), constants };
  }

  /** The name of an integer of that size: the kernel's own, or one that is made up. */
  #enumBase(size: number, signed: boolean): string {
    const key = `${signed ? 'signed' : 'unsigned'} ${size}`;
    let name = this.#enumBases.get(key);
    if (name !== undefined) return name;
    const fits = [...this.bases].find(
      ([base, like]) =>
        base !== 'pointer' &&
        like.size === size &&
        like.signed === signed &&
        (like.kind === 'int' || size === 1),
    );
    name = fits?.[0] ?? `enum ${key}`;
    this.#addBase(name, { size, signed, kind: 'int', endian: 'little' });
    this.#enumBases.set(key, name);
    return name;
  }

  #use(id: number, depth = 0): IsfType {
    const section = this.#section;
    const target = section.resolve(id);
    const at = target === undefined ? undefined : section.startOf(target);
    if (target === undefined || at === undefined || depth > MAXIMUM_DEPTH) return VOID;
    const name = section.nameAt(section.word(at));
    switch (section.kindAt(at)) {
      case KIND.int:
      case KIND.float:
        return name === '' ? VOID : { kind: 'base', name };
      case KIND.ptr:
        return { kind: 'pointer', subtype: this.#use(section.word(at + 2), depth + 1) };
      case KIND.array:
        return {
          kind: 'array',
          count: section.word(at + 5),
          subtype: this.#use(section.word(at + 3), depth + 1),
        };
      case KIND.struct:
      case KIND.union:
        return {
          kind: section.kindAt(at) === KIND.union ? 'union' : 'struct',
          name: this.#aliasOn(id, target) ?? this.#names.get(target)!,
        };
      case KIND.fwd:
        return { kind: section.flagAt(at) ? 'union' : 'struct', name };
      case KIND.enum:
      case KIND.enum64:
        // An enum that is only declared has no bytes and no names.
        return { kind: 'enum', name: this.#names.get(target)! };
      case KIND.funcProto:
      case FUNC:
        return { kind: 'function' };
      default:
        return VOID;
    }
  }

  /** The typedef that stands last on the way from a use to its struct: what programmers and dwarf2json call it. */
  #aliasOn(id: number, target: number): string | undefined {
    const section = this.#section;
    let found: string | undefined;
    for (let current = id; current !== target; current = section.word(section.startOf(current)! + 2)) {
      const at = section.startOf(current)!;
      const name = section.kindAt(at) === KIND.typedef ? section.nameAt(section.word(at)) : '';
      if (name !== '' && (this.#aliases.get(name) === target || this.#names.get(target) === name))
        found = name;
    }
    return found;
  }

  #memberCount(id: number): number {
    return this.#section.memberCountAt(this.#section.startOf(id)!);
  }
}

const isEnumKind = (kind: number): boolean => kind === KIND.enum || kind === KIND.enum64;
const isNamed = (kind: number): boolean => kind === KIND.struct || kind === KIND.union || isEnumKind(kind);
