// Finds kernels in snapshots without VMCOREINFO, by symbol tables, banners and profiles.
// Its effort is bounded.
import { hex, wrapped } from '../../base/address.ts';
import type { Effort } from '../../base/effort.ts';
import { EvidenceFault, NoKernel, type NoProfile } from '../../base/errors.ts';
import { symbols } from '../../kernel/linux/symbols.ts';
import type { BindingStep } from '../../plugin/document.ts';
import { type AddressScheme, Kallsyms } from '../../profile/kallsyms.ts';
import { placesAround } from '../../profile/kallsyms-search.ts';
import { type Profile, pointerBytesOf } from '../../profile/profile.ts';
import type { Snapshot } from '../../snapshot/open.ts';
import { rulesOf } from './architecture/all.ts';
import type { ArchitectureRules } from './architecture/architecture.ts';
import { bannersAt } from './banner.ts';
import { IMAGE_REACH_BYTES, imageReader } from './image.ts';
import type { Located } from './kernel-location.ts';
import { noProfile, type ProfileChoice } from './profile-of.ts';
import { type OtherLayout, otherLayouts } from './raw-layouts.ts';
import { type Signs, sweepForSigns } from './signs.ts';
import { scanUnlisted } from './symbol-recovery/scan-unlisted.ts';

/** Images are moved in whole pages. */
const PAGE_BYTES = 4096n;
/** Distances that are followed: each opens the file twice more, and reads what was found in it again. */
const MOST_DISTANCES = 4;
const SYMBOLS_TO_VERIFY = ['_stext', 'linux_banner', 'init_uts_ns', 'init_task'] as const;

/** Images of one set of symbols that are asked how far they were moved. */
const MOST_ASKED = 8;
/** Steps that it takes to look at the page tables of an image, and to look in it for what tells how far it was moved. */
const IMAGE_STEPS = 500_000;
const DISTANCES_STEPS = 4_000_000;

/** A place to try, in the layout of the file in which it was found. */
export interface Found {
  readonly snapshot: Snapshot;
  readonly located: Located;
}

/** Symbols of one kernel whose place in memory is still to be found. */
interface SymbolSet {
  /** `runtime`: where they are in this boot; `link`: before KASLR; `physical`: where they are in memory. */
  readonly frame: 'runtime' | 'link' | 'physical';
  readonly rules: ArchitectureRules;
  readonly address: (name: string) => bigint | undefined;
  /** Physical addresses at which the kernel's banner may stand. */
  readonly banners: readonly number[];
}

/**
 * The roads for snapshots that have no VMCOREINFO, taken in turn: symbol tables found by their structure and read
 * physically, and profiles of the kernels whose banners stand in memory. Either way the page tables that the symbols
 * name are asked where the image is mapped. `named` gets a kernel that only its banner tells of. All roads together end
 * once `effort` is spent.
 */
export function* scanForKernel(
  snapshot: Snapshot,
  choice: ProfileChoice,
  steps: BindingStep[],
  named: NoProfile[],
  effort: Effort,
): Generator<Found> {
  const signs = sweepForSigns(snapshot.memory);
  steps.push({
    step: 'scan',
    outcome: signs.kallsyms.length > 0 || signs.linuxBanner.length > 0 ? 'found' : 'failed',
    detail: `${signs.kallsyms.length} places that look like kallsyms, ${signs.linuxBanner.length} banners`,
  });
  refuseOtherSystems(signs);
  let isLed = false;
  /** How far images that are mapped elsewhere than they are lie above their place. */
  const distances = new Set<number>();
  for (const found of scanLayout(snapshot, signs, choice, steps, distances, effort)) {
    isLed = true;
    yield found;
  }
  for (const other of otherLayouts(snapshot, rulesOf.aarch64.ramStarts, distances)) {
    let isTaken = false;
    for (const found of scanLayout(other.snapshot, moved(signs, other), choice, steps, new Set(), effort)) {
      isTaken = true;
      yield found;
    }
    isLed ||= isTaken;
    if (!isTaken) other.snapshot.file.close();
  }
  const banner = commonest(bannersAt(snapshot.memory, signs.linuxBanner));
  if (isLed || choice.profile !== undefined || banner === undefined) return;
  named.push(noProfile(banner, 'is in memory, and nothing in it leads to that kernel', choice.profileSource));
}

/** The whole banner that most places have: beside the kernel's own, its log has it, and whatever tells its version. */
function commonest(banners: ReadonlyMap<string, readonly number[]>): string | undefined {
  const whole = [...banners].filter(([banner]) => /^Linux version \S+ \(.+\) #\d+ /.test(banner));
  return whole.sort(([, a], [, b]) => b.length - a.length)[0]?.[0];
}

/** Where signs are in another layout; what is in front of its memory is in none. */
function moved(signs: Signs, { moved: place }: OtherLayout): Signs {
  const placed = (at: Signs['kallsyms']) => at.map(place).filter((address) => address >= 0);
  return { ...signs, kallsyms: placed(signs.kallsyms), linuxBanner: placed(signs.linuxBanner) };
}

function* scanLayout(
  snapshot: Snapshot,
  signs: Signs,
  choice: ProfileChoice,
  steps: BindingStep[],
  distances: Set<number>,
  effort: Effort,
): Generator<Found> {
  for (const set of symbolSets(snapshot, signs, choice, steps, effort)) {
    for (const located of locateBy(snapshot, set, steps, distances, effort)) yield { snapshot, located };
  }
  for (const located of scanUnlisted(snapshot.memory, signs.kallsyms, steps, effort))
    yield { snapshot, located };
}

function* symbolSets(
  { memory }: Snapshot,
  signs: Signs,
  choice: ProfileChoice,
  steps: BindingStep[],
  effort: Effort,
): Generator<SymbolSet> {
  const read = imageReader(memory, 0n);
  for (const digits of signs.kallsyms) {
    for (const places of placesAround(read, BigInt(digits), 8, effort)) {
      try {
        const kallsyms = new Kallsyms(places, read);
        const numbers = kallsyms.find(symbols);
        for (const scheme of kallsyms.schemes) yield* ofKallsyms(kallsyms, numbers, scheme, signs);
      } catch (fault) {
        if (!(fault instanceof EvidenceFault)) throw fault;
        const detail = `tables around ${hex(digits)}: ${fault.message}`;
        steps.push({ step: 'kallsyms', outcome: 'failed', detail });
      }
    }
  }
  for (const [banner, banners] of bannersAt(memory, signs.linuxBanner)) {
    const profile = choice.profile ?? choice.profileSource?.findByBanner(banner);
    if (profile?.banner === banner) yield ofProfile(profile, banners);
  }
}

function* ofKallsyms(
  kallsyms: Kallsyms,
  numbers: ReadonlyMap<string, number>,
  scheme: AddressScheme,
  { linuxBanner }: Signs,
): Generator<SymbolSet> {
  const address = (name: string): bigint | undefined => {
    const number = numbers.get(name);
    return number === undefined ? undefined : kallsyms.addressOf(number, scheme);
  };
  // With self-relative offsets the tables, read physically, give physical addresses.
  const frame = scheme === 'self-relative' ? 'physical' : 'runtime';
  const tables = Number(kallsyms.places.names);
  const banners = linuxBanner.filter((place) => Math.abs(place - tables) < IMAGE_REACH_BYTES);
  for (const rules of [rulesOf['x86-64'], rulesOf.aarch64]) yield { frame, rules, address, banners };
}

const ofProfile = (profile: Profile, banners: readonly number[]): SymbolSet => ({
  frame: 'link',
  rules: rulesOf[profile.architecture],
  address: (name) => {
    const link = profile.symbols[name];
    return link === undefined ? undefined : BigInt(link);
  },
  banners,
});

/**
 * The places at which page tables map an image that has these symbols and one of the banners. `distances` gets how far away
 * those lie that are mapped elsewhere.
 */
function* locateBy(
  { memory }: Snapshot,
  { frame, rules, address, banners }: SymbolSet,
  steps: BindingStep[],
  distances: Set<number>,
  effort: Effort,
): Generator<Located> {
  const [banner, text] = [address('linux_banner'), address('_text')];
  if (banner === undefined || text === undefined) return;
  const { architecture, topTable } = rules;
  const pointerBytes = pointerBytesOf(architecture);
  let asked = 0;
  for (const place of banners) {
    const toPhysical = banner - BigInt(place);
    if (toPhysical % PAGE_BYTES !== 0n || (frame === 'physical' && toPhysical !== 0n)) continue;
    if (effort.isSpent) return;
    effort.spend(IMAGE_STEPS);
    const at = (name: string): number | undefined => {
      const found = address(name);
      const physically = found === undefined ? -1 : Number(found - toPhysical);
      return Number.isSafeInteger(physically) && physically >= 0 ? physically : undefined;
    };
    let isMapped = false;
    for (const { paging, delta } of rules.fromImage({ memory, at })) {
      isMapped = true;
      if (frame === 'runtime' && delta !== toPhysical) continue;
      const runtime = (link: bigint) => wrapped(link - toPhysical + delta, pointerBytes);
      const detail = `root at ${hex(paging.root)} maps the image around ${hex(place)}`;
      steps.push({ step: 'page tables', outcome: 'found', detail });
      yield {
        architecture,
        vmcoreinfo: null,
        paging,
        delta,
        slide: rules.slideOf(runtime(text)),
        known: new Map(
          [...SYMBOLS_TO_VERIFY, topTable].flatMap((name) => {
            const known = address(name);
            return known === undefined ? [] : [[name, runtime(known)] as const];
          }),
        ),
      };
    }
    if (isMapped || distances.size >= MOST_DISTANCES || rules.distancesOfImage === undefined) continue;
    if (++asked > MOST_ASKED) continue;
    effort.spend(DISTANCES_STEPS);
    for (const distance of rules.distancesOfImage({ memory, at })) {
      if (distances.size >= MOST_DISTANCES) break;
      distances.add(distance);
    }
  }
}

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
