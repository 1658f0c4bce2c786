import { hex, isKernelAddress } from '../base/address.ts';
import { BadProfile, EvidenceFault, ForensicError, NoKernel, NoProfile } from '../base/errors.ts';
import { symbols } from '../kernel/linux/symbols.ts';
import type { BindingStep } from '../plugin/document.ts';
import { Btf } from '../profile/btf.ts';
import { MAXIMUM_BTF_BYTES } from '../profile/btf-search.ts';
import { type AddressScheme, type ImageReader, Kallsyms, type KallsymsPlaces } from '../profile/kallsyms.ts';
import { searchKallsyms } from '../profile/kallsyms-search.ts';
import {
  linkAddress,
  PROFILE_FORMAT,
  type Profile,
  type ProfileShelf,
  pointerBytesOf,
} from '../profile/profile.ts';
import type { Vmcoreinfo } from '../profile/vmcoreinfo.ts';
import type { Snapshot } from '../snapshot/open.ts';
import { bannerAt, bannerIn } from './banner.ts';
import { imageReader } from './image.ts';
import type { Located } from './located.ts';
import { tellUnlisted, type Unlisted } from './unlisted/tell-unlisted.ts';
import { wants } from './wants.ts';

/** Which profile to bind by. */
export interface ProfileChoice {
  /** This one and no other. */
  readonly profile?: Profile;
  /** Remembered ones may be used, and what is learned is remembered. */
  readonly shelf?: ProfileShelf;
}

/** A profile to bind by. */
interface Description {
  readonly profile: Profile;
  /** Whether its addresses are those of the build. A kernel that tells its addresses but not the slide gives those of this boot. */
  readonly isLinked: boolean;
  /** Whether it is what the kernel says of itself: worth remembering, once the kernel is known to be what it seems. */
  readonly isOwn: boolean;
}

/**
 * The profile of the kernel at a place: the chosen one, one remembered by build ID, the one that the kernel itself
 * tells, or one that is kept under its banner. @throws NoProfile
 */
export function profileOf(
  snapshot: Snapshot,
  located: Located,
  { profile, shelf }: ProfileChoice,
  steps: BindingStep[],
): Description {
  if (profile !== undefined) {
    steps.push({
      step: 'profile',
      outcome: 'found',
      detail: `given: ${profile.release}, from ${profile.source}`,
    });
    return { profile, isLinked: true, isOwn: false };
  }
  const buildId = located.vmcoreinfo?.buildId ?? null;
  const remembered = buildId === null ? undefined : shelf?.findProfile(buildId);
  if (remembered?.vocabulary === wants.vocabulary) {
    steps.push({ step: 'profile', outcome: 'found', detail: `remembered by build ID ${buildId}` });
    return { profile: remembered, isLinked: true, isOwn: false };
  }
  try {
    const own = selfDescription(snapshot, located, steps);
    return { profile: own, isLinked: located.slide !== null, isOwn: true };
  } catch (error) {
    if (!(error instanceof ForensicError)) throw error;
    // What it says of itself may also be damaged, or not all in the snapshot.
    const step = error instanceof NoKernel ? 'kallsyms' : 'btf';
    steps.push({ step, outcome: 'failed', detail: error.message });
    return {
      profile: foreignProfile(snapshot, located, shelf, steps, error.message),
      isLinked: true,
      isOwn: false,
    };
  }
}

/** A profile made elsewhere, for a kernel that cannot describe itself. @throws NoProfile that says what to do */
function foreignProfile(
  { memory }: Snapshot,
  located: Located,
  shelf: ProfileShelf | undefined,
  steps: BindingStep[],
  why: string,
): Profile {
  const banner = bannerIn(imageReader(memory, located.delta), located);
  const found = banner === undefined ? undefined : shelf?.findByBanner(banner);
  if (found !== undefined) {
    steps.push({ step: 'profile', outcome: 'found', detail: `by banner: from ${found.source}` });
    return found;
  }
  const name = banner ?? `Linux version ${located.vmcoreinfo?.release ?? 'of no name'}`;
  throw noProfile(name, `does not describe itself: ${why}`, shelf);
}

/** What to do about a kernel, named by its banner, that nothing describes; `how` is why, as the end of a sentence. */
export function noProfile(banner: string, how: string, shelf: ProfileShelf | undefined): NoProfile {
  const release = /^Linux version (\S+)/.exec(banner)?.[1] ?? 'RELEASE';
  return new NoProfile(
    `"${banner}" ${how}. There is no profile of it${shelf === undefined ? '' : ` ${shelf.searched}`}. ` +
      `With the kernel's debug package installed: vestige profile build /usr/lib/debug/boot/vmlinux-${release} ` +
      '--output profile.json, then --profile profile.json. ' +
      'With a symbol table of Volatility: vestige profile import FILE',
  );
}

/** A profile from the kernel's own kallsyms and BTF. @throws NoKernel, BadProfile, EvidenceFault */
function selfDescription(snapshot: Snapshot, located: Located, steps: BindingStep[]): Profile {
  const read = imageReader(snapshot.memory, located.delta);
  const listed = kallsymsOf(read, located);
  const { kallsyms, scheme } = listed;
  steps.push({
    step: 'kallsyms',
    outcome: 'verified',
    detail: `${kallsyms.places.symbolCount} symbols, ${scheme} addresses`,
  });
  const { btf, found } = listed.found.has('init_task')
    ? listedDescription(read, located, listed.found, steps)
    : tellUnlisted(snapshot.memory, located, [...kallsyms.all(scheme)], steps);
  const banner = bannerAt(read, found.get('linux_banner') ?? 0n);
  return {
    format: PROFILE_FORMAT,
    banner,
    release: located.vmcoreinfo?.release ?? /^Linux version (\S+)/.exec(banner)?.[1] ?? '',
    buildId: located.vmcoreinfo?.buildId ?? null,
    architecture: located.architecture,
    pointerBytes: pointerBytesOf(located.architecture),
    source: listed.found.has('init_task') ? 'btf + kallsyms' : 'btf + kallsyms + exports + code',
    vocabulary: wants.vocabulary,
    symbols: Object.fromEntries(
      [...found].map(([name, address]) => [name, linkAddress(address, slideOf(address, located))]),
    ),
    types: btf.layouts(wants.types),
    enumerators: btf.enumerators(wants.enumerators),
  };
}

/** The BTF of a kernel that lists all of its symbols. @throws NoProfile, BadProfile, EvidenceFault */
function listedDescription(
  read: ImageReader,
  { architecture }: Located,
  found: ReadonlyMap<string, bigint>,
  steps: BindingStep[],
): Unlisted {
  const start = found.get('__start_BTF') ?? found.get('_binary__btf_vmlinux_bin_start');
  const stop = found.get('__stop_BTF') ?? found.get('_binary__btf_vmlinux_bin_end');
  if (start === undefined || stop === undefined) {
    throw new NoProfile('the kernel carries no BTF (CONFIG_DEBUG_INFO_BTF)');
  }
  const length = Number(stop - start);
  if (length <= 0 || length > MAXIMUM_BTF_BYTES)
    throw new BadProfile(`btf of ${length} bytes is implausible`);
  const btf = new Btf(read(start, length), pointerBytesOf(architecture));
  steps.push({ step: 'btf', outcome: 'found', detail: `${btf.typeCount} types at ${hex(start)}` });
  return { btf, found };
}

/** Absolute symbols (per-CPU offsets) do not slide. */
const slideOf = (address: bigint, { slide, architecture }: Located): bigint =>
  isKernelAddress(address, pointerBytesOf(architecture)) ? (slide ?? 0n) : 0n;

interface FoundKallsyms {
  readonly kallsyms: Kallsyms;
  readonly scheme: AddressScheme;
  readonly found: Map<string, bigint>;
}

/** The kernel's symbols: by the addresses in VMCOREINFO, or where it has none (before 6.0) by the tables' structure. @throws NoKernel */
export function kallsymsOf(read: ImageReader, { vmcoreinfo, known, architecture }: Located): FoundKallsyms {
  let tried = 0;
  for (const places of kallsymsPlaces(read, vmcoreinfo, known, pointerBytesOf(architecture))) {
    tried++;
    const fit = fitting(places, read, known);
    if (fit !== undefined) return fit;
  }
  throw new NoKernel(`no kallsyms table agrees with the known symbols: ${tried} readings tried`);
}

function* kallsymsPlaces(
  read: ImageReader,
  vmcoreinfo: Vmcoreinfo | null,
  known: ReadonlyMap<string, bigint>,
  pointerBytes: 4 | 8,
): Generator<KallsymsPlaces> {
  const at = (name: string) => vmcoreinfo?.symbols.get(`kallsyms_${name}`);
  const [names, count, tokenTable, tokenIndex, offsets] = [
    at('names'),
    at('num_syms'),
    at('token_table'),
    at('token_index'),
    at('offsets'),
  ];
  if (
    names !== undefined &&
    count !== undefined &&
    tokenTable !== undefined &&
    tokenIndex !== undefined &&
    offsets !== undefined
  ) {
    const base = at('relative_base');
    const symbolCount = wordAt(read, count, 4);
    const relativeBase = base === undefined ? null : wordAt(read, base, pointerBytes);
    if (symbolCount < 2_000_000n)
      yield { names, symbolCount: Number(symbolCount), tokenTable, tokenIndex, offsets, relativeBase };
  }
  const bounds = [...known.values()].sort((a, b) => (a < b ? -1 : 1));
  if (bounds.length >= 2) yield* searchKallsyms(read, bounds[0]!, bounds.at(-1)!, pointerBytes);
}

function wordAt(read: ImageReader, address: bigint, width: 4 | 8): bigint {
  const bytes = read(address, width);
  const view = new DataView(bytes.buffer, bytes.byteOffset, width);
  return width === 8 ? view.getBigUint64(0, true) : BigInt(view.getUint32(0, true));
}

/** How many symbols are looked at to tell whether a table is sorted. */
const SAMPLES = 64;

/** Whether the table's addresses ascend, as they do in every sound one. */
function ascends(kallsyms: Kallsyms, scheme: AddressScheme): boolean {
  const step = kallsyms.places.symbolCount / SAMPLES;
  const addresses = Array.from({ length: SAMPLES }, (_, nth) =>
    kallsyms.addressOf(Math.floor(nth * step), scheme),
  );
  return addresses.every((address, nth) => nth === 0 || address >= addresses[nth - 1]!);
}

/** The scheme by which the tables give every known symbol its known address, or undefined. */
function fitting(
  places: KallsymsPlaces,
  read: ImageReader,
  known: ReadonlyMap<string, bigint>,
): FoundKallsyms | undefined {
  try {
    const kallsyms = new Kallsyms(places, read);
    const numbers = kallsyms.find(new Set([...symbols, '_stext', 'init_uts_ns']));
    const checks = [...numbers].filter(([name]) => known.has(name));
    const scheme = kallsyms.schemes.find(
      (candidate) =>
        checks.every(([name, index]) => kallsyms.addressOf(index, candidate) === known.get(name)) &&
        // A kernel that lists functions only (without CONFIG_KALLSYMS_ALL) has but one of the symbols known.
        (checks.length > 1 || (checks.length === 1 && ascends(kallsyms, candidate))),
    );
    if (scheme === undefined) return undefined;
    const found = new Map([...numbers].map(([name, index]) => [name, kallsyms.addressOf(index, scheme)]));
    return { kallsyms, scheme, found };
  } catch (fault) {
    if (!(fault instanceof EvidenceFault)) throw fault;
    return undefined;
  }
}
