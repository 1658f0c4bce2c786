// The names that the kernel remembers of a folder: also those that are not there, and those that are gone.
// Linux: include/linux/dcache.h (d_subdirs, d_children), fs/dcache.c.
import { wrapped } from '../../../base/address.ts';
import type { Walk } from '../../../types/struct.ts';
import { chainedLinks } from '../containers/hash-table.ts';
import type { Linux } from '../linux.ts';
import type { Kernel } from '../structs.ts';

/** Whether the kernel remembers any entry of it. @throws EvidenceFault */
export function hasEntries(kernel: Linux, { d_subdirs: list, d_children: chain }: Kernel<'dentry'>): boolean {
  const head = list ?? chain;
  if (head === undefined) return false;
  const first = kernel.pointerAt(head);
  return first !== 0n && first !== head;
}

/**
 * The entries of a folder, each once. One that names another parent or file system is none of it and noted, so that whoever goes
 * down from a root comes to each entry once, and to his end. @returns whether all were found
 */
export function* childrenOf(kernel: Linux, folder: Kernel<'dentry'>): Walk<Kernel<'dentry'>> {
  let isWhole = true;
  const strays: string[] = [];
  const entries = linked(kernel, folder, () => {
    isWhole = false;
  });
  for (const child of entries) {
    const isOurs = kernel.attempt(
      () => child.d_parent.address === folder.address && child.address !== folder.address,
      false,
      'an entry of a folder',
    );
    if (isOurs) yield child;
    else strays.push(child.address.toString(16));
  }
  if (strays.length > 0) {
    isWhole = false;
    kernel.note(`${strays.length} entries of folders name another folder as theirs`);
  }
  return isWhole;
}

/** By a list, or since Linux kernel commit da549bdd15c2 ("dentry: switch the lists of children to hlist") (in v6.8) a chain. */
function* linked(kernel: Linux, folder: Kernel<'dentry'>, lose: () => void): Generator<Kernel<'dentry'>> {
  const { d_subdirs: list, d_children: chain } = folder;
  if (list !== undefined) {
    const entries = kernel.list(list, 'dentry', 'd_child');
    let step = entries.next();
    for (; step.done !== true; step = entries.next()) yield step.value;
    if (!step.value) lose();
  } else if (chain !== undefined) {
    const { pointerBytes } = kernel.types;
    const into = BigInt(kernel.types.offsetOf('dentry', 'd_sib'));
    const note = (message: string): void => {
      lose();
      kernel.note(message);
    };
    const table = { name: 'entries of a folder', heads: chain, buckets: 1, strideBytes: pointerBytes, note };
    for (const link of chainedLinks(kernel, table))
      yield kernel.at('dentry', wrapped(link - into, pointerBytes));
  }
}
