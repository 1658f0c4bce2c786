import { hex, isKernelAddress } from '../base/address.ts';
import { viewOf } from '../base/bytes.ts';
import { BadProfile, EvidenceFault, ForensicError, NoKernel, NoProfile } from '../base/errors.ts';
import { symbols } from '../kernel/linux/symbols.ts';
import type { BindingStep } from '../plugin/document.ts';
import { Btf } from '../profile/btf.ts';
import { MAXIMUM_BTF_BYTES } from '../profile/btf-search.ts';
import {
  type AddressScheme,
  countNames,
  type ImageReader,
  Kallsyms,
  type KallsymsPlaces,
  MAXIMUM_SYMBOLS,
} from '../profile/kallsyms.ts';
import { searchKallsyms } from '../profile/kallsyms-search.ts';
import { missingBytes, readPiecewise } from '../profile/piecewise.ts';
import {
  isSameProfile,
  linkAddress,
  PROFILE_FORMAT,
  type Profile,
  type ProfileShelf,
  pointerBytesOf,
} from '../profile/profile.ts';
import type { Vmcoreinfo } from '../profile/vmcoreinfo.ts';
import type { Snapshot } from '../snapshot/open.ts';
import { bannerAt, bannerElsewhere, bannerIn } from './banner.ts';
import { imageReader } from './image.ts';
import type { Located } from './located.ts';
import { type Agreement, agreementWith, evidenceOf, type Piece } from './own-description.ts';
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
  /** What is missing of what the kernel says of itself, as sentences; empty where it is whole, or comes from elsewhere. */
  readonly lacks: readonly string[];
  /** What else is to be said of it, as sentences. */
  readonly notes?: readonly string[];
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
    return { profile, isLinked: true, isOwn: false, lacks: [] };
  }
  const buildId = located.vmcoreinfo?.buildId ?? null;
  const kept = buildId === null ? undefined : shelf?.findProfile(buildId);
  const remembered = kept?.vocabulary === wants.vocabulary ? kept : undefined;
  const agreement = remembered === undefined ? 'other' : agreementOf(snapshot, located, remembered);
  if (remembered !== undefined && agreement === 'same') {
    steps.push({ step: 'profile', outcome: 'found', detail: `remembered by build ID ${buildId}` });
    return { profile: remembered, isLinked: true, isOwn: false, lacks: [] };
  }
  /** What is remembered for want of the kernel's own: what another snapshot said is worth less. */
  const filledIn = (lacking: string): Description | undefined => {
    if (remembered === undefined) return undefined;
    steps.push({
      step: 'profile',
      outcome: 'found',
      detail: `remembered by build ID ${buildId}: ${lacking}`,
    });
    return { profile: remembered, isLinked: true, isOwn: false, lacks: [`${lacking} (${FILLED_IN})`] };
  };
  try {
    const { profile: own, lacks } = selfDescription(snapshot, located, steps);
    const isPart = lacks.length > 0 && agreement === 'unknown';
    const better = isPart ? filledIn(lacks.join('; ')) : undefined;
    if (better !== undefined) return better;
    const isContradicted = lacks.length === 0 && remembered !== undefined && !isSameProfile(own, remembered);
    if (isContradicted)
      steps.push({
        step: 'profile',
        outcome: 'skipped',
        detail: `remembered by build ID ${buildId}: ${FORGED}`,
      });
    // What is not whole would stand in the way of the next snapshot's own.
    const isOwn = lacks.length === 0 && own.evidence !== undefined;
    const notes = isContradicted ? { notes: [`build ID ${buildId}: ${FORGED}`] } : {};
    return { profile: own, isLinked: located.slide !== null, isOwn, lacks, ...notes };
  } catch (error) {
    if (!(error instanceof ForensicError)) throw error;
    // What it says of itself may also be damaged, or not all in the snapshot.
    const step = error instanceof NoKernel ? 'kallsyms' : 'btf';
    steps.push({ step, outcome: 'failed', detail: error.message });
    const better = filledIn(error.message);
    if (better !== undefined) return better;
    const foreign = foreignProfile(snapshot, located, shelf, steps, error.message);
    const lacks = foreign.evidence === undefined ? [] : [`${error.message} (${FILLED_IN})`];
    return { profile: foreign, isLinked: true, isOwn: false, lacks };
  }
}

const FILLED_IN = 'another snapshot of its build fills in';
const FORGED = 'an earlier snapshot had a kernel that said otherwise of itself, so one of the two was forged';

/** Whether a remembered profile is what this kernel says of itself; what an operator gave is believed. */
function agreementOf({ memory }: Snapshot, located: Located, profile: Profile): Agreement {
  if (profile.evidence === undefined) return 'same';
  const link = profile.symbols['init_uts_ns'];
  const address = located.known.get('init_uts_ns');
  if (link === undefined || address === undefined) return 'unknown';
  return agreementWith(memory, located, profile, address - BigInt(link));
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

/** What a kernel says of itself, and what of that is missing, as sentences. */
interface SelfDescription {
  readonly profile: Profile;
  readonly lacks: readonly string[];
}

/** A profile from the kernel's own kallsyms and BTF, as far as they are there. @throws NoKernel, BadProfile, EvidenceFault */
function selfDescription(snapshot: Snapshot, located: Located, steps: BindingStep[]): SelfDescription {
  const { memory } = snapshot;
  const read = imageReader(memory, located.delta);
  const lacks: string[] = [];
  const listed = listedSymbols(read, located, lacks, steps);
  const isListed = listed?.found.has('init_task') === true;
  const { btf, found } = isListed
    ? listedDescription(read, located, listed.found, steps)
    : tellUnlisted(memory, located, [...(listed?.kallsyms.all(listed.scheme) ?? [])], steps);
  const types = btf.layouts(wants.types);
  if (!btf.isWhole && types['task_struct']?.members['tasks'] === undefined)
    throw new BadProfile('what its BTF says of processes is missing');
  if (!btf.isWhole)
    lacks.push('pages of its BTF are missing: types and members that stood there are not known');
  const banner = bannerAt(read, found.get('linux_banner') ?? 0n) || bannerElsewhere(memory, located);
  if (!found.has('linux_banner') || bannerAt(read, found.get('linux_banner')!) === '')
    lacks.push('linux_banner is not in the snapshot');
  const release = located.vmcoreinfo?.release ?? /^Linux version (\S+)/.exec(banner)?.[1] ?? '';
  const profile: Profile = {
    format: PROFILE_FORMAT,
    banner: banner || `Linux version ${release}`,
    release,
    buildId: located.vmcoreinfo?.buildId ?? null,
    architecture: located.architecture,
    pointerBytes: pointerBytesOf(located.architecture),
    source: isListed ? 'btf + kallsyms' : 'btf + kallsyms + exports + code',
    vocabulary: wants.vocabulary,
    symbols: Object.fromEntries(
      [...found].map(([name, address]) => [name, linkAddress(address, slideOf(address, located))]),
    ),
    types,
    enumerators: btf.enumerators(wants.enumerators),
  };
  const pieces = isListed && lacks.length === 0 ? piecesOf(listed) : [];
  const evidence = pieces.length === 0 ? undefined : evidenceOf(memory, located, pieces);
  return { profile: evidence === undefined ? profile : { ...profile, evidence }, lacks };
}

/** What a kernel that lists all of its symbols is described by: its BTF, and the tables of its symbols. */
function piecesOf({ kallsyms, found }: FoundKallsyms): Piece[] {
  const { names, tokenTable, tokenIndex, offsets, symbolCount } = kallsyms.places;
  const [start, stop] = btfEndsIn(found);
  if (start === undefined || stop === undefined) return [];
  // Names come first, then what they are read by (scripts/kallsyms.c, write_src).
  if (!(names < tokenTable && tokenTable < tokenIndex)) return [];
  return [
    { start, bytes: Number(stop - start) },
    { start: names, bytes: Number(tokenIndex - names) + TOKEN_INDEX_BYTES },
    { start: offsets, bytes: symbolCount * OFFSET_BYTES },
  ];
}

/** 256 places of two bytes; and an offset (scripts/kallsyms.c). */
const TOKEN_INDEX_BYTES = 512;
const OFFSET_BYTES = 4;

/** The symbol table; undefined where pages are missing without which nothing of it can be read. @throws NoKernel */
function listedSymbols(
  read: ImageReader,
  located: Located,
  lacks: string[],
  steps: BindingStep[],
): FoundKallsyms | undefined {
  try {
    const listed = kallsymsOf(read, located);
    const { kallsyms, scheme } = listed;
    steps.push({
      step: 'kallsyms',
      outcome: 'verified',
      detail: `${kallsyms.places.symbolCount} symbols, ${scheme} addresses`,
    });
    if (!listed.isWhole)
      lacks.push('pages of its symbol table are missing: symbols that stood there are not known');
    return listed;
  } catch (error) {
    // Without VMCOREINFO nothing but the symbols says where anything is.
    if (!(error instanceof NoKernel) || located.vmcoreinfo === null) throw error;
    steps.push({ step: 'kallsyms', outcome: 'failed', detail: error.message });
    lacks.push('its symbol table cannot be read: only symbols that it exports are known');
    return undefined;
  }
}

/** The BTF of a kernel that lists all of its symbols. @throws NoProfile, BadProfile */
function listedDescription(
  read: ImageReader,
  { architecture }: Located,
  found: ReadonlyMap<string, bigint>,
  steps: BindingStep[],
): Unlisted {
  const [start, stop] = btfEndsIn(found);
  if (start === undefined || stop === undefined) {
    throw new NoProfile('the kernel carries no BTF (CONFIG_DEBUG_INFO_BTF)');
  }
  const length = Number(stop - start);
  if (length <= 0 || length > MAXIMUM_BTF_BYTES)
    throw new BadProfile(`btf of ${length} bytes is implausible`);
  const { bytes, gaps } = readPiecewise(read, start, length);
  const btf = new Btf(bytes, pointerBytesOf(architecture), gaps);
  const without = gaps.length === 0 ? '' : `, without ${missingBytes(gaps)} of ${length} bytes`;
  steps.push({ step: 'btf', outcome: 'found', detail: `${btf.typeCount} types at ${hex(start)}${without}` });
  return { btf, found };
}

const btfEndsIn = (found: ReadonlyMap<string, bigint>): readonly [bigint | undefined, bigint | undefined] => [
  found.get('__start_BTF') ?? found.get('_binary__btf_vmlinux_bin_start'),
  found.get('__stop_BTF') ?? found.get('_binary__btf_vmlinux_bin_end'),
];

/** Absolute symbols (per-CPU offsets) do not slide. */
const slideOf = (address: bigint, { slide, architecture }: Located): bigint =>
  isKernelAddress(address, pointerBytesOf(architecture)) ? (slide ?? 0n) : 0n;

interface FoundKallsyms {
  readonly kallsyms: Kallsyms;
  readonly scheme: AddressScheme;
  readonly found: Map<string, bigint>;
  /** Whether nothing of the tables is missing. */
  readonly isWhole: boolean;
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
    // The base mostly follows the offsets: where the count is missing, what lies between tells it as well.
    const room = base === undefined ? 0 : Math.floor(Number(base - offsets) / 4);
    const symbolCount = Number(
      wordAt(read, count, 4) ?? (room > 0 ? room : countNames(read, names, tokenTable)),
    );
    const places = { names, symbolCount, tokenTable, tokenIndex, offsets };
    if (symbolCount < MAXIMUM_SYMBOLS) {
      const bases = base === undefined ? [null] : basesOf(read, base, places, known, pointerBytes);
      for (const relativeBase of bases) yield { ...places, relativeBase };
    }
  }
  const bounds = [...known.values()].sort((a, b) => (a < b ? -1 : 1));
  if (bounds.length >= 2) yield* searchKallsyms(read, bounds[0]!, bounds.at(-1)!, pointerBytes);
}

/** What addresses in the table may be relative to: what the kernel says, or where that is missing what the known symbols make of it. */
function basesOf(
  read: ImageReader,
  at: bigint,
  places: Omit<KallsymsPlaces, 'relativeBase'>,
  known: ReadonlyMap<string, bigint>,
  pointerBytes: 4 | 8,
): readonly bigint[] {
  const told = wordAt(read, at, pointerBytes);
  if (told !== undefined) return [told];
  const kallsyms = tryOrNothing(() => new Kallsyms({ ...places, relativeBase: 0n }, read));
  const [first] = kallsyms?.find(known.keys()) ?? [];
  if (kallsyms === undefined || first === undefined) return [];
  const [name, index] = first;
  return kallsyms.schemes.flatMap((scheme) => {
    const address = tryOrNothing(() => kallsyms.addressOf(index, scheme));
    return address === undefined ? [] : [BigInt.asUintN(64, known.get(name)! - address)];
  });
}

/** The little-endian word at `address`; undefined where the snapshot lacks it. */
function wordAt(read: ImageReader, address: bigint, width: 4 | 8): bigint | undefined {
  const bytes = tryOrNothing(() => read(address, width));
  if (bytes === undefined) return undefined;
  const view = viewOf(bytes);
  return width === 8 ? view.getBigUint64(0, true) : BigInt(view.getUint32(0, true));
}

function tryOrNothing<T>(read: () => T): T | undefined {
  try {
    return read();
  } catch (fault) {
    if (!(fault instanceof EvidenceFault)) throw fault;
    return undefined;
  }
}

/** How many symbols are looked at to tell whether a table is sorted. */
const SAMPLES = 64;

/** Whether the table's addresses ascend, as they do in every sound one. */
function ascends(kallsyms: Kallsyms, scheme: AddressScheme): boolean {
  const step = kallsyms.places.symbolCount / SAMPLES;
  const addresses = Array.from({ length: SAMPLES }, (_, nth) =>
    tryOrNothing(() => kallsyms.addressOf(Math.floor(nth * step), scheme)),
  ).filter((address) => address !== undefined);
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
    for (const scheme of kallsyms.schemes) {
      const found = new Map<string, bigint>();
      for (const [name, index] of numbers) {
        const address = tryOrNothing(() => kallsyms.addressOf(index, scheme));
        if (address !== undefined) found.set(name, address);
      }
      const checks = [...found].filter(([name]) => known.has(name));
      const isRight =
        checks.every(([name, address]) => address === known.get(name)) &&
        // A kernel that lists functions only (without CONFIG_KALLSYMS_ALL) has but one of the symbols known.
        (checks.length > 1 || (checks.length === 1 && ascends(kallsyms, scheme)));
      const isWhole = kallsyms.isWhole && found.size === numbers.size;
      if (isRight) return { kallsyms, scheme, found, isWhole };
    }
    return undefined;
  } catch (fault) {
    if (!(fault instanceof EvidenceFault)) throw fault;
    return undefined;
  }
}
