// How the kernel's compiler laid a type out: members in their places, and what lies between them. Plain data for printing.
// `vestige type` prints it.
import type { KernelType } from '../types/kernel-type.ts';

/** Members that one layout lists, those of nameless inner structs too; more are counted. */
const MAXIMUM_MEMBERS = 10_000;
/** Nameless structs within nameless structs: the kernel's deepest is below ten. */
const MAXIMUM_DEPTH = 32;

/** A type as C declares it, with places. */
export interface Layout {
  /** `struct task_struct`, `enum pid_type`, `pid_t`. */
  readonly name: string;
  readonly kind: KernelType['kind'];
  /** Bytes. */
  readonly size: number;
  /** The module that describes it; null where it is the kernel itself. */
  readonly module: string | null;
  readonly members: readonly LaidOut[];
  /** Members that are not listed. */
  readonly unlisted: number;
  readonly enumerators: readonly { readonly name: string; readonly value: bigint }[];
  /** Bytes and bits between members and behind the last, in all; 0 for a union. */
  readonly holeBits: number;
}

/** A member in its place, or the hole before the next. */
export type LaidOut = LaidOutMember | LaidOutHole;

export interface LaidOutMember {
  /** As C declares it: `char comm[16]`; of what is declared where it is used `struct { … } tail[4]`. */
  readonly declaration: string;
  readonly name: string;
  /** Bytes from the start of the whole. */
  readonly offset: number;
  readonly size: number;
  /** Of a bitfield its first bit from `offset` on, and how many it has; 0 bits for all others. */
  readonly firstBit: number;
  readonly bits: number;
  /** Of a nameless inner struct or union, or the first of an array of them; null for all others. */
  readonly members: readonly LaidOut[] | null;
}

/** What no member takes: bits where it is less than a byte. */
export interface LaidOutHole {
  readonly offset: number;
  readonly holeBits: number;
}

/** The layout of a type. */
export function layoutOf(type: KernelType, module: string | null): Layout {
  const count = { left: MAXIMUM_MEMBERS, unlisted: 0 };
  const { members, holeBits } = laidOut(type, 0, count, 0);
  const { name, kind, size, enumerators } = type;
  return {
    ...{ name, kind, size, module, members, unlisted: count.unlisted, holeBits },
    enumerators: enumerators.slice(0, MAXIMUM_MEMBERS),
  };
}

interface Count {
  left: number;
  unlisted: number;
}

function laidOut(
  type: KernelType,
  base: number,
  count: Count,
  depth: number,
): { members: LaidOut[]; holeBits: number } {
  const members: LaidOut[] = [];
  const isUnion = type.kind === 'union';
  let [end, holes] = [0, 0];
  const hole = (until: number): void => {
    if (isUnion || type.isPartial || until <= end) return;
    members.push({ offset: base + Math.floor(end / 8), holeBits: until - end });
    holes += until - end;
  };
  for (const member of type.members) {
    if (count.left <= 0) {
      count.unlisted++;
      continue;
    }
    count.left--;
    const { name, offset, firstBit, bits, type: of } = member;
    const start = 8 * offset + firstBit;
    hole(start);
    const inner = depth < MAXIMUM_DEPTH ? namelessIn(of) : undefined;
    members.push({
      ...{ declaration: of.declare(name), name, offset: base + offset, size: of.size, firstBit, bits },
      members: inner === undefined ? null : laidOut(inner, base + offset, count, depth + 1).members,
    });
    end = Math.max(end, start + (bits === 0 ? 8 * of.size : bits));
  }
  if (type.members.length > 0) hole(8 * type.size);
  return { members, holeBits: holes };
}

/** The struct or union without a name that something is, or is an array of: what no other type's layout shows. */
function namelessIn(type: KernelType): KernelType | undefined {
  let inner: KernelType | null = type;
  for (let depth = 0; inner?.kind === 'array' && depth < MAXIMUM_DEPTH; depth++) inner = inner.target;
  return inner !== null && NAMELESS.test(inner.name) ? inner : undefined;
}

const NAMELESS = /^(?:(?:const|volatile) )*(?:struct|union) \{ … \}$/;
