// Kernel structs as objects: a class for each struct and build, with a getter for each member.
// Nothing is copied: every getter reads memory.
import { fromWords, hex, type VirtualAddress } from '../base/address.ts';
import { CorruptStructure, NotInKernel } from '../base/errors.ts';
import type { AddressSpace } from '../translate/address-space.ts';
import type { Layouts, MemberLayout } from './layout.ts';

/** A kernel structure at an address. Nothing is copied; every getter reads memory. */
export class StructView {
  // Only declared: as fields of the class they would be defined first and then set, which makes views three times as dear.
  declare readonly space: AddressSpace;
  declare readonly hi: number;
  declare readonly lo: number;
  constructor(space: AddressSpace, hi: number, lo: number) {
    this.space = space;
    this.hi = hi;
    this.lo = lo;
  }
  get address(): VirtualAddress {
    return fromWords(this.hi, this.lo);
  }
}

/** The class made for one struct of one build: its prototype has a getter for each member. */
export type ViewClass = new (space: AddressSpace, hi: number, lo: number) => StructView;
/** Reads one member of the view it is called on. */
export type Getter<T> = (this: StructView) => T;

/** How a field reads its member, by the name of the field: from this follows which C types it can make sense of. */
export type Reads =
  | 'uint'
  | 'int'
  | 'ulong'
  | 'long'
  | 'text'
  | 'bytes'
  | 'place'
  | 'pointer'
  | 'ptr'
  | 'inside'
  | 'links';

/** How one member is read. `V` is what the getter returns. The layout tells offset and width, so one field fits every kernel. */
export interface Field<V> {
  readonly reads: Reads;
  readonly optional?: true;
  /** What kernels without an optional member have in its place: a member of the same struct, or `type.member`. */
  readonly instead?: string;
  bind(member: MemberLayout, types: TypeTable): Getter<V>;
}
/** A pointer field; `Null` says whether the getter may return null. */
export interface Pointer<N extends string, Null> extends Field<unknown> {
  readonly target: N;
  readonly nullable: Null;
}
/** A struct inside another. */
export interface Inside<N extends string> extends Field<unknown> {
  readonly inner: N;
}
/** A list head whose entries are structs. */
export interface Links<N extends string> extends Field<unknown> {
  readonly entry: N;
  /** The member of each entry that is the link. */
  readonly through: string;
}

/** Struct name → member name → how it is read: names verbatim from the kernel, no offsets. */
export type StructTable = Readonly<Record<string, Readonly<Record<string, Field<unknown>>>>>;

/** Entries one by one; what it returns at the end says whether it is whole, with nothing passed over that could not be read. */
export type Walk<T> = Generator<T, boolean, undefined>;

/** The TypeScript face of struct `N` in table `S`: its members, read-only and typed. */
export type View<S, N extends keyof S> = StructView & { readonly [F in keyof S[N]]: Value<S, S[N][F]> };

type Value<S, F> = F extends { optional: true } & Field<unknown> ? Present<S, F> | undefined : Present<S, F>;
type Present<S, F> =
  F extends Links<infer N>
    ? N extends keyof S
      ? Walk<View<S, N>>
      : never
    : F extends Inside<infer N>
      ? N extends keyof S
        ? View<S, N>
        : never
      : F extends Pointer<infer N, infer Null>
        ? N extends keyof S
          ? View<S, N> | (Null extends true ? null : never)
          : never
        : F extends Field<infer V>
          ? V
          : never;

/**
 * Binds the members that the program reads to the layouts of one kernel build. It makes a class when somebody first asks
 * for its struct, so that a table costs what is read of it, however many structs it has. All kernels of one profile may
 * share a table: it reads nothing, and keeps nothing of a snapshot.
 */
export class TypeTable {
  readonly #structs: StructTable;
  readonly #layouts: Layouts;
  readonly #classes = new Map<string, ViewClass>();
  readonly #ownBytes = new Map<string, number>();
  #missing: readonly string[] | undefined;
  readonly pointerBytes: 4 | 8;

  constructor(structs: StructTable, layouts: Layouts, pointerBytes: 4 | 8) {
    this.#structs = structs;
    this.#layouts = layouts;
    this.pointerBytes = pointerBytes;
  }

  /**
   * Members that the table of structs demands and this build's structs lack, as `type.member`. Reading one throws
   * NotInKernel. A struct that the build does not have at all is no loss: it is of another kernel, or of a part not
   * compiled in.
   */
  get missing(): readonly string[] {
    this.#missing ??= Object.entries(this.#structs).flatMap(([type, fields]) =>
      this.#missingOf(type, fields),
    );
    return this.#missing;
  }

  /** The view class of a struct in the table. */
  classOf(type: string): ViewClass {
    return this.#classes.get(type) ?? this.#define(type);
  }

  /** Whether this build has the struct, or the member of it: what version differences are decided by. */
  has(type: string, member?: string): boolean {
    const layout = this.#layouts[type];
    return layout !== undefined && (member === undefined || layout.members[member] !== undefined);
  }

  /** @throws NotInKernel */
  memberOf(type: string, member: string): MemberLayout {
    const found = this.#layouts[type]?.members[member];
    if (found === undefined) throw new NotInKernel(`this kernel has no ${type}.${member}`);
    return found;
  }

  /** Bytes from the start of `type` to `member`. @throws NotInKernel */
  offsetOf(type: string, member: string): number {
    return this.memberOf(type, member)[0];
  }

  /** Bytes of a whole struct. @throws NotInKernel */
  sizeOf(type: string): number {
    const layout = this.#layouts[type];
    if (layout === undefined) throw new NotInKernel(`this kernel has no ${type}`);
    return layout.size;
  }

  /**
   * Bytes of a struct that two of its type never share: as far as to the last member that is known. Some kernel structs
   * are allocated shorter than their type says, as task_struct is on x86 (arch/x86/kernel/fpu/init.c,
   * `fpu__init_task_struct_size`). @throws NotInKernel
   */
  ownBytesOf(type: string): number {
    let bytes = this.#ownBytes.get(type);
    if (bytes !== undefined) return bytes;
    const layout = this.#layouts[type];
    if (layout === undefined) throw new NotInKernel(`this kernel has no ${type}`);
    bytes = Math.max(0, ...Object.values(layout.members).map(([offset]) => offset)) + 1;
    this.#ownBytes.set(type, bytes);
    return bytes;
  }

  #missingOf(type: string, fields: Readonly<Record<string, Field<unknown>>>): string[] {
    const known = this.#layouts[type]?.members;
    if (known === undefined) return [];
    return Object.keys(fields)
      .filter((name) => known[name] === undefined && !fields[name]!.optional)
      .map((name) => `${type}.${name}`);
  }

  #define(type: string): ViewClass {
    const fields = Object.hasOwn(this.#structs, type) ? this.#structs[type] : undefined;
    if (fields === undefined) throw new NotInKernel(`the program reads no struct ${type}`);
    const Class: ViewClass = { [type]: class extends StructView {} }[type]!;
    // Kept before its members are bound: a struct may point at its own type.
    this.#classes.set(type, Class);
    const prototype = Class.prototype as object;
    for (const [name, field] of Object.entries(fields)) {
      const get = this.#getterOf(prototype, type, name, field);
      Object.defineProperty(prototype, name, { get, enumerable: true, configurable: true });
    }
    return Class;
  }

  #getterOf(prototype: object, type: string, name: string, field: Field<unknown>): Getter<unknown> {
    const member = this.#layouts[type]?.members[name];
    if (member === undefined) {
      if (field.optional) return () => undefined;
      return () => {
        throw new NotInKernel(`this kernel has no ${type}.${name}`);
      };
    }
    // Bound at the first read: a question reads a few of a struct's members, and the structs that the rest points at are not made.
    const bind = (): Getter<unknown> => {
      const get = believable(field, member[0], field.bind(member, this), type);
      Object.defineProperty(prototype, name, { get, enumerable: true, configurable: true });
      return get;
    };
    return function () {
      return bind().call(this);
    };
  }
}

/** What each field gives for a member of zeros; those that tell where something is read nothing. */
const ZEROS: Partial<Readonly<Record<Reads, unknown>>> = {
  ...{ uint: 0, int: 0, ulong: 0n, long: 0n, pointer: 0n, text: '', ptr: null },
};

/**
 * A getter that believes a zero only where its page holds something else. A structure that the kernel uses has links,
 * counts and pointers: a page of zeros in its place was not copied, or not in time (dumpers write zeros for what they
 * could not get), and would make an owner root, a list empty and a table end.
 */
function believable(
  field: Field<unknown>,
  offset: number,
  get: Getter<unknown>,
  type: string,
): Getter<unknown> {
  if (!(field.reads in ZEROS)) return get;
  const zero = ZEROS[field.reads];
  return function () {
    const value = get.call(this);
    if (value === zero && this.space.isBlank(this.hi, this.lo, offset))
      throw new CorruptStructure(`the page of the ${type} at ${hex(this.address)} holds nothing but zeros`);
    return value;
  };
}
