// What a kernel says of itself in its own memory: its symbol table and its BTF, made a profile. What of that is missing from
// the snapshot is said, and what the kernel then seems to lack counts as not known.
import { hex, isKernelAddress } from '../../base/address.ts';
import { BadProfile, NoKernel, NoProfile } from '../../base/errors.ts';
import type { BindingStep } from '../../plugin/document.ts';
import { Btf } from '../../profile/btf.ts';
import { MAXIMUM_BTF_BYTES } from '../../profile/btf-search.ts';
import { absentIn } from '../../profile/completeness.ts';
import type { ImageReader } from '../../profile/piecewise.ts';
import { missingBytes, readPiecewise } from '../../profile/piecewise.ts';
import {
  linkAddress,
  NOTHING_ABSENT,
  PROFILE_FORMAT,
  type Profile,
  type ProfileEvidence,
  pointerBytesOf,
} from '../../profile/profile.ts';
import type { Snapshot } from '../../snapshot/open.ts';
import { bannerAt, bannerElsewhere } from './banner.ts';
import { evidenceOf, type Piece } from './description-digests.ts';
import { imageReader } from './image.ts';
import type { Located } from './kernel-location.ts';
import { type FoundKallsyms, kallsymsOf } from './listed-symbols.ts';
import { required } from './required-members.ts';
import { recoverSymbols, type Unlisted } from './symbol-recovery/recover-symbols.ts';

/** What a kernel says of itself, and what of that is missing, as sentences. */
export interface SelfDescription {
  readonly profile: Profile;
  readonly lacks: readonly string[];
  /** Digests what it was made of; undefined where not all of that can be told again. */
  readonly evidence: () => ProfileEvidence | undefined;
}

/** A profile from the kernel's own kallsyms and BTF, as far as they are there. @throws NoKernel, BadProfile, EvidenceFault */
export function selfDescription(snapshot: Snapshot, located: Located, steps: BindingStep[]): SelfDescription {
  const { memory } = snapshot;
  const read = imageReader(memory, located.delta);
  const lacks: string[] = [];
  const listed = listedSymbols(read, located, lacks, steps);
  const isListed = listed?.found.has('init_task') === true;
  const { btf, found } = isListed
    ? listedDescription(read, located, listed.found, steps)
    : recoverSymbols(memory, located, [...(listed?.kallsyms.all(listed.scheme) ?? [])], steps);
  const types = btf.layouts(required.types);
  if (!btf.isWhole && types['task_struct']?.members['tasks'] === undefined)
    throw new BadProfile('what its BTF says of processes is missing');
  if (!btf.isWhole)
    lacks.push('pages of its BTF are missing: types and members that stood there are not known');
  const banner = bannerAt(read, found.get('linux_banner') ?? 0n) || bannerElsewhere(memory, located);
  if (!found.has('linux_banner') || bannerAt(read, found.get('linux_banner')!) === '')
    lacks.push('linux_banner is not in the snapshot');
  const release = located.vmcoreinfo?.release ?? /^Linux version (\S+)/.exec(banner)?.[1] ?? '';
  const { symbols, absent } = symbolsIn({ found, isWhole: listed?.isWhole === true && isListed }, located);
  const told = { symbols, types, enumerators: btf.enumerators(required.enumerators) };
  const profile: Profile = {
    format: PROFILE_FORMAT,
    banner: banner || `Linux version ${release}`,
    release,
    buildId: located.vmcoreinfo?.buildId ?? null,
    architecture: located.architecture,
    pointerBytes: pointerBytesOf(located.architecture),
    source: isListed ? 'btf + kallsyms' : 'btf + kallsyms + exports + code',
    ...told,
    absent: { ...(btf.isWhole ? absentIn(told, required) : NOTHING_ABSENT), symbols: absent.symbols },
  };
  const pieces = isListed && lacks.length === 0 ? piecesOf(listed) : [];
  const evidence = () => (pieces.length === 0 ? undefined : evidenceOf(memory, located, pieces));
  return { profile, lacks, evidence };
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

/** The symbols of a table, and those that it shows the build not to have. */
export function symbolsIn(
  { found, isWhole }: { readonly found: ReadonlyMap<string, bigint>; readonly isWhole: boolean },
  located: Located,
): Pick<Profile, 'symbols' | 'absent'> {
  const symbols = Object.fromEntries(
    [...found].map(([name, address]) => [name, linkAddress(address, slideOf(address, located))]),
  );
  // A kernel without CONFIG_KALLSYMS_ALL lists functions only, and has variables all the same.
  const isAll = isWhole && found.has('init_task');
  const absent = isAll ? required.symbols.filter((name) => !found.has(name)) : [];
  return { symbols, absent: { ...NOTHING_ABSENT, symbols: absent } };
}
