// A profile: all that the program needs to know of one kernel build, and its JSON form.
// docs/reference/profiles.md describes the format.
import { hex } from '../base/address.ts';
import { BadProfile } from '../base/errors.ts';
import type { Layouts } from '../types/layout.ts';

/** The number of the profile format that this program writes and the newest that it reads; changes are listed in docs/reference/profiles.md. */
export const PROFILE_FORMAT = 2;

/** The kinds of CPU whose kernels can be read. */
export const ARCHITECTURES = ['x86-64', 'aarch64', 'i386'] as const;
export type Architecture = (typeof ARCHITECTURES)[number];

/** Bytes of a pointer. */
export const pointerBytesOf = (architecture: Architecture): 4 | 8 => (architecture === 'i386' ? 4 : 8);

/** What a profile must say of a kernel build: names of the kernel's own. */
export interface RequiredNames {
  /** Struct (or typedef of a nameless struct) → members. */
  readonly types: Readonly<Record<string, readonly string[]>>;
  readonly symbols: readonly string[];
  readonly enumerators: readonly string[];
}

/** What was looked for in a build that does not have it, by its name. */
export interface Absent {
  /** `struct`, or `struct.member` where the struct is there. */
  readonly types: readonly string[];
  readonly symbols: readonly string[];
  readonly enumerators: readonly string[];
}

/** What is known to be absent where nobody says what was looked for. */
export const NOTHING_ABSENT: Absent = { types: [], symbols: [], enumerators: [] };

/** Everything that the program must know of one kernel *build*, and nothing that changes from boot to boot. */
export interface Profile {
  readonly format: typeof PROFILE_FORMAT;
  /** `linux_banner`, without the newline: `Linux version 6.1.0-…`. */
  readonly banner: string;
  /** `6.1.0-50-cloud-amd64`. */
  readonly release: string;
  /** GNU build ID in hex, or null where the kernel does not tell. */
  readonly buildId: string | null;
  readonly architecture: Architecture;
  readonly pointerBytes: 4 | 8;
  /** Where the layouts and symbols came from: `btf + kallsyms`. */
  readonly source: string;
  /** Name → link-time address in hex, KASLR slide taken off. Only names that `symbols.ts` of the kernel room lists. */
  readonly symbols: Readonly<Record<string, string>>;
  /** Only structs and members that `structs.ts` of the kernel room lists. */
  readonly types: Layouts;
  /** Enumerators by name, of those that the kernel room lists. */
  readonly enumerators: Readonly<Record<string, number>>;
  /**
   * What the program looked for when it made this profile and did not find. What a newer version wants and neither has nor
   * knows to be absent, it still has to look up: see `completeness.ts`.
   */
  readonly absent: Absent;
  /** What tells again what a kernel said of itself in a snapshot; none of a profile that an operator gave, which is believed. */
  readonly evidence?: ProfileEvidence;
}

/** What a profile was made of, so that another snapshot can be asked for it: whoever forges one can claim any build ID. */
export interface ProfileEvidence {
  /** Pieces of the kernel's image: link-time address in hex, and bytes. */
  readonly ranges: readonly (readonly [start: string, bytes: number])[];
  /** Digest of the names and places by which the symbol table is found and read. */
  readonly names: string;
  /** Digests of the pieces, part by part, by the form in which snapshots store them. */
  readonly digests: Readonly<Record<string, readonly string[]>>;
}

/** Profiles kept from earlier snapshots, wherever they are kept. */
export interface ProfileSource {
  /** The profile of the build with this GNU build ID (hex). */
  findProfile(buildId: string): Profile | undefined;
  keepProfile(profile: Profile): void;
  /** A profile of the kernel that introduces itself with exactly this banner: imported, in a folder, or shipped. */
  findByBanner(banner: string): Profile | undefined;
  /** Where `findByBanner` looks, as the end of a sentence: `among 3 imported ones or in profiles/`. */
  readonly searched: string;
}

/** The file form of a profile: JSON, two-space indent, ending in a newline. Whoever writes it answers for it, so it has no evidence. */
export const writeProfile = ({ evidence: _, ...profile }: Profile): string =>
  `${JSON.stringify(profile, null, 2)}\n`;

/** Reads what `writeProfile` wrote, in this or an earlier version. `name` stands in messages. @throws BadProfile */
export function readProfile(text: string, name: string): Profile {
  let parsed: unknown;
  try {
    parsed = JSON.parse(text);
  } catch {
    throw new BadProfile(`${name} is no JSON`);
  }
  if (!isRecord(parsed) || typeof parsed['format'] !== 'number')
    throw new BadProfile(`${name} is no profile`);
  if (parsed['format'] > PROFILE_FORMAT) {
    throw new BadProfile(
      `${name} has format ${parsed['format']}, and this version reads up to ${PROFILE_FORMAT}`,
    );
  }
  const wrong = firstFlaw(parsed);
  if (wrong !== undefined) throw new BadProfile(`${name} is no sound profile: ${wrong}`);
  if (parsed['format'] === PROFILE_FORMAT) return parsed as unknown as Profile;
  // Up to format 1 a profile had a digest of all that it was asked for, which tells nothing of any one name.
  const { vocabulary: _, ...profile } = parsed;
  return { ...(profile as unknown as Profile), format: PROFILE_FORMAT, absent: NOTHING_ABSENT };
}

const isRecord = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

function firstFlaw(profile: Record<string, unknown>): string | undefined {
  for (const key of ['banner', 'release', 'source']) {
    if (typeof profile[key] !== 'string') return `${key} is no text`;
  }
  if (profile['buildId'] !== null && typeof profile['buildId'] !== 'string') return 'buildId is no text';
  const architecture = ARCHITECTURES.find((known) => known === profile['architecture']);
  if (architecture === undefined) return `architecture is ${String(profile['architecture'])}`;
  if (profile['pointerBytes'] !== pointerBytesOf(architecture))
    return `pointerBytes is not ${pointerBytesOf(architecture)}`;
  const { symbols, types, enumerators, absent, evidence } = profile;
  if (evidence !== undefined && !isEvidence(evidence)) return 'evidence is none';
  if (!isRecord(symbols) || !isRecord(types) || !isRecord(enumerators))
    return 'symbols, types or enumerators are missing';
  if (profile['format'] === PROFILE_FORMAT && !isAbsent(absent)) return 'what is absent is not told';
  for (const [name, address] of Object.entries(symbols)) {
    if (typeof address !== 'string' || !/^0x[0-9a-f]{1,16}$/.test(address))
      return `symbol ${name} has no address`;
  }
  for (const [name, value] of Object.entries(enumerators)) {
    if (!Number.isSafeInteger(value)) return `enumerator ${name} is no whole number`;
  }
  for (const [name, layout] of Object.entries(types)) {
    if (!isRecord(layout) || !isOffset(layout['size']) || !isRecord(layout['members']))
      return `type ${name} has no layout`;
    for (const [member, place] of Object.entries(layout['members'])) {
      const sound =
        Array.isArray(place) && (place.length === 2 || place.length === 4) && place.every(isOffset);
      if (!sound) return `${name}.${member} has no place`;
    }
  }
  return undefined;
}

const isAbsent = (absent: unknown): boolean =>
  isRecord(absent) &&
  (['types', 'symbols', 'enumerators'] satisfies (keyof Absent)[]).every((kind) => {
    const names = absent[kind];
    return Array.isArray(names) && names.every((name) => typeof name === 'string');
  });

function isEvidence(evidence: unknown): boolean {
  if (!isRecord(evidence) || !Array.isArray(evidence['ranges']) || !isRecord(evidence['digests']))
    return false;
  const isRange = (range: unknown): boolean =>
    Array.isArray(range) &&
    range.length === 2 &&
    /^0x[0-9a-f]{1,16}$/.test(String(range[0])) &&
    Number.isSafeInteger(range[1]) &&
    range[1] > 0;
  const digests = Object.values(evidence['digests']);
  return (
    typeof evidence['names'] === 'string' &&
    evidence['ranges'].every(isRange) &&
    digests.every((list) => Array.isArray(list) && list.every((digest) => typeof digest === 'string'))
  );
}

/** Structs end long before 16 MiB: a larger offset is an attack or a mistake. */
const isOffset = (value: unknown): boolean =>
  Number.isSafeInteger(value) && (value as number) >= 0 && (value as number) < 1 << 24;

/** A symbol's address as profiles keep it. */
export const linkAddress = (address: bigint, slide: bigint): string =>
  hex(BigInt.asUintN(64, address - slide));
