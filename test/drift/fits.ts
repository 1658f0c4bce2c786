import type { DescribedMember, DescribedStruct } from '../../src/profile/btf.ts';
import type { CType, StructType } from '../../src/profile/btf-ctype.ts';
import type { Field, Inside, Links, Pointer, Reads } from '../../src/types/struct.ts';

/** What a kernel says of the structs that the program reads. */
export type Kernel = Readonly<Record<string, DescribedStruct>>;

/** Whether a field can read a member, and what is worth saying of it. */
export interface Verdict {
  readonly fits: boolean;
  /** What the member is: `struct kuid_t of 4 bytes`. */
  readonly what: string;
  /** Why it does not fit, or how it does; empty where nothing is worth saying. */
  readonly why: string;
}

/** Whether `field` makes sense of a member of this type. */
export function verdictOf(field: Field<unknown>, { type, layout }: DescribedMember, kernel: Kernel): Verdict {
  const [, , , bits] = layout;
  const what = bits === undefined ? wordsFor(type) : `${bits} bits of ${wordsFor(type)}`;
  const why = bits === undefined ? misfit(field, type, kernel) : misfitOfBits(field, bits);
  if (why !== undefined) return { fits: false, what, why };
  return { fits: true, what, why: remark(field, type) };
}

/** A type in words. */
function wordsFor(type: CType): string {
  switch (type.kind) {
    case 'number':
      return `${type.name} of ${bytesIn(type.size)}`;
    case 'pointer':
      return `pointer to ${type.to.kind === 'struct' || type.to.kind === 'union' ? `${type.to.kind} ` : ''}${type.to.name || 'what has no name'}`;
    case 'array':
      return `array of ${type.count} ${wordsFor(type.of)}`;
    case 'nothing':
      return type.name;
    default:
      return `${[type.kind, type.name].join(' ').trim()} of ${bytesIn(type.size)}`;
  }
}

const bytesIn = (count: number): string => (count === 1 ? '1 byte' : `${count} bytes`);

/** What wraps one member and nothing else is that member: atomic_t, kuid_t, refcount_t, possible_net_t. */
function unwrapped(type: CType): CType {
  let inner = type;
  while (
    isStruct(inner) &&
    inner.memberCount === 1 &&
    inner.first !== undefined &&
    inner.first.size === inner.size
  )
    inner = inner.first;
  return inner;
}

const isStruct = (type: CType): type is StructType => type.kind === 'struct' || type.kind === 'union';

/** Kernels leave wrappers empty where an option is off (possible_net_t without CONFIG_NET_NS): nothing will be read. */
const isEmpty = (type: CType): boolean => isStruct(type) && type.size === 0;

function misfit(field: Field<unknown>, type: CType, kernel: Kernel): string | undefined {
  const inner = unwrapped(type);
  switch (field.reads) {
    case 'uint':
    case 'int':
      return isWhole(inner) ? undefined : 'is no whole number';
    case 'ulong':
    case 'long':
      return isWhole(inner) || inner.kind === 'pointer'
        ? undefined
        : 'is neither a whole number nor a pointer';
    case 'text':
      return inner.kind === 'array' && inner.of.size === 1 && inner.of.kind === 'number'
        ? undefined
        : 'is no array of char';
    case 'bytes':
      return inner.size > 0 ? undefined : 'has no bytes';
    case 'place':
      return undefined;
    case 'pointer':
      return inner.kind === 'pointer' || isEmpty(inner) ? undefined : 'is no pointer';
    case 'ptr':
      return misfitOfTarget((field as Pointer<string, boolean>).target, inner, kernel);
    case 'inside':
      return misfitOfInner((field as Inside<string>).inner, type);
    case 'links':
      return misfitOfList(field as Links<string>, type, kernel);
  }
}

const isWhole = (type: CType): boolean =>
  (type.kind === 'number' || type.kind === 'enum') && [1, 2, 4, 8].includes(type.size);

/** Bits are read as unsigned numbers of up to 32 of them. */
function misfitOfBits({ reads }: Field<unknown>, bits: number): string | undefined {
  if (reads !== 'uint') return 'is a bitfield, which only uint reads';
  return bits > 32 ? 'has more than 32 bits' : undefined;
}

/** A pointer to the struct, to anything (`void *`), or to what the struct begins with: a unix_sock is a sock. */
function misfitOfTarget(target: string, type: CType, kernel: Kernel): string | undefined {
  if (type.kind !== 'pointer') return 'is no pointer';
  if (type.to.kind === 'void') return undefined;
  for (
    let whole = kernel[target]?.type;
    whole !== undefined;
    whole = isStruct(whole) ? whole.first : undefined
  ) {
    if (isStruct(whole) && whole.name === type.to.name) return undefined;
  }
  return type.to.name === target ? undefined : `does not lead to ${target}`;
}

/** The struct, or one that begins with it. */
function misfitOfInner(inner: string, type: CType): string | undefined {
  for (let whole: CType | undefined = type; whole !== undefined && isStruct(whole); whole = whole.first) {
    if (whole.name === inner) return undefined;
  }
  return `is no ${inner}`;
}

function misfitOfList({ entry, through }: Links<string>, type: CType, kernel: Kernel): string | undefined {
  if (!isListHead(type)) return 'is no list_head';
  if (kernel[entry] === undefined) return undefined; // said of the struct itself
  const link = kernel[entry].members[through];
  if (link === undefined) return `${entry} has no ${through} to be linked by`;
  return isListHead(link.type)
    ? undefined
    : `${entry}.${through}, which links the entries, is ${wordsFor(link.type)}`;
}

const isListHead = (type: CType): boolean => isStruct(type) && type.name === 'list_head';

/** What a reader of the report should know of a member that fits. */
function remark({ reads }: Field<unknown>, type: CType): string {
  const inner = unwrapped(type);
  if (reads === 'pointer' && isEmpty(inner)) return 'empty in this kernel';
  if (inner.kind !== 'number' || !(reads in SIGNED)) return '';
  if (inner.size > 4 && (reads === 'uint' || reads === 'int')) return 'its lower 4 bytes';
  // What wraps a number gives it a meaning of its own: every atomic_t counts with a sign, whatever it counts.
  if (inner !== type || inner.signed === SIGNED[reads]) return '';
  return inner.signed ? 'without its sign' : 'as if it had a sign';
}

/** Which fields read numbers, and whether with a sign. */
const SIGNED: Partial<Record<Reads, boolean>> = { uint: false, int: true, ulong: false, long: true };
