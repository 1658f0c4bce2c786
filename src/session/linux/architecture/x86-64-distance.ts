// How far above its place in a file an x86-64 kernel's image lies, where all of it is moved: its own tables have each other's
// physical addresses, and stand in the image themselves (arch/x86/kernel/head_64.S).
import { physical } from '../../../base/address.ts';
import { EvidenceFault } from '../../../base/errors.ts';
import type { PhysicalMemory } from '../../../memory/physical.ts';
import { LARGE, PRESENT } from '../../../translate/x86-entries.ts';
import { IMAGE_REACH_BYTES } from '../image.ts';
import type { FoundImage } from './architecture.ts';

const TABLE_BYTES = 4096;
const ENTRY_BYTES = 8;
/** The physical address in an entry (Intel SDM vol. 3A, table 4-15 ff.). */
const FRAME = 0x000f_ffff_ffff_f000n;
/** The image is mapped at the end of addresses, by the last entry of the tables at the top and the last but one below. */
const LAST = 511;
const IMAGE_GIB = 510;
/** Images are aligned to the large pages that map them: CONFIG_PHYSICAL_ALIGN. */
const LARGE_BYTES = 2 ** 21;
/** How much of the text is looked for: a large page may have been split, for a probe or a patch. */
const TEXT_PAGES = 8;
/** Tables that the one at the top would lead through, each by another distance: in an image it is one. */
const MOST_LOOKED_AT = 64;

/** The distances, none of them 0, that the tables of an image would map it by. None is right before it is verified. */
export function* distancesOfImage({ memory, at }: FoundImage): Generator<number> {
  const [root, text] = [at('init_top_pgt') ?? at('swapper_pg_dir'), at('_text')];
  const next = root === undefined ? undefined : tableIn(memory, root, LAST);
  if (next === undefined || text === undefined) return;
  const first = text - (text % TABLE_BYTES);
  let left = MOST_LOOKED_AT;
  const isInImage = (table: number): boolean => table >= first && table < first + IMAGE_REACH_BYTES;
  for (let table = first; table < first + IMAGE_REACH_BYTES; table += TABLE_BYTES) {
    // Were this the table that the top one names:
    const distance = next - table;
    if (distance === 0 || (text + distance) % LARGE_BYTES !== 0) continue;
    const below = (from: number, index: number): number | undefined => {
      const found = tableIn(memory, from, index);
      return found !== undefined && isInImage(found - distance) ? found - distance : undefined;
    };
    // With five levels there is one more in between.
    const fourth = below(table, LAST);
    const candidates = [table, ...(fourth === undefined ? [] : [fourth])];
    const pages = candidates.map((third) => below(third, IMAGE_GIB));
    if (pages.every((page) => page === undefined)) continue;
    if (left-- <= 0) return;
    if (pages.some((page) => page !== undefined && mapsText(memory, page, text + distance))) yield distance;
  }
}

/** Where the table lies that an entry names; undefined where it names none, or is not in the file. */
function tableIn(memory: PhysicalMemory, table: number, index: number): number | undefined {
  const entry = entryAt(memory, table + index * ENTRY_BYTES);
  const isTable = (Number(entry & 0xfffn) & (PRESENT | LARGE)) === PRESENT;
  return isTable ? Number(entry & FRAME) : undefined;
}

/** Whether large pages in a table are those in which the text at this address begins. */
function mapsText(memory: PhysicalMemory, table: number, text: number): boolean {
  for (let index = 0; index <= LAST; index++) {
    const entry = entryAt(memory, table + index * ENTRY_BYTES);
    const isLarge = (Number(entry & 0xfffn) & (PRESENT | LARGE)) === (PRESENT | LARGE);
    const beyond = Number(entry & FRAME) - text;
    if (isLarge && beyond >= 0 && beyond < TEXT_PAGES * LARGE_BYTES) return true;
  }
  return false;
}

/** The entry at a place in the file; 0, which is present nowhere, where there is none. */
function entryAt(memory: PhysicalMemory, at: number): bigint {
  try {
    return memory.u64(physical(at));
  } catch (fault) {
    if (!(fault instanceof EvidenceFault)) throw fault;
    return 0n;
  }
}
