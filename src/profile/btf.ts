import { BadProfile } from '../base/errors.ts';
import type { Layouts, MemberLayout, TypeLayout } from '../types/layout.ts';
import { hashByte, hashName } from './name-hash.ts';
import type { Wants } from './profile.ts';

// BTF: Linux Documentation/bpf/btf.rst, "BTF Type and String Encoding"; include/uapi/linux/btf.h.
const MAGIC = 0xeb9f;
const KIND = {
  int: 1,
  ptr: 2,
  array: 3,
  struct: 4,
  union: 5,
  enum: 6,
  typedef: 8,
  volatile: 9,
  const: 10,
  restrict: 11,
  typeTag: 18,
  enum64: 19,
} as const;
/** Words that follow a type's three, by kind: fixed and for each of its `vlen` members. Kinds past the table are unknown. */
const FIXED_WORDS = [0, 1, 0, 3, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 0, 0, 1, 0, 0];
const MEMBER_WORDS = [0, 0, 0, 0, 3, 3, 2, 0, 0, 0, 0, 0, 0, 2, 0, 3, 0, 0, 0, 3];
/** No kernel has nearly as many; a vmlinux has 95,000 to 160,000. */
const MAXIMUM_TYPES = 4_000_000;
/** Members looked at for one struct, inner ones included: task_struct has 300. A struct that contains itself ends here. */
const MAXIMUM_MEMBERS = 5_000;
/** typedef of const of array of …: real chains are below ten. */
const MAXIMUM_DEPTH = 32;

/** Struct layouts as a kernel describes them itself. */
export class Btf {
  readonly #types: Uint32Array;
  readonly #strings: Uint8Array;
  readonly #pointerBytes: number;
  /** Word index of each type in #types, by type id; id 0 is void. */
  readonly #starts: Uint32Array;

  /** @throws BadProfile where `bytes` is no sound BTF */
  constructor(bytes: Uint8Array, pointerBytes: 4 | 8) {
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    if (bytes.length < 24 || view.getUint16(0, true) !== MAGIC) throw new BadProfile('btf has no magic');
    if (view.getUint8(2) !== 1) throw new BadProfile(`btf has version ${view.getUint8(2)}, known is 1`);
    const header = view.getUint32(4, true);
    const [typeStart, typeBytes] = [header + view.getUint32(8, true), view.getUint32(12, true)];
    const [stringStart, stringBytes] = [header + view.getUint32(16, true), view.getUint32(20, true)];
    if (
      typeStart + typeBytes > bytes.length ||
      stringStart + stringBytes > bytes.length ||
      typeBytes % 4 !== 0
    ) {
      throw new BadProfile(`btf of ${bytes.length} bytes has sections past its end`);
    }
    this.#pointerBytes = pointerBytes;
    // A copy, since words want an alignment that bytes of a dump need not have (and Buffer's own slice copies nothing).
    this.#types = new Uint32Array(
      Uint8Array.prototype.slice.call(bytes, typeStart, typeStart + typeBytes).buffer,
    );
    this.#strings = bytes.subarray(stringStart, stringStart + stringBytes);
    this.#starts = this.#index();
  }

  /** How many types there are, void included. */
  get typeCount(): number {
    return this.#starts.length;
  }

  /** The layouts of the wanted structs, with the wanted members that exist. A struct that does not exist is left out. */
  layouts(wanted: Wants['types']): Layouts {
    const byHash = new Map(Object.keys(wanted).map((name) => [hashName(name), name]));
    const found: Record<string, TypeLayout> = {};
    const types = this.#types;
    for (let id = 1; id < this.#starts.length; id++) {
      const at = this.#starts[id]!;
      const kind = kindIn(types[at + 1]!);
      if (kind !== KIND.struct && kind !== KIND.union && kind !== KIND.typedef) continue;
      const name = byHash.get(this.#hashAt(types[at]!));
      if (name === undefined || this.#nameAt(types[at]!) !== name) continue;
      const layout = this.#layoutOf(kind === KIND.typedef ? this.#namelessBehind(id) : id, wanted[name]!);
      // Two structs of one name exist where two drivers chose it: the one that has more of our members is ours.
      if (layout !== undefined && memberCount(layout) >= memberCount(found[name])) found[name] = layout;
    }
    return found;
  }

  /** The values of the wanted enumerators that exist. */
  enumerators(wanted: readonly string[]): Record<string, number> {
    const byHash = new Map(wanted.map((name) => [hashName(name), name]));
    const found: Record<string, number> = {};
    const types = this.#types;
    for (let id = 1; id < this.#starts.length; id++) {
      const at = this.#starts[id]!;
      const info = types[at + 1]!;
      if (kindIn(info) !== KIND.enum) continue;
      for (let i = 0; i < (info & 0xffff); i++) {
        const member = at + 3 + 2 * i;
        const name = byHash.get(this.#hashAt(types[member]!));
        if (name !== undefined && this.#nameAt(types[member]!) === name) found[name] = types[member + 1]! | 0;
      }
    }
    return found;
  }

  #index(): Uint32Array {
    const types = this.#types;
    const starts = new Uint32Array(Math.min(MAXIMUM_TYPES, Math.floor(types.length / 3) + 1));
    let count = 1; // id 0 is void and has no record
    for (let at = 0; at < types.length; ) {
      const info = types[at + 1];
      const kind = info === undefined ? -1 : kindIn(info);
      if (FIXED_WORDS[kind] === undefined || kind === 0)
        throw new BadProfile(`btf type ${count} is of unknown kind ${kind}`);
      if (count >= starts.length) throw new BadProfile(`btf has more than ${count} types`);
      starts[count++] = at;
      at += 3 + FIXED_WORDS[kind]! + MEMBER_WORDS[kind]! * (info! & 0xffff);
      if (at > types.length) throw new BadProfile(`btf type ${count - 1} ends past its section`);
    }
    return starts.subarray(0, count);
  }

  #layoutOf(id: number | undefined, wanted: readonly string[]): TypeLayout | undefined {
    if (id === undefined) return undefined;
    const members: Record<string, MemberLayout> = {};
    this.#collect(id, 0, new Set(wanted), members, { left: MAXIMUM_MEMBERS });
    return { size: this.#types[this.#starts[id]! + 2]!, members };
  }

  /** Gathers members, going into nameless inner structs and unions as C does. */
  #collect(
    id: number,
    base: number,
    wanted: ReadonlySet<string>,
    members: Record<string, MemberLayout>,
    budget: { left: number },
  ): void {
    const at = this.#starts[id];
    if (at === undefined) return;
    const types = this.#types;
    const info = types[at + 1]!;
    for (let i = 0; i < (info & 0xffff) && budget.left-- > 0; i++) {
      const member = at + 3 + 3 * i;
      const [name, type, place] = [types[member]!, types[member + 1]!, types[member + 2]!];
      const bits = info >>> 31 === 1 ? place >>> 24 : 0;
      const bitOffset = info >>> 31 === 1 ? place & 0xff_ffff : place;
      const offset = base + (bitOffset >>> 3);
      if (name === 0) {
        const inner = this.#resolve(type);
        const kind = inner === undefined ? 0 : kindIn(types[this.#starts[inner]! + 1]!);
        if (kind === KIND.struct || kind === KIND.union)
          this.#collect(inner!, offset, wanted, members, budget);
        continue;
      }
      const text = this.#nameAt(name);
      if (!wanted.has(text) || members[text] !== undefined) continue;
      const size = this.#sizeOf(type, 0);
      members[text] = bits === 0 ? [offset, size] : [offset, size, bitOffset & 7, bits];
    }
  }

  /** `id` with typedefs and qualifiers taken off. */
  #resolve(id: number): number | undefined {
    let current = id;
    for (let depth = 0; depth < MAXIMUM_DEPTH; depth++) {
      const at = this.#starts[current];
      if (at === undefined || current === 0) return undefined;
      const kind = kindIn(this.#types[at + 1]!);
      if (!isAlias(kind)) return current;
      current = this.#types[at + 2]!;
    }
    return undefined;
  }

  #namelessBehind(id: number): number | undefined {
    const target = this.#resolve(id);
    if (target === undefined) return undefined;
    const at = this.#starts[target]!;
    const kind = kindIn(this.#types[at + 1]!);
    return (kind === KIND.struct || kind === KIND.union) && this.#types[at] === 0 ? target : undefined;
  }

  /** Bytes of a type; 0 where it has none or is malformed. */
  #sizeOf(id: number, depth: number): number {
    const target = this.#resolve(id);
    if (target === undefined || depth > MAXIMUM_DEPTH) return 0;
    const at = this.#starts[target]!;
    switch (kindIn(this.#types[at + 1]!)) {
      case KIND.ptr:
        return this.#pointerBytes;
      case KIND.array:
        return this.#types[at + 5]! * this.#sizeOf(this.#types[at + 3]!, depth + 1);
      case KIND.int:
      case KIND.struct:
      case KIND.union:
      case KIND.enum:
      case KIND.enum64:
        return this.#types[at + 2]!;
      default:
        return 0;
    }
  }

  #hashAt(offset: number): number {
    let hash = 0;
    for (let i = offset; i < this.#strings.length && this.#strings[i] !== 0; i++)
      hash = hashByte(hash, this.#strings[i]!);
    return hash;
  }

  #nameAt(offset: number): string {
    const end = this.#strings.indexOf(0, offset);
    return String.fromCharCode(
      ...this.#strings.subarray(offset, Math.min(end < 0 ? offset : end, offset + 512)),
    );
  }
}

const kindIn = (info: number): number => (info >>> 24) & 0x1f;
const isAlias = (kind: number): boolean =>
  kind === KIND.typedef ||
  kind === KIND.volatile ||
  kind === KIND.const ||
  kind === KIND.restrict ||
  kind === KIND.typeTag;
const memberCount = (layout: TypeLayout | undefined): number =>
  layout === undefined ? 0 : Object.keys(layout.members).length;
