// Works out where a kernel is from VMCOREINFO: image, page tables, architecture.
// Nothing is read through it yet.
import { isKernelAddress } from '../../base/address.ts';
import { type Architecture, pointerBytesOf } from '../../profile/profile.ts';
import type { Vmcoreinfo } from '../../profile/vmcoreinfo.ts';
import { rulesOf } from './architecture/all.ts';
import type { ArchitectureRules, Place } from './architecture/architecture.ts';
import { IMAGE_REACH_BYTES } from './image.ts';

/** Where in this boot a kernel was found: the answer of each road, before anything is read through it. */
export interface Located extends Place {
  readonly architecture: Architecture;
  readonly vmcoreinfo: Vmcoreinfo | null;
  /** What KASLR added to link-time addresses; null where only a profile's symbols can tell. */
  readonly slide: bigint | null;
  /** Symbols of the image known before any table was read, by kallsyms' names: what the tables are verified against. */
  readonly known: ReadonlyMap<string, bigint>;
}

/** The places of a kernel that VMCOREINFO leaves open, and the kind of CPU that it is of; undefined where it names none. */
export function locate(
  vmcoreinfo: Vmcoreinfo,
): { readonly rules: ArchitectureRules; readonly places: readonly Located[] } | undefined {
  for (const rules of Object.values(rulesOf)) {
    const places = rules.fromVmcoreinfo(vmcoreinfo);
    if (places.length === 0) continue;
    const known = symbolsOfImage(vmcoreinfo, rules);
    const { architecture } = rules;
    const slide = vmcoreinfo.kernelOffset;
    return {
      rules,
      places: places.map((place) => ({ ...place, architecture, vmcoreinfo, slide, known })),
    };
  }
  return undefined;
}

/** VMCOREINFO also names what lies elsewhere, in memory that the image's own distance says nothing of. */
function symbolsOfImage(
  { symbols }: Vmcoreinfo,
  { architecture, topTable }: ArchitectureRules,
): Map<string, bigint> {
  const text = symbols.get('_stext') ?? symbols.get('swapper_pg_dir') ?? 0n;
  const isNear = (address: bigint): boolean =>
    isKernelAddress(address, pointerBytesOf(architecture)) &&
    address > text - BigInt(IMAGE_REACH_BYTES) &&
    address < text + BigInt(IMAGE_REACH_BYTES);
  return new Map(
    [...symbols].flatMap(([name, address]) =>
      isNear(address) ? [[name === 'swapper_pg_dir' ? topTable : name, address] as const] : [],
    ),
  );
}
