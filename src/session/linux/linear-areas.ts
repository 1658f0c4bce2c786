// What of kernel memory is mapped in one piece, so that it can be read where page tables are missing: the image, and the
// direct map of all RAM (i386: low memory; AArch64: the linear map).
import { physical, wrapped } from '../../base/address.ts';
import { EvidenceFault } from '../../base/errors.ts';
import type { LinuxParts } from '../../kernel/linux/linux.ts';
import type { SymbolName } from '../../kernel/linux/symbols.ts';
import type { LinearArea } from '../../translate/linear-areas.ts';
import { rulesOf } from './architecture/all.ts';
import { IMAGE_REACH_BYTES } from './image.ts';
import type { Located } from './kernel-location.ts';

/** The areas of a kernel; those of which it does not tell where they begin are left out. Reads the image only, never through page tables. */
export function linearAreas(
  parts: Pick<LinuxParts, 'space' | 'profile' | 'slide'>,
  located: Located,
): LinearArea[] {
  const { space, profile, slide } = parts;
  const { delta, architecture, vmcoreinfo, paging } = located;
  const symbol = (name: SymbolName): bigint | undefined => {
    const link = profile.symbols[name];
    return link === undefined ? undefined : wrapped(BigInt(link) + slide, profile.pointerBytes);
  };
  const toPhysical = (address: bigint): number => Number(BigInt.asUintN(64, address - delta));
  const word = (name: SymbolName): bigint | undefined => {
    const at = symbol(name);
    if (at === undefined) return undefined;
    try {
      const { memory } = space;
      if (profile.pointerBytes === 8) return memory.u64(physical(toPhysical(at)));
      return BigInt(memory.i32(physical(toPhysical(at))) >>> 0);
    } catch (fault) {
      if (!(fault instanceof EvidenceFault)) throw fault;
      return undefined;
    }
  };
  const areas: LinearArea[] = [];
  const start = symbol('_text') ?? symbol('_stext');
  const end = symbol('_end') ?? (start === undefined ? undefined : lastSymbolOf(parts, start));
  if (start !== undefined && end !== undefined && end > start)
    areas.push({ name: "the kernel's image", start, end, physical: toPhysical(start) });
  const direct = rulesOf[architecture].directMap({
    vmcoreinfo,
    delta,
    paging,
    word,
    has: (name) => symbol(name) !== undefined,
  });
  if (direct !== undefined) {
    // What lies behind the snapshot's last byte can be read in no way.
    const last = direct.start + BigInt(space.memory.source.ranges.at(-1)?.end ?? 0) - BigInt(direct.physical);
    areas.push({ ...direct, end: last < direct.end ? last : direct.end });
  }
  return areas;
}

/** What a symbol stands for is no longer: without `_end`, the image goes at least so far behind its last symbol that is known. */
const SYMBOL_BYTES = 4096n;

/** The address behind the last symbol of the image that begins at `start`. */
function lastSymbolOf({ profile, slide }: Pick<LinuxParts, 'profile' | 'slide'>, start: bigint): bigint {
  let last = start;
  for (const link of Object.values(profile.symbols)) {
    const address = wrapped(BigInt(link) + slide, profile.pointerBytes);
    if (address > last && address < start + BigInt(IMAGE_REACH_BYTES)) last = address;
  }
  return last + SYMBOL_BYTES;
}
