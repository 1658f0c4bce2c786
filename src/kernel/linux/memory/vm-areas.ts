// The mappings of a process's memory as the kernel keeps them: a maple tree since v6.1, before a list and a red-black tree.
// Linux: struct vm_area_struct of include/linux/mm_types.h, mm/mmap.c.
import { highWord, lowWord, type VirtualAddress } from '../../../base/address.ts';
import { ENTRY_COST } from '../../../base/budget.ts';
import { EvidenceFault } from '../../../base/errors.ts';
import type { Walk } from '../../../types/struct.ts';
import { mapleEntries } from '../containers/maple-tree.ts';
import { rbNodes } from '../containers/rb-tree.ts';
import type { Linux } from '../linux.ts';
import type { Kernel } from '../structs.ts';

/** As many mappings as a list may have before it counts as endless: vm.max_map_count is 65,530. */
const MAXIMUM_AREAS = 2_000_000;

/** The mappings of a memory, ascending but for those that are found past a lost one. `what` names them in notes. @throws EvidenceFault where the first cannot be found */
export function* rawAreas(
  kernel: Linux,
  mm: Kernel<'mm_struct'>,
  what: string,
): Generator<Kernel<'vm_area_struct'>> {
  const tree = mm.mm_mt;
  if (tree !== undefined) {
    for (const address of mapleEntries(kernel, tree, what)) {
      yield kernel.atWords('vm_area_struct', highWord(address), lowWord(address));
    }
    return;
  }
  const seen = new Set<VirtualAddress>();
  if ((yield* areasOnList(kernel, mm, what, seen)) || !kernel.types.has('vm_area_struct', 'vm_rb')) return;
  // Until 6.1 they are in a tree as well, which leads past the one that is lost.
  const root = kernel.attempt(() => mm.mm_rb?.rb_node ?? 0n, 0n, what);
  const link = BigInt(kernel.types.offsetOf('vm_area_struct', 'vm_rb'));
  for (const node of rbNodes(kernel, root, what)) {
    const area = kernel.at('vm_area_struct', node - link);
    kernel.space.memory.spend(ENTRY_COST);
    if (!seen.has(area.address)) yield area;
  }
}

/** The mappings on the list; those yielded are in `seen`. @returns whether it came to its end */
function* areasOnList(
  kernel: Linux,
  mm: Kernel<'mm_struct'>,
  what: string,
  seen: Set<VirtualAddress>,
): Walk<Kernel<'vm_area_struct'>> {
  let isWhole = true;
  const next = (read: () => Kernel<'vm_area_struct'> | null | undefined, where: string) => {
    try {
      return read() ?? null;
    } catch (fault) {
      if (!(fault instanceof EvidenceFault)) throw fault;
      isWhole = false;
      kernel.note(`${where}: ${fault.message}`);
      return null;
    }
  };
  let area = next(() => mm.mmap, what);
  while (area !== null) {
    const here: Kernel<'vm_area_struct'> = area;
    if (seen.has(here.address) || seen.size >= MAXIMUM_AREAS) {
      kernel.note(`${what} ${seen.has(here.address) ? 'loop' : 'are cut'} after ${seen.size}`);
      return false;
    }
    kernel.space.memory.spend(ENTRY_COST);
    seen.add(here.address);
    yield here;
    area = next(() => here.vm_next, `${what} end after ${seen.size}`);
  }
  return isWhole;
}
