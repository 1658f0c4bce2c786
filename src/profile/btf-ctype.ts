// C types as BTF describes them, without typedefs and qualifiers.
// Linux: Documentation/bpf/btf.rst.
import { type BtfSection, KIND } from './btf-section.ts';

/** Structs that begin with structs that begin with …, and arrays of arrays: real chains are below ten. */
const MAXIMUM_DEPTH = 16;

/** A C type as far as whoever reads a value of it must know. Typedefs and qualifiers are taken off. */
export type CType =
  | { readonly kind: 'number'; readonly name: string; readonly size: number; readonly signed: boolean }
  | { readonly kind: 'enum'; readonly name: string; readonly size: number; readonly signed: boolean }
  | { readonly kind: 'pointer'; readonly size: number; readonly to: PointerTarget }
  | { readonly kind: 'array'; readonly size: number; readonly of: CType; readonly count: number }
  | StructType
  /** What has no bytes, or leads nowhere. */
  | { readonly kind: 'nothing'; readonly name: string; readonly size: number };

/** A struct or union. The nameless go by the typedef that led to them. */
export interface StructType {
  readonly kind: 'struct' | 'union';
  readonly name: string;
  readonly size: number;
  readonly memberCount: number;
  /** The type of its first member, where that is at its beginning. */
  readonly first?: CType;
}

/** What a pointer leads to, by name: `struct file`, `void`, `char`, `pointer`, `function`. */
export interface PointerTarget {
  readonly kind: 'struct' | 'union' | 'void' | 'other';
  readonly name: string;
}

/** The type with number `id`. */
export const readCType = (section: BtfSection, id: number): CType => read(section, id, 0);

function read(section: BtfSection, id: number, depth: number): CType {
  const target = section.resolve(id);
  if (target === undefined || depth > MAXIMUM_DEPTH) return { kind: 'nothing', name: 'void', size: 0 };
  const at = section.startOf(target)!;
  const name = nameOf(section, id, target);
  const size = section.sizeOf(target);
  const kind = section.kindAt(at);
  switch (kind) {
    case KIND.int: // the encoding is in the upper half of the word that follows: bit 0 says signed
      return { kind: 'number', name, size, signed: ((section.word(at + 3) >>> 24) & 1) === 1 };
    case KIND.enum:
    case KIND.enum64:
      return { kind: 'enum', name, size, signed: section.flagAt(at) };
    case KIND.ptr:
      return { kind: 'pointer', size, to: targetOf(section, section.word(at + 2)) };
    case KIND.array: {
      const of = read(section, section.word(at + 3), depth + 1);
      return { kind: 'array', size, of, count: section.word(at + 5) };
    }
    case KIND.struct:
    case KIND.union: {
      const memberCount = section.memberCountAt(at);
      const whole = { kind: kind === KIND.struct ? 'struct' : 'union', name, size, memberCount } as const;
      // With or without bits, an offset of 0 is 0.
      if (memberCount === 0 || section.word(at + 5) !== 0) return whole;
      return { ...whole, first: read(section, section.word(at + 4), depth + 1) };
    }
    default:
      return { kind: 'nothing', name, size };
  }
}

function targetOf(section: BtfSection, id: number): PointerTarget {
  const target = section.resolve(id);
  if (target === undefined) return { kind: 'void', name: 'void' };
  const at = section.startOf(target)!;
  const name = nameOf(section, id, target);
  switch (section.kindAt(at)) {
    case KIND.struct:
      return { kind: 'struct', name };
    case KIND.union:
      return { kind: 'union', name };
    case KIND.fwd:
      return { kind: section.flagAt(at) ? 'union' : 'struct', name };
    case KIND.ptr:
      return { kind: 'other', name: 'pointer' };
    case KIND.funcProto:
      return { kind: 'other', name: 'function' };
    default:
      return { kind: 'other', name };
  }
}

/** The name of the type `id` that resolves to `target`: its own, and where it has none that of the typedef for it. */
function nameOf(section: BtfSection, id: number, target: number): string {
  const own = section.nameAt(section.word(section.startOf(target)!));
  if (own !== '') return own;
  let name = '';
  for (let current = id, depth = 0; current !== target && depth < MAXIMUM_DEPTH; depth++) {
    const at = section.startOf(current)!;
    if (section.kindAt(at) === KIND.typedef) name = section.nameAt(section.word(at));
    current = section.word(at + 2);
  }
  return name;
}
