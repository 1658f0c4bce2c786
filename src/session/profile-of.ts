import { hex } from '../base/address.ts';
import { BadProfile, EvidenceFault, NoKernel, NoProfile } from '../base/errors.ts';
import { symbols } from '../kernel/linux/symbols.ts';
import type { BindingStep } from '../plugin/document.ts';
import { Btf } from '../profile/btf.ts';
import { type AddressScheme, type ImageReader, Kallsyms, type KallsymsPlaces } from '../profile/kallsyms.ts';
import { searchKallsyms } from '../profile/kallsyms-search.ts';
import { linkAddress, PROFILE_FORMAT, type Profile, type ProfileShelf } from '../profile/profile.ts';
import type { Vmcoreinfo } from '../profile/vmcoreinfo.ts';
import type { Snapshot } from '../snapshot/open.ts';
import type { Located } from './bind.ts';
import { imageReader, KERNEL_MAP } from './image.ts';
import { wants } from './wants.ts';

/** Which profile to bind by. */
export interface ProfileChoice {
  /** This one and no other. */
  readonly profile?: Profile;
  /** Remembered ones may be used, and what is learned is remembered. */
  readonly shelf?: ProfileShelf;
}

/** BTF of a vmlinux is 3.3 to 6 MB; more than this is no BTF. */
const MAXIMUM_BTF_BYTES = 64 << 20;

/** The profile of the kernel at a place: the chosen one, a remembered one, or the one that the kernel itself tells. */
export function profileOf(
  snapshot: Snapshot,
  located: Located,
  { profile, shelf }: ProfileChoice,
  steps: BindingStep[],
): Profile {
  if (profile !== undefined) {
    steps.push({
      step: 'profile',
      outcome: 'found',
      detail: `given: ${profile.release}, from ${profile.source}`,
    });
    return profile;
  }
  const buildId = located.vmcoreinfo?.buildId ?? null;
  const remembered = buildId === null ? undefined : shelf?.findProfile(buildId);
  if (remembered?.vocabulary === wants.vocabulary) {
    steps.push({ step: 'profile', outcome: 'found', detail: `remembered by build ID ${buildId}` });
    return remembered;
  }
  const own = selfDescription(snapshot, located, steps);
  if (buildId !== null) shelf?.keepProfile(own);
  return own;
}

/** A profile from the kernel's own kallsyms and BTF. @throws NoKernel, BadProfile, EvidenceFault */
function selfDescription(snapshot: Snapshot, located: Located, steps: BindingStep[]): Profile {
  const read = imageReader(snapshot.memory, located.delta);
  const { kallsyms, scheme, found } = kallsymsOf(read, located);
  steps.push({
    step: 'kallsyms',
    outcome: 'verified',
    detail: `${kallsyms.places.symbolCount} symbols, ${scheme} addresses`,
  });
  const start = found.get('__start_BTF');
  const stop = found.get('__stop_BTF');
  if (start === undefined || stop === undefined) {
    throw new NoProfile(
      `"${bannerOf(read, found) || located.vmcoreinfo?.release}" carries no BTF (CONFIG_DEBUG_INFO_BTF) and no profile was given`,
    );
  }
  const length = Number(stop - start);
  if (length <= 0 || length > MAXIMUM_BTF_BYTES)
    throw new BadProfile(`btf of ${length} bytes is implausible`);
  const btf = new Btf(read(start, length), 8);
  steps.push({ step: 'btf', outcome: 'found', detail: `${btf.typeCount} types at ${hex(start)}` });
  const banner = bannerOf(read, found);
  return {
    format: PROFILE_FORMAT,
    banner,
    release: located.vmcoreinfo?.release ?? /^Linux version (\S+)/.exec(banner)?.[1] ?? '',
    buildId: located.vmcoreinfo?.buildId ?? null,
    architecture: 'x86-64',
    pointerBytes: 8,
    source: 'btf + kallsyms',
    vocabulary: wants.vocabulary,
    symbols: Object.fromEntries(
      [...found].map(([name, address]) => [name, linkAddress(address, slideOf(address, located))]),
    ),
    types: btf.layouts(wants.types),
    enumerators: btf.enumerators(wants.enumerators),
  };
}

/** Absolute symbols (per-CPU offsets) do not slide. */
const slideOf = (address: bigint, { slide }: Located): bigint => (address >= KERNEL_MAP ? slide : 0n);

function bannerOf(read: ImageReader, found: ReadonlyMap<string, bigint>): string {
  const at = found.get('linux_banner');
  return at === undefined ? '' : firstLine(read(at, 512));
}

const firstLine = (bytes: Uint8Array): string =>
  Buffer.from(bytes)
    .toString('latin1')
    .split(/[\n\0]/)[0]!;

interface FoundKallsyms {
  readonly kallsyms: Kallsyms;
  readonly scheme: AddressScheme;
  readonly found: Map<string, bigint>;
}

/** The kernel's symbols: by the addresses in VMCOREINFO, or where it has none (before 6.0) by the tables' structure. @throws NoKernel */
export function kallsymsOf(read: ImageReader, { vmcoreinfo, known }: Located): FoundKallsyms {
  let tried = 0;
  for (const places of kallsymsPlaces(read, vmcoreinfo, known)) {
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
    const relativeBase = base === undefined ? null : wordAt(read, base, 8);
    if (symbolCount < 2_000_000n)
      yield { names, symbolCount: Number(symbolCount), tokenTable, tokenIndex, offsets, relativeBase };
  }
  const bounds = [...known.values()]
    .filter((address) => address >= KERNEL_MAP)
    .sort((a, b) => (a < b ? -1 : 1));
  if (bounds.length >= 2) yield* searchKallsyms(read, bounds[0]!, bounds.at(-1)!);
}

function wordAt(read: ImageReader, address: bigint, width: 4 | 8): bigint {
  const bytes = read(address, width);
  const view = new DataView(bytes.buffer, bytes.byteOffset, width);
  return width === 8 ? view.getBigUint64(0, true) : BigInt(view.getUint32(0, true));
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
    if (checks.length < 2) return undefined;
    const scheme = kallsyms.schemes.find((candidate) =>
      checks.every(([name, index]) => kallsyms.addressOf(index, candidate) === known.get(name)),
    );
    if (scheme === undefined) return undefined;
    const found = new Map([...numbers].map(([name, index]) => [name, kallsyms.addressOf(index, scheme)]));
    return { kallsyms, scheme, found };
  } catch (fault) {
    if (!(fault instanceof EvidenceFault)) throw fault;
    return undefined;
  }
}
