// Every profile that is at hand for kernels that do not describe themselves: those that are remembered, and those in folders.
// Of several the one is taken that tells the most.
import { delimiter } from 'node:path';
import { ForensicError } from '../base/errors.ts';
import type { Listener } from '../base/listener.ts';
import { shippedFolder } from '../files/shipped.ts';
import { agree, isComplete, missingNames } from '../profile/completeness.ts';
import { bannerOfTable, readTable } from '../profile/isf-file.ts';
import type { Profile, ProfileSource, RequiredNames } from '../profile/profile.ts';
import { required } from '../session/linux/required-members.ts';
import type { AskedStore } from '../store/joined.ts';
import type { KeptProfile, TableFile } from '../store/profiles.ts';
import { bytesOf, tableFile, tableFiles } from './profile-file.ts';

/** What is remembered from run to run. Without a cache it forgets everything at once. */
export interface ProfileMemory {
  byBuildId(buildId: string): KeptProfile | undefined;
  byBanner(banner: string): KeptProfile | undefined;
  keep(profile: Profile, origin?: TableFile): void;
  /** Empty where the file is no table, undefined where it was never looked at. */
  bannerOf(file: TableFile): string | undefined;
  keepBanner(file: TableFile, banner: string): void;
  /** How many profiles it has. */
  readonly count: number;
}

/** Nothing is remembered from one use to the next. */
export const FORGETFUL: ProfileMemory = {
  byBuildId: () => undefined,
  byBanner: () => undefined,
  keep: () => undefined,
  bannerOf: () => undefined,
  keepBanner: () => undefined,
  count: 0,
};

/** Adapts the profiles of a store. @param ask lets something be done with them; undefined where they cannot be asked any more */
export const profileMemory = (
  ask: <T>(action: (profiles: AskedStore['profiles']) => T) => T | undefined,
): ProfileMemory => ({
  byBuildId: (buildId) => ask((profiles) => profiles.byBuildId(buildId)),
  byBanner: (banner) => ask((profiles) => profiles.byBanner(banner)),
  keep: (profile, origin) => ask((profiles) => profiles.keep(profile, origin)),
  bannerOf: (file) => ask((profiles) => profiles.bannerOf(file)),
  keepBanner: (file, banner) => ask((profiles) => profiles.keepBanner(file, banner)),
  get count() {
    return ask((profiles) => profiles.all().length) ?? 0;
  },
});

/** What is said while folders are searched. */
type Hears = Pick<Listener, 'warn' | 'progress'>;

/** Where tables are looked for besides those that were imported. */
export interface ProfileFolders {
  /** The one that a flag names: it comes before what is remembered. */
  readonly first?: string;
  /** Those that are asked last, in their order. */
  readonly others: readonly string[];
}

/** The folders in `VESTIGE_PROFILES` and the one that the package brings. */
export function usualFolders(env: Readonly<Record<string, string | undefined>> = process.env): string[] {
  const named = (env['VESTIGE_PROFILES'] ?? '').split(delimiter).filter((path) => path !== '');
  const shipped = shippedFolder('profiles');
  return shipped === undefined ? named : [...named, shipped];
}

/** Every profile that is at hand: remembered ones, and those in folders. */
export class ProfileLookup implements ProfileSource {
  readonly #memory: ProfileMemory;
  readonly #folders: ProfileFolders;
  readonly #listener: Hears;
  readonly #required: RequiredNames;
  /** What was asked for by banner. Memory may hold many texts that look like one. */
  readonly #answers = new Map<string, Profile | undefined>();
  /** Files of the folders, as they were when the first was asked for. */
  readonly #files = new Map<string, readonly TableFile[]>();
  /** Banners of files, for where there is no cache to remember them. */
  readonly #banners = new Map<TableFile, string>();

  constructor(
    memory: ProfileMemory,
    folders: ProfileFolders,
    listener: Hears,
    wanted: RequiredNames = required,
  ) {
    this.#memory = memory;
    this.#folders = folders;
    this.#listener = listener;
    this.#required = wanted;
  }

  findProfile(buildId: string): Profile | undefined {
    const kept = this.#memory.byBuildId(buildId);
    if (kept === undefined) return undefined;
    // A file that gave less than is wanted now may give it all today, or another does.
    const isOld = kept.origin !== null && !isComplete(kept.profile, this.#required);
    return (isOld ? this.findByBanner(kept.profile.banner) : undefined) ?? believable(kept);
  }

  findByBanner(banner: string): Profile | undefined {
    if (!this.#answers.has(banner)) this.#answers.set(banner, this.#search(banner));
    return this.#answers.get(banner);
  }

  keepProfile(profile: Profile): void {
    const known = this.#memory.byBuildId(profile.buildId ?? '')?.profile;
    const isSame = known !== undefined && agree(known, profile, this.#required);
    this.#memory.keep(isSame ? withEvidence(profile, known) : profile);
  }

  get searched(): string {
    const { first, others } = this.#folders;
    const { count } = this.#memory;
    const folders = [...(first === undefined ? [] : [first]), ...others].map((folder) => `in ${folder}`);
    const places = [...(count === 0 ? [] : [`among the ${count} remembered`]), ...folders];
    if (places.length === 0) return 'anywhere';
    return [places.slice(0, -1).join(', '), places.at(-1)].filter((part) => part !== '').join(' or ');
  }

  #search(banner: string): Profile | undefined {
    const { first, others } = this.#folders;
    const named = first === undefined ? undefined : this.#inFolder(first, banner);
    if (named !== undefined) return named;
    const kept = this.#memory.byBanner(banner);
    const isKept = kept !== undefined && believable(kept) !== undefined;
    const current = isKept ? this.#renewed(kept, banner) : undefined;
    if (current !== undefined && isComplete(current, this.#required)) return current;
    const mostMissing = current === undefined ? Number.POSITIVE_INFINITY : this.#missingIn(current);
    for (const folder of others) {
      const found = this.#inFolder(folder, banner, mostMissing);
      if (found !== undefined) return found;
    }
    return current;
  }

  #missingIn(profile: Profile): number {
    return missingNames(profile, this.#required).length;
  }

  /** A remembered profile, made again from its file where that was changed, or the program wants more than it did. */
  #renewed({ profile, origin }: KeptProfile, banner: string): Profile {
    const now = origin === null ? undefined : tableFile(origin.path);
    const isSame = now?.size === origin?.size && now?.modified === origin?.modified;
    if (now === undefined || (isSame && isComplete(profile, this.#required))) return profile;
    return this.#take(now, banner) ?? profile;
  }

  /** A table of a folder that leaves fewer than so many names untold. */
  #inFolder(folder: string, banner: string, mostMissing = Number.POSITIVE_INFINITY): Profile | undefined {
    const release = /^Linux version (\S+)/.exec(banner)?.[1] ?? banner;
    const files = this.#filesOf(folder);
    // Whoever makes tables mostly puts the release into their names: those first, so that the others are not read.
    const likely = files.filter(({ path }) => path.includes(release));
    const unlikely = files.filter(({ path }) => !path.includes(release));
    const ordered = [...likely, ...unlikely];
    for (const [index, file] of ordered.entries()) {
      this.#listener.progress(`profiles in ${folder}`, index, ordered.length);
      const found = this.#bannerOf(file) === banner ? this.#take(file, banner, mostMissing) : undefined;
      if (found === undefined) continue;
      this.#listener.progress('', 1, 1);
      return found;
    }
    this.#listener.progress('', 1, 1);
    return undefined;
  }

  #filesOf(folder: string): readonly TableFile[] {
    let files = this.#files.get(folder);
    if (files === undefined) {
      try {
        files = tableFiles(folder).tables;
      } catch (error) {
        if (!(error instanceof ForensicError)) throw error;
        this.#listener.warn(`${error.message}; looking for profiles elsewhere`);
        files = [];
      }
      this.#files.set(folder, files);
    }
    return files;
  }

  /** Of which kernel a file is: read once, and remembered for as long as the file stays as it is. */
  #bannerOf(file: TableFile): string {
    let banner = this.#banners.get(file) ?? this.#memory.bannerOf(file);
    if (banner !== undefined) return banner;
    banner = orNothing(() => bannerOfTable(bytesOf(file.path), file.path)) ?? '';
    this.#banners.set(file, banner);
    this.#memory.keepBanner(file, banner);
    return banner;
  }

  #take(file: TableFile, banner: string, mostMissing = Number.POSITIVE_INFINITY): Profile | undefined {
    const profile = orNothing(
      () => readTable(bytesOf(file.path), this.#required, file.path),
      (message) => this.#listener.warn(message),
    );
    if (profile?.banner !== banner || this.#missingIn(profile) >= mostMissing) return undefined;
    this.#memory.keep(profile, file);
    return profile;
  }
}

/** What `action` gives, or nothing where a file is not what it should be: the next may be. */
function orNothing<T>(action: () => T, tell: (message: string) => void = () => undefined): T | undefined {
  try {
    return action();
  } catch (error) {
    if (!(error instanceof ForensicError)) throw error;
    tell(error.message);
    return undefined;
  }
}

/** A profile that a file gave is its operator's; what a kernel said of itself can be asked for again, or is worth nothing. */
const believable = ({ profile, origin }: KeptProfile): Profile | undefined => {
  if (origin === null) return profile.evidence === undefined ? undefined : profile;
  const { evidence: _, ...given } = profile;
  return given;
};

/** A profile by which snapshots are told that store pages in either form. */
function withEvidence(profile: Profile, { evidence }: Profile): Profile {
  if (profile.evidence === undefined || evidence?.names !== profile.evidence.names) return profile;
  const digests = { ...evidence.digests, ...profile.evidence.digests };
  return { ...profile, evidence: { ...profile.evidence, digests } };
}
