// Struct layouts from BTF, the types that a kernel carries of itself.
// Linux: Documentation/bpf/btf.rst.
import type { Layouts, MemberLayout, TypeLayout } from '../types/layout.ts';
import { type CType, readCType } from './btf-ctype.ts';
import { BtfSection, KIND } from './btf-section.ts';
import { NameSet } from './name-hash.ts';
import type { Gap } from './piecewise.ts';
import type { RequiredNames } from './profile.ts';

/** Members looked at for one struct, inner ones included: task_struct has 300. A struct that contains itself ends here. */
const MAXIMUM_MEMBERS = 5_000;
/** Structs of one name that are looked at: a few, where drivers chose the same. */
const MAXIMUM_NAMESAKES = 64;
/** Nameless structs within nameless structs: the kernel's deepest is below ten. */
const MAXIMUM_DEPTH = 32;

/** One struct of a build: how it is laid out, and of which types its members are. */
export interface DescribedStruct {
  /** The whole. */
  readonly type: CType;
  readonly members: Readonly<Record<string, DescribedMember>>;
}
export interface DescribedMember {
  readonly type: CType;
  readonly layout: MemberLayout;
}

/** Struct layouts as a kernel describes them itself. */
export class Btf {
  readonly #section: BtfSection;

  /** `gaps`: what of `bytes` is missing. What stood there is left out. @throws BadProfile where `bytes` is no sound BTF */
  constructor(bytes: Uint8Array, pointerBytes: 4 | 8, gaps: readonly Gap[] = []) {
    this.#section = new BtfSection(bytes, pointerBytes, gaps);
  }

  /** Whether nothing of it is missing. */
  get isWhole(): boolean {
    return this.#section.isWhole;
  }

  /** How many types there are, void included. */
  get typeCount(): number {
    return this.#section.count;
  }

  /** The layouts of the wanted structs, with the wanted members that exist. A struct that does not exist is left out. */
  layouts(wanted: RequiredNames['types']): Layouts {
    return mapped(
      this.#find(wanted),
      ({ size, members }): TypeLayout => ({ size, members: mapped(members, ({ layout }) => layout) }),
    );
  }

  /** The wanted structs and members that exist, with their types: what `layouts` leaves out since reading needs it not. */
  describe(wanted: RequiredNames['types']): Readonly<Record<string, DescribedStruct>> {
    const section = this.#section;
    return mapped(this.#find(wanted), ({ id, members }) => ({
      type: readCType(section, id),
      members: mapped(members, ({ layout, type }) => ({ layout, type: readCType(section, type) })),
    }));
  }

  /** The values of the wanted enumerators that exist. */
  enumerators(wanted: readonly string[]): Record<string, number> {
    const names = new NameSet(wanted);
    const found: Record<string, number> = {};
    const section = this.#section;
    for (const id of section.enums) {
      const at = section.startOf(id)!;
      const end = at + 3 + 2 * section.memberCountAt(at);
      for (let member = at + 3; member < end; member += 2) {
        const name = section.nameAmong(names, section.word(member));
        if (name !== undefined) found[name] = section.word(member + 1) | 0;
      }
    }
    return found;
  }

  #find(wanted: RequiredNames['types']): Map<string, FoundStruct> {
    const names = new NameSet(Object.keys(wanted));
    // Of all structs at once: to hash the names of each struct's members again takes longer than to find them.
    const members = new NameSet(Object.values(wanted).flat());
    const found = new Map<string, FoundStruct>();
    const namesakes = new Map<string, number>();
    const section = this.#section;
    for (const id of section.structs) {
      const at = section.startOf(id)!;
      const name = section.nameAmong(names, section.word(at));
      if (name === undefined) continue;
      const target = section.kindAt(at) === KIND.typedef ? this.#namelessBehind(id) : id;
      if (target === undefined) continue;
      const seen = namesakes.get(name) ?? 0;
      if (seen >= MAXIMUM_NAMESAKES) continue;
      namesakes.set(name, seen + 1);
      const candidate = this.#structAt(target, members, wanted[name]!);
      // Two structs of one name exist where two drivers chose it: the one that has more of our members is ours.
      const best = found.get(name);
      if (best === undefined || candidate.members.size >= best.members.size) found.set(name, candidate);
    }
    return found;
  }

  #structAt(id: number, names: NameSet, wanted: readonly string[]): FoundStruct {
    const members = new Map<string, FoundMember>();
    this.#collect({ names, wanted, members, left: MAXIMUM_MEMBERS }, id, 0, 0);
    return { id, size: this.#section.sizeOf(id), members };
  }

  /** Gathers members, going into nameless inner structs and unions as C does. */
  #collect(into: Gathering, id: number, base: number, depth: number): void {
    const section = this.#section;
    const at = section.startOf(id);
    if (at === undefined || depth > MAXIMUM_DEPTH) return;
    const tellsBits = section.flagAt(at);
    const end = at + 3 + 3 * section.memberCountAt(at);
    for (let member = at + 3; member < end && into.left-- > 0; member += 3) {
      const [nameAt, type, place] = [
        section.word(member),
        section.word(member + 1),
        section.word(member + 2),
      ];
      const bits = tellsBits ? place >>> 24 : 0;
      const bitOffset = tellsBits ? place & 0xff_ffff : place;
      const offset = base + (bitOffset >>> 3);
      if (nameAt === 0) {
        const inner = section.resolve(type);
        if (inner !== undefined && this.#isStruct(inner)) this.#collect(into, inner, offset, depth + 1);
        continue;
      }
      const name = section.nameAmong(into.names, nameAt);
      if (name === undefined || !into.wanted.includes(name) || into.members.has(name)) continue;
      const size = section.sizeOf(type);
      if (size === 0 && !section.isWhole && section.resolve(type) === undefined) continue; // how it is to be read is missing
      const layout: MemberLayout = bits === 0 ? [offset, size] : [offset, size, bitOffset & 7, bits];
      into.members.set(name, { type, layout });
    }
  }

  #isStruct(id: number): boolean {
    const kind = this.#section.kindAt(this.#section.startOf(id)!);
    return kind === KIND.struct || kind === KIND.union;
  }

  #namelessBehind(id: number): number | undefined {
    const target = this.#section.resolve(id);
    if (target === undefined || !this.#isStruct(target)) return undefined;
    return this.#section.word(this.#section.startOf(target)!) === 0 ? target : undefined;
  }
}

interface FoundStruct {
  readonly id: number;
  readonly size: number;
  readonly members: ReadonlyMap<string, FoundMember>;
}
interface FoundMember {
  readonly type: number;
  readonly layout: MemberLayout;
}
/** What is looked for in one struct, what was found, and how many members may still be looked at. */
interface Gathering {
  /** Names of members that are wanted of any struct. */
  readonly names: NameSet;
  /** Those of this one. */
  readonly wanted: readonly string[];
  readonly members: Map<string, FoundMember>;
  left: number;
}

const mapped = <T, U>(from: ReadonlyMap<string, T>, to: (value: T) => U): Record<string, U> =>
  Object.fromEntries([...from].map(([name, value]) => [name, to(value)]));
