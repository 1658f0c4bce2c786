// Types of a kernel that does not describe itself, as far as its profile tells: the places and sizes of the members that the
// program's questions read, and what they are read as.
import { structs } from '../kernel/linux/structs.ts';
import type { KernelMember, KernelType } from '../types/kernel-type.ts';
import type { Layouts, MemberLayout } from '../types/layout.ts';

/** What of a field says what its member is: its kind, and the struct that it leads to or holds. */
interface Read {
  readonly reads: string;
  readonly target?: string;
  readonly inner?: string;
}

/** The structs of a profile. */
export class ProfileTypes {
  readonly #layouts: Layouts;
  readonly #pointerBytes: 4 | 8;
  readonly #known = new Map<string, KernelType>();

  constructor(layouts: Layouts, pointerBytes: 4 | 8) {
    this.#layouts = layouts;
    this.#pointerBytes = pointerBytes;
  }

  /** How many structs it tells of. */
  get count(): number {
    return Object.keys(this.#layouts).length;
  }

  names(): Iterable<string> {
    return Object.keys(this.#layouts);
  }

  /** The struct of that name, with or without the word `struct`; undefined where the profile has none. */
  find(name: string): KernelType | undefined {
    const plain = name.replace(/^(struct|union) /, '');
    const known = this.#known.get(plain);
    if (known !== undefined || !Object.hasOwn(this.#layouts, plain)) return known;
    const made = this.#struct(plain);
    this.#known.set(plain, made);
    return made;
  }

  #struct(name: string): KernelType {
    const { size, members } = this.#layouts[name]!;
    const made = plainType('struct', `struct ${name}`, size);
    // Structs lead to each other in circles: members are made when somebody looks.
    let placed: readonly KernelMember[] | undefined;
    const inOrder = (): readonly KernelMember[] =>
      Object.entries(members)
        .map(([member, layout]) => this.#member(name, member, layout))
        .sort((a, b) => a.offset - b.offset || a.firstBit - b.firstBit);
    return Object.defineProperty({ ...made }, 'members', {
      enumerable: true,
      get: () => (placed ??= inOrder()),
    });
  }

  #member(struct: string, name: string, layout: MemberLayout): KernelMember {
    const [offset, size, firstBit = 0, bits = 0] = layout;
    const fields = (structs as Readonly<Record<string, Readonly<Record<string, Read>>>>)[struct];
    return { name, type: this.#type(fields?.[name], size), offset, firstBit, bits };
  }

  #type(read: Read | undefined, size: number): KernelType {
    const inner = read?.inner === undefined ? undefined : this.find(read.inner);
    if (inner !== undefined) return inner;
    const isNumber = size === 1 || size === 2 || size === 4 || size === 8;
    switch (read?.reads) {
      case 'text': {
        const char = plainType('char', 'char', 1);
        const text = plainType('array', `char[${size}]`, size);
        return { ...text, target: char, count: size, declare: (what) => `char ${what}[${size}]` };
      }
      case 'ptr':
      case 'pointer': {
        const target = read.target === undefined ? undefined : this.find(read.target);
        const to = target ?? plainType('void', 'void', 0);
        const pointer = plainType('pointer', `${to.name} *`, this.#pointerBytes);
        return { ...pointer, target: to, declare: (what) => `${to.name} *${what}` };
      }
      case 'int':
      case 'long':
        return isNumber ? { ...plainType('int', `s${8 * size}`, size), signed: true } : bytesType(size);
      case 'uint':
      case 'ulong':
        return isNumber ? plainType('int', `u${8 * size}`, size) : bytesType(size);
      default:
        return bytesType(size); // a struct, an array, a list: nothing says which
    }
  }
}

const bytesType = (size: number): KernelType => ({
  ...plainType('unknown', `?[${size}]`, size),
  declare: (what) => `? ${what}[${size}]`,
});

const plainType = (kind: KernelType['kind'], name: string, size: number): KernelType => ({
  ...{ kind, name, size, members: [], signed: false, target: null, count: 0, enumerators: [] },
  ...{ isDeclaredOnly: false, isPartial: true },
  declare: (what) => `${name} ${what}`.trim(),
});
