// Types of a kernel that does not describe itself, as far as its profile tells: places and sizes of the members that the
// program's questions read, and not what they are.

import type { KernelMember, KernelType, KernelTypeKind } from '../types/kernel-type.ts';
import type { MemberLayout, TypeLayout } from '../types/layout.ts';

/** The struct that a profile lays out under this name. */
export function structOfProfile(name: string, { size, members }: TypeLayout): KernelType {
  const placed = Object.entries(members).map(([member, layout]): KernelMember => {
    const [offset, , firstBit = 0, bits = 0] = layout;
    return { name: member, type: memberType(layout), offset, firstBit, bits };
  });
  const inOrder = placed.sort((a, b) => a.offset - b.offset || a.firstBit - b.firstBit);
  return plain('struct', `struct ${name}`, size, inOrder);
}

/** A number where the member is as wide as numbers are, else bytes of which nothing is known. */
function memberType([, size]: MemberLayout): KernelType {
  const isNumber = size === 1 || size === 2 || size === 4 || size === 8;
  return plain(isNumber ? 'int' : 'unknown', isNumber ? `u${8 * size}` : `? [${size}]`, size);
}

const plain = (
  kind: KernelTypeKind,
  name: string,
  size: number,
  members: readonly KernelMember[] = [],
): KernelType => ({
  ...{ kind, name, size, members, signed: false, target: null, count: 0, enumerators: [] },
  isDeclaredOnly: false,
  declare: (what) => `${name} ${what}`.trim(),
});
