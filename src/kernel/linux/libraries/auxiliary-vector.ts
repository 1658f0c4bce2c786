// What the kernel told a program at its start: where its table of segments is, and how long.
// Linux: include/uapi/linux/auxvec.h, fs/binfmt_elf.c (create_elf_tables), fs/compat_binfmt_elf.c.
import { viewOf } from '../../../base/bytes.ts';
import type { Linux } from '../linux.ts';
import type { Kernel } from '../structs.ts';
import { wordAt } from './user-words.ts';

/** Pairs of words: AT_VECTOR_SIZE is below this in every kernel. */
const MOST_PAIRS = 64;

/** Tags: include/uapi/linux/auxvec.h. */
export const AT = { end: 0n, segments: 3n, segmentBytes: 4n, segmentCount: 5n, linker: 7n } as const;

/** The vector of a program by its tags, as the kernel keeps it; in the words of the program, whatever the kernel's are. @throws EvidenceFault */
export function auxiliaryVector(
  kernel: Linux,
  mm: Kernel<'mm_struct'>,
  width: 4 | 8,
): ReadonlyMap<bigint, bigint> {
  const [, size] = kernel.types.memberOf('mm_struct', 'saved_auxv');
  const pairs = Math.min(MOST_PAIRS, Math.floor(size / (2 * width)));
  const view = viewOf(kernel.space.bytes(mm.saved_auxv, pairs * 2 * width));
  const found = new Map<bigint, bigint>();
  for (let at = 0; at < pairs * 2 * width; at += 2 * width) {
    const tag = wordAt(view, at, width);
    if (tag === AT.end) break;
    found.set(tag, wordAt(view, at + width, width));
  }
  return found;
}
