// What C says of a type of the kernel: enough to lay it out, to read a value of it and to write its declaration.
// Who tells it (the kernel's own BTF, or a profile that knows places alone) stands behind the interface.

/** What a value of a type is read as. `unknown`: bytes of which nothing else is known. */
export type KernelTypeKind =
  | 'int'
  | 'bool'
  | 'char'
  | 'float'
  | 'enum'
  | 'pointer'
  | 'array'
  | 'struct'
  | 'union'
  | 'function'
  | 'void'
  | 'unknown';

/** A type, its typedefs and qualifiers taken off but for its name and declaration. */
export interface KernelType {
  readonly kind: KernelTypeKind;
  /** As C writes it: `struct task_struct`, `pid_t`, `struct file *`, `char[16]`. */
  readonly name: string;
  /** Bytes; 0 where it has none, or nothing tells. */
  readonly size: number;
  /** Whether an `int`, a `char` or an `enum` may be negative. */
  readonly signed: boolean;
  /** What a `pointer` leads to, and what an `array` is of; null for all others. */
  readonly target: KernelType | null;
  /** Elements of an `array`; 0 where it has no length of its own. */
  readonly count: number;
  /** Of a `struct` or `union`, in their order, nameless ones included; empty for all others. */
  readonly members: readonly KernelMember[];
  /** Of an `enum`, in their order; empty for all others. */
  readonly enumerators: readonly Enumerator[];
  /** Whether only some members are known: what lies between those is no hole. */
  readonly isPartial: boolean;
  /** Whether a struct is named only and never laid out, as the types are that a build has no file for. */
  readonly isDeclaredOnly: boolean;
  /** The declaration of something of this name: `char comm[16]`, `void (*func)(struct work_struct *)`. */
  declare(name: string): string;
}

/** A member of a struct or union. */
export interface KernelMember {
  /** Empty where it is a nameless struct, union or padding of bits. */
  readonly name: string;
  readonly type: KernelType;
  /** Bytes from the start of what it is a member of; of a bitfield to the byte of its first bit. */
  readonly offset: number;
  /** Of a bitfield its first bit in that byte, and how many it has; `bits` is 0 for all others. */
  readonly firstBit: number;
  readonly bits: number;
}

/** A name for a value. */
export interface Enumerator {
  readonly name: string;
  readonly value: bigint;
}

/** Nameless structs within nameless structs: the kernel's deepest is below ten. */
const MAXIMUM_DEPTH = 32;
/** Members of one struct, nameless ones and those in them included: task_struct has 300. */
const MAXIMUM_MEMBERS = 65_536;

/**
 * The members that C code names with nothing in between: those of nameless inner structs and unions too, placed from the
 * start of `type`. Where two share a name the first counts.
 */
export function namedMembers(type: KernelType): ReadonlyMap<string, KernelMember> {
  const found = new Map<string, KernelMember>();
  let left = MAXIMUM_MEMBERS;
  const gather = ({ members }: KernelType, base: number, depth: number): void => {
    if (depth > MAXIMUM_DEPTH) return;
    for (const member of members) {
      if (left-- <= 0) return;
      const placed = base === 0 ? member : { ...member, offset: base + member.offset };
      if (member.name !== '') {
        if (!found.has(member.name)) found.set(member.name, placed);
      } else gather(member.type, placed.offset, depth + 1);
    }
  };
  gather(type, 0, 0);
  return found;
}
