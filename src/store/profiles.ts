// Keeps profiles by kernel build, and which kernel each profile file is of.
// `profile list` shows them.
import type Database from 'better-sqlite3';
import { ForensicError } from '../base/errors.ts';
import { type Profile, readProfile } from '../profile/profile.ts';
import { explaining } from './file.ts';

/** One state of a file of a profile or symbol table. */
export interface TableFile {
  readonly path: string;
  readonly size: number;
  /** Nanoseconds since 1970, decimal. */
  readonly modified: string;
}

/** A remembered profile, and the file that it was made from as that was then: null where the kernel told it itself. */
export interface KeptProfile {
  readonly profile: Profile;
  readonly origin: TableFile | null;
}

/** A line of `vestige profile list`. */
export interface StoredProfile {
  readonly banner: string;
  /** Empty where it is not known. */
  readonly buildId: string;
  readonly release: string;
  /** ISO 8601. */
  readonly made: string;
  /** The file that it was made from, or null. */
  readonly origin: string | null;
}

interface Row {
  readonly json: string;
  readonly origin: string | null;
  readonly size: number | null;
  readonly modified: string | null;
}

const COLUMNS = 'json, origin, size, modified';

/** Profiles by build, and which kernel each file of a searched folder is of. Every method may throw StoreError. */
export class KeptProfiles {
  readonly #path: string;
  readonly #database: Database.Database;

  constructor(path: string, database: Database.Database) {
    this.#path = path;
    this.#database = database;
  }

  /** That of the build with this GNU build ID; an unsound one counts as none. */
  byBuildId(buildId: string): KeptProfile | undefined {
    return this.#find('build_id', buildId);
  }

  /** That of the kernel with exactly this banner: of several the latest. */
  byBanner(banner: string): KeptProfile | undefined {
    return this.#find('banner', banner);
  }

  keep(profile: Profile, origin: TableFile | null = null): void {
    explaining(this.#path, () => {
      this.#database
        .prepare(
          `INSERT OR REPLACE INTO profile (banner, build_id, release, json, origin, size, modified, made)
           VALUES (?, ?, ?, ?, ?, ?, ?, ?)`,
        )
        .run(
          profile.banner,
          profile.buildId ?? '',
          profile.release,
          JSON.stringify(profile),
          origin?.path ?? null,
          origin?.size ?? null,
          origin?.modified ?? null,
          new Date().toISOString(),
        );
    });
  }

  /** Every one, by release. */
  all(): StoredProfile[] {
    return explaining(
      this.#path,
      () =>
        this.#database
          .prepare(
            'SELECT banner, build_id AS buildId, release, made, origin FROM profile ORDER BY release, made',
          )
          .all() as StoredProfile[],
    );
  }

  /** The banner of the kernel that a file is of: empty where it is no table, undefined where it was never looked at in this state. */
  bannerOf({ path, size, modified }: TableFile): string | undefined {
    return explaining(
      this.#path,
      () =>
        this.#database
          .prepare('SELECT banner FROM profile_file WHERE path = ? AND size = ? AND modified = ?')
          .pluck()
          .get(path, size, modified) as string | undefined,
    );
  }

  keepBanner({ path, size, modified }: TableFile, banner: string): void {
    explaining(this.#path, () => {
      this.#database
        .prepare('INSERT OR REPLACE INTO profile_file (path, size, modified, banner) VALUES (?, ?, ?, ?)')
        .run(path, size, modified, banner);
    });
  }

  #find(column: 'build_id' | 'banner', value: string): KeptProfile | undefined {
    if (value === '') return undefined;
    return explaining(this.#path, () => {
      const rows = this.#database
        .prepare(`SELECT ${COLUMNS} FROM profile WHERE ${column} = ? ORDER BY made DESC`)
        .all(value) as Row[];
      for (const { json, origin, size, modified } of rows) {
        const profile = soundProfile(json, value);
        if (profile !== undefined)
          return {
            profile,
            origin: origin === null ? null : { path: origin, size: size ?? 0, modified: modified ?? '' },
          };
      }
      return undefined;
    });
  }
}

/** One written by a newer version is none: this version makes its own. */
function soundProfile(json: string, of: string): Profile | undefined {
  try {
    return readProfile(json, `profile of ${of}`);
  } catch (error) {
    if (!(error instanceof ForensicError)) throw error;
    return undefined;
  }
}
