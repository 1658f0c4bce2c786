// C types of an ISF symbol table, found by name and read when asked for.
// Nesting is bounded: tables come from strangers.
import { BadProfile } from '../base/errors.ts';
import type { MemberLayout, TypeLayout } from '../types/layout.ts';
import type { JsonBytes } from './isf-json.ts';

/** The parts of a table that name types, by their place in the text. */
export interface IsfSections {
  readonly base_types: number;
  readonly user_types: number;
  readonly enums: number;
}

/** Types of one table: kernels have 8,000 to 13,000. */
const MAXIMUM_TYPES = 200_000;
/** Members looked at for one struct, those of nameless inner ones included. */
const MAXIMUM_MEMBERS = 5_000;
/** Nameless structs within nameless structs, and arrays of arrays: the kernel's deepest are below ten. */
const MAXIMUM_DEPTH = 32;

type Fields = Readonly<Record<string, unknown>>;

/** A struct or union, checked as far as its outside goes. */
interface UserType {
  readonly size: number;
  readonly fields: Fields;
}

/** What a table says of C types. Names are looked up in its text, and only the types that are asked for are read. */
export class IsfTypes {
  readonly pointerBytes: number;
  readonly #json: JsonBytes;
  readonly #name: string;
  readonly #baseSizes = new Map<string, number>();
  readonly #userTypes: ReadonlyMap<string, number>;
  readonly #enums: ReadonlyMap<string, number>;
  readonly #read = new Map<string, UserType>();

  /** @throws BadProfile, BadJson */
  constructor(json: JsonBytes, sections: IsfSections, name: string) {
    this.#json = json;
    this.#name = name;
    for (const [base, at] of json.members(sections.base_types)) {
      const { size, endian } = recordOf(json.value(at));
      if (endian === 'big') throw this.#flaw('is of a big-endian machine, which is not read');
      if (isSize(size)) this.#baseSizes.set(base, size);
      if (this.#baseSizes.size > 10_000) throw this.#flaw('has too many base types');
    }
    this.pointerBytes = this.#baseSizes.get('pointer') ?? 0;
    this.#userTypes = this.#indexOf(sections.user_types);
    this.#enums = this.#indexOf(sections.enums);
  }

  /** How many structs and unions it has. */
  get count(): number {
    return this.#userTypes.size;
  }

  /** The layout of a struct or union, with the wanted members that it has. Undefined where there is no such type. @throws BadProfile */
  layoutOf(type: string, wanted: readonly string[]): TypeLayout | undefined {
    const found = this.#userType(type);
    if (found === undefined) return undefined;
    const members = new Map<string, MemberLayout>();
    for (const { name, field, base } of this.#members(type, found)) {
      if (wanted.includes(name) && !members.has(name))
        members.set(name, this.#placeOf(field, base, `${type}.${name}`));
    }
    return { size: found.size, members: Object.fromEntries(members) };
  }

  /** The names of a type's members, those of nameless inner ones too. */
  memberNames(type: string): Set<string> {
    const found = this.#userType(type);
    return new Set(found === undefined ? [] : [...this.#members(type, found)].map(({ name }) => name));
  }

  /** The values of the wanted enumerators, of whatever enum. */
  enumerators(wanted: readonly string[]): Record<string, number> {
    const found = new Map<string, number>();
    for (const at of this.#enums.values()) {
      const constantsAt = this.#json.isObject(at) ? this.#json.member(at, 'constants') : undefined;
      if (constantsAt === undefined || !this.#json.isObject(constantsAt)) continue;
      for (const [name, valueAt] of this.#json.members(constantsAt)) {
        if (!wanted.includes(name) || found.has(name)) continue;
        const value = this.#json.value(valueAt);
        if (!Number.isSafeInteger(value)) throw this.#flaw(`has no whole number for enumerator ${name}`);
        found.set(name, value as number);
      }
    }
    return Object.fromEntries(found);
  }

  #indexOf(section: number): Map<string, number> {
    const index = new Map<string, number>();
    for (const [name, at] of this.#json.members(section)) {
      index.set(name, at);
      if (index.size > MAXIMUM_TYPES) throw this.#flaw(`has more than ${MAXIMUM_TYPES} types`);
    }
    return index;
  }

  #userType(type: string): UserType | undefined {
    const known = this.#read.get(type);
    if (known !== undefined) return known;
    const at = this.#userTypes.get(type);
    if (at === undefined) return undefined;
    const { size, fields } = recordOf(this.#json.value(at));
    if (!isSize(size)) throw this.#flaw(`has no size for type ${type}`);
    const found = { size, fields: recordOf(fields) };
    this.#read.set(type, found);
    return found;
  }

  /** Every member with a name, going into nameless inner structs and unions as C does. */
  *#members(
    type: string,
    whole: UserType,
    base = 0,
    depth = 0,
    budget = { left: MAXIMUM_MEMBERS },
  ): Generator<{ name: string; field: Fields; base: number }> {
    for (const [name, value] of Object.entries(whole.fields)) {
      if (budget.left-- <= 0) return;
      const field = recordOf(value);
      const descriptor = recordOf(field['type']);
      const inner = isNameless(name, field) ? this.#innerOf(descriptor) : undefined;
      if (inner === undefined) yield { name, field, base };
      else if (depth < MAXIMUM_DEPTH) {
        const offset = base + this.#whole(field['offset'], `${type}.${name}`);
        yield* this.#members(type, inner, offset, depth + 1, budget);
      }
    }
  }

  #innerOf(descriptor: Fields): UserType | undefined {
    const { kind, name } = descriptor;
    return isStructKind(kind) && typeof name === 'string' ? this.#userType(name) : undefined;
  }

  #placeOf(field: Fields, base: number, member: string): MemberLayout {
    const type = recordOf(field['type']);
    const offset = base + this.#whole(field['offset'], member);
    if (type['kind'] !== 'bitfield') return [offset, this.#sizeOf(type, member)];
    const size = this.#sizeOf(recordOf(type['type']), member);
    // Tools differ in the unit that they count bits from; here it is the byte that the first is in.
    const first = 8 * offset + this.#whole(type['bit_position'], member);
    return [Math.floor(first / 8), size, first % 8, this.#whole(type['bit_length'], member)];
  }

  #sizeOf(descriptor: Fields, member: string): number {
    let count = 1;
    let type = descriptor;
    for (let depth = 0; depth < MAXIMUM_DEPTH; depth++) {
      if (type['kind'] !== 'array') return count * this.#plainSizeOf(type, member);
      count *= this.#whole(type['count'], member);
      type = recordOf(type['subtype']);
    }
    throw this.#flaw(`has arrays within arrays for ${member}`);
  }

  #plainSizeOf(type: Fields, member: string): number {
    const { kind } = type;
    const name = typeof type['name'] === 'string' ? type['name'] : '';
    const size = isStructKind(kind) ? this.#userType(name)?.size : this.#simpleSizeOf(kind, name, type);
    if (size === undefined) throw this.#flaw(`has no type for ${member}: ${String(kind)} ${name || '?'}`);
    return size;
  }

  #simpleSizeOf(kind: unknown, name: string, type: Fields): number | undefined {
    switch (kind) {
      case 'base':
        return this.#baseSizes.get(name);
      case 'pointer': {
        const { base } = type;
        return typeof base === 'string' ? this.#baseSizes.get(base) : this.pointerBytes;
      }
      case 'function':
        return 0;
      case 'enum': {
        const at = this.#enums.get(name);
        const size = at === undefined ? undefined : recordOf(this.#json.value(at))['size'];
        return isSize(size) ? size : undefined;
      }
      default:
        return undefined;
    }
  }

  #whole(value: unknown, member: string): number {
    if (!isSize(value)) throw this.#flaw(`has no place for ${member}`);
    return value;
  }

  #flaw(what: string): BadProfile {
    return new BadProfile(`${this.#name} ${what}`);
  }
}

/** Since schema 6.1 nameless members say so; before, and in what other tools write, it shows in the name that they were given. */
const isNameless = (name: string, field: Fields): boolean =>
  field['anonymous'] === true || name === '' || name.startsWith('unnamed_field_');

const isStructKind = (kind: unknown): boolean => kind === 'struct' || kind === 'union' || kind === 'class';

/** Past this nothing is as large, and products of sizes would lose digits. */
const isSize = (value: unknown): value is number =>
  Number.isSafeInteger(value) && (value as number) >= 0 && (value as number) < 2 ** 31;

/** A value as an object; empty where it is none. */
export const recordOf = (value: unknown): Fields =>
  typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Fields) : {};
