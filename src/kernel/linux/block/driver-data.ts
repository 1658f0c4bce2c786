// What drivers of modules keep of a disk: the file behind a loop device, the name of a device of the device mapper.
// Their structs are not in the kernel's own description, so that they are found by pointers that lead back to the disk.
// Linux: drivers/block/loop.c (struct loop_device), drivers/md/dm-ioctl.c (struct hash_cell).
import type { VirtualAddress } from '../../../base/address.ts';
import { fromWords, isKernelAddress } from '../../../base/address.ts';
import { WalkIncomplete } from '../../../base/errors.ts';
import { decodeText } from '../../../base/text.ts';
import { unlessFault } from '../../../base/unless-fault.ts';
import { pointersAt } from '../containers/pointers.ts';
import type { Linux } from '../linux.ts';
import type { Kernel } from '../structs.ts';
import { fileType } from '../vfs/file-type.ts';

/** Words of a driver's struct that are looked at: `loop_device` has the two pointers early, `mapped_device` its name's before word 60. */
const LOOP_WORDS = 64;
const MAPPER_WORDS = 128;
/** A `hash_cell` has what is sought within so many words: two nodes of trees of three words, flags, and three pointers. */
const CELL_WORDS = 12;
/** DM_NAME_LEN of include/uapi/linux/dm-ioctl.h. */
const NAME_BYTES = 128;

/** The words at an address, as far as they are there, and whether all are. */
function wordsAt(
  kernel: Linux,
  address: VirtualAddress,
  count: number,
): { readonly words: readonly VirtualAddress[]; readonly areAll: boolean } {
  const pairs = pointersAt(kernel, address, count);
  const words = Array.from({ length: pairs.length / 2 }, (_, at) =>
    fromWords(pairs[2 * at + 1]!, pairs[2 * at]!),
  );
  return { words, areAll: words.length === count };
}

/**
 * The file behind a loop device: its struct has a pointer to the file before that to its own `block_device`, next to it or
 * with a number between. Undefined where there is none. @throws WalkIncomplete where what may be it cannot be read
 */
export function backingFile(
  kernel: Linux,
  loop: VirtualAddress,
  device: VirtualAddress,
): Kernel<'file'> | undefined {
  const { words, areAll } = wordsAt(kernel, loop, LOOP_WORDS);
  const own = words.indexOf(device);
  let isWhole = areAll || own >= 0;
  for (const at of [own - 1, own - 2]) {
    const address = words[at];
    if (own < 0 || address === undefined || !isKernelAddress(address, kernel.types.pointerBytes)) continue;
    const file = kernel.at('file', address);
    // The inode that a file has is that which its name leads to, and has pages of its own.
    const isFile = unlessFault(() => {
      const { f_inode: inode, f_path } = file;
      return inode !== null && fileType(inode.i_mode) !== undefined && f_path.dentry.d_sb.address !== 0n;
    }, undefined);
    if (isFile === true) return file;
    if (isFile === undefined) isWhole = false;
  }
  if (!isWhole) throw new WalkIncomplete('what may lead to the file behind the device cannot be read');
  return undefined;
}

/**
 * The name of a device of the device mapper: a `hash_cell`, to which its struct leads, leads back to it behind the pointers to
 * name and UUID. Undefined where there is none. @throws WalkIncomplete where what may lead to it cannot be read
 */
export function mapperName(kernel: Linux, mapped: VirtualAddress): string | undefined {
  const { pointerBytes } = kernel.types;
  let odd: string | undefined;
  const { words, areAll } = wordsAt(kernel, mapped, MAPPER_WORDS);
  let isWhole = areAll;
  for (const word of words) {
    if (word === mapped || !isKernelAddress(word, pointerBytes)) continue;
    const { words: cell } = wordsAt(kernel, word, CELL_WORDS);
    if (cell.length === 0) isWhole = false;
    const back = cell.indexOf(mapped);
    const [name, uuid] = [cell[back - 2], cell[back - 1]];
    if (back < 2 || name === undefined || !isKernelAddress(name, pointerBytes)) continue;
    // A device need not have a UUID.
    if (uuid !== 0n && !isKernelAddress(uuid!, pointerBytes)) continue;
    const bytes = unlessFault(() => kernel.space.cString(name, NAME_BYTES), undefined);
    if (bytes === undefined) isWhole = false;
    if (bytes === undefined || bytes.length === 0) continue;
    // Other structs lead back too. The mapper's own tool escapes what is not printable: a name that is comes first.
    if (bytes.every((byte) => byte > 0x20 && byte < 0x7f)) return decodeText(bytes);
    if (bytes.every((byte) => byte >= 0x20)) odd ??= decodeText(bytes);
  }
  if (odd === undefined && !isWhole) throw new WalkIncomplete('what may lead to its name cannot be read');
  return odd;
}
