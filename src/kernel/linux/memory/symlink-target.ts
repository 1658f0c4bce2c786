// Where a symbolic link leads: kept with its inode, or in the first cached page of it.
// Linux: include/linux/fs.h (i_link), fs/namei.c (page_get_link), mm/shmem.c (shmem_symlink).
import { CorruptStructure } from '../../../base/errors.ts';
import { decodeText } from '../../../base/text.ts';
import type { Linux } from '../linux.ts';
import type { Kernel } from '../structs.ts';
import { cachedPage } from './page-cache.ts';

/** PATH_MAX: no link is longer. */
const MOST_BYTES = 4096;

/** The target of a symbolic link; null where it is on disk alone, or made anew whenever somebody asks. @throws EvidenceFault */
export function symlinkTarget(kernel: Linux, inode: Kernel<'inode'>): string | null {
  const { i_link: own, i_size: size, i_mapping: mapping } = inode;
  if (own !== 0n) return decodeText(kernel.space.cString(own, MOST_BYTES));
  if (mapping === null || mapping.nrpages === 0n) return null;
  const length = Number(size);
  if (length <= 0 || length > MOST_BYTES) throw new CorruptStructure(`a symbolic link of ${length} bytes`);
  const page = cachedPage(kernel, mapping, 0n);
  if (page.kind !== 'page') return null;
  const bytes = kernel.space.memory.bytes(page.memory, length);
  const end = bytes.indexOf(0);
  return decodeText(end < 0 ? bytes : bytes.subarray(0, end));
}
