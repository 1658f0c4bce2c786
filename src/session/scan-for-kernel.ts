import { hex, physical } from '../base/address.ts';
import { EvidenceFault, NoKernel } from '../base/errors.ts';
import { symbols } from '../kernel/linux/symbols.ts';
import type { PhysicalMemory } from '../memory/physical.ts';
import type { BindingStep } from '../plugin/document.ts';
import { type AddressScheme, Kallsyms } from '../profile/kallsyms.ts';
import { placesAround } from '../profile/kallsyms-search.ts';
import type { Snapshot } from '../snapshot/open.ts';
import { AddressSpace } from '../translate/address-space.ts';
import { X8664Paging } from '../translate/x86-64.ts';
import type { Located } from './bind.ts';
import { imageReader, KERNEL_MAP, LINKED_TEXT } from './image.ts';
import { type Signs, sweepForSigns } from './signs.ts';

/** The kernel's banner is in the same image as its symbol table: never further away than this. */
const IMAGE_REACH_BYTES = 128 << 20;
/** The kernel's image is mapped in this many steps of 2 MiB above KERNEL_MAP, KASLR included. */
const IMAGE_SLOTS = 512;
const SLOT_BYTES = 0x20_0000n;
const SYMBOLS_TO_VERIFY = ['_stext', 'linux_banner', 'init_uts_ns', 'init_top_pgt', 'init_task'] as const;

/**
 * The road for snapshots that have no VMCOREINFO: finds symbol tables by their structure, reads them physically,
 * and asks the page tables that they name where the image is mapped.
 */
export function* scanForKernel(snapshot: Snapshot, steps: BindingStep[]): Generator<Located> {
  const { memory } = snapshot;
  const signs = sweepForSigns(memory);
  steps.push({
    step: 'scan',
    outcome: signs.kallsyms.length > 0 ? 'found' : 'failed',
    detail: summary(signs),
  });
  refuseOtherSystems(signs);
  const read = imageReader(memory, 0n);
  for (const digits of signs.kallsyms) {
    for (const places of placesAround(read, BigInt(digits))) {
      try {
        const kallsyms = new Kallsyms(places, read);
        const numbers = kallsyms.find(symbols);
        for (const scheme of kallsyms.schemes)
          yield* locateBy(memory, signs, kallsyms, numbers, scheme, steps);
      } catch (fault) {
        if (!(fault instanceof EvidenceFault)) throw fault;
        steps.push({
          step: 'kallsyms',
          outcome: 'failed',
          detail: `tables around ${hex(digits)}: ${fault.message}`,
        });
      }
    }
  }
}

const summary = ({ kallsyms, linuxBanner }: Signs): string =>
  `${kallsyms.length} places that look like kallsyms, ${linuxBanner.length} banners`;

/** @throws NoKernel that names the system where the memory is plainly of one that this program does not read. */
function refuseOtherSystems({ kallsyms, linuxBanner, windows, darwin, freebsd }: Signs): void {
  if (kallsyms.length > 0 || linuxBanner.length > 0) return;
  const [system, at] =
    [
      ['a Windows guest (ntkrnlmp.pdb', windows[0]],
      ['a macOS guest (Darwin Kernel Version', darwin[0]],
      ['a FreeBSD guest (@(#)FreeBSD', freebsd[0]],
    ].find(([, place]) => place !== undefined) ?? [];
  if (at !== undefined)
    throw new NoKernel(
      `this is the memory of ${system} at physical ${hex(at as number)}); only Linux guests can be read`,
    );
}

function* locateBy(
  memory: PhysicalMemory,
  signs: Signs,
  kallsyms: Kallsyms,
  numbers: ReadonlyMap<string, number>,
  scheme: AddressScheme,
  steps: BindingStep[],
): Generator<Located> {
  const address = (name: string): bigint | undefined => {
    const number = numbers.get(name);
    return number === undefined ? undefined : kallsyms.addressOf(number, scheme);
  };
  const [banner, pgd, text] = [
    address('linux_banner'),
    address('init_top_pgt') ?? address('swapper_pg_dir'),
    address('_text'),
  ];
  if (banner === undefined || pgd === undefined || text === undefined) return;
  for (const place of bannerPlaces(signs, kallsyms, scheme, banner)) {
    // With self-relative offsets the tables, read physically, give physical addresses; else the banner tells the way.
    const toPhysical = scheme === 'self-relative' ? 0n : banner - BigInt(place);
    const root = Number(pgd - toPhysical);
    for (const levels of [4, 5] as const) {
      const delta = mappedDelta(memory, root, levels, Number(text - toPhysical));
      if (delta === undefined || (scheme !== 'self-relative' && delta !== toPhysical)) continue;
      steps.push({
        step: 'page tables',
        outcome: 'found',
        detail: `root at ${hex(root)} maps the image around ${hex(place)}`,
      });
      yield {
        vmcoreinfo: null,
        delta,
        slide: text - toPhysical + delta - LINKED_TEXT,
        root: physical(root),
        levels,
        known: new Map(
          SYMBOLS_TO_VERIFY.flatMap((name) => {
            const known = address(name);
            return known === undefined ? [] : [[name, known - toPhysical + delta] as const];
          }),
        ),
      };
    }
  }
}

/** Physical addresses at which the banner may stand, by the scheme at hand. */
function bannerPlaces(
  { linuxBanner }: Signs,
  kallsyms: Kallsyms,
  scheme: AddressScheme,
  banner: bigint,
): number[] {
  if (scheme === 'self-relative') return linuxBanner.filter((place) => BigInt(place) === banner);
  const tables = Number(kallsyms.places.names);
  return linuxBanner.filter(
    (place) => Math.abs(place - tables) < IMAGE_REACH_BYTES && (BigInt(place) - banner) % SLOT_BYTES === 0n,
  );
}

/** virtual − physical of the image whose first byte is at `text`, if tables with this root map it where kernels are. */
function mappedDelta(memory: PhysicalMemory, root: number, levels: 4 | 5, text: number): bigint | undefined {
  if (!Number.isSafeInteger(root) || root < 0 || root % 4096 !== 0) return undefined;
  const space = new AddressSpace(memory, new X8664Paging(physical(root), levels));
  for (let slot = 0n; slot < IMAGE_SLOTS; slot++) {
    const address = KERNEL_MAP + slot * SLOT_BYTES;
    const frame = space.paging.probe(memory, Number(address >> 32n) | 0, Number(BigInt.asIntN(32, address)));
    if (frame === text) return address - BigInt(text);
  }
  return undefined;
}
