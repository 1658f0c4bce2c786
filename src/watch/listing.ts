// Lists the files in the places that a scan was given.
// Links inside folders are not followed.
import { type BigIntStats, lstatSync, readdirSync, statSync } from 'node:fs';
import { basename, join, resolve } from 'node:path';

/** One state of a file, as the system tells it without opening the file. */
export interface FileState {
  readonly device: string;
  readonly inode: string;
  readonly sizeBytes: number;
  /** Nanoseconds since 1970, decimal. */
  readonly modified: string;
  /** Nanoseconds since 1970, decimal: set by the system, so that `touch` cannot hide a change. */
  readonly changed: string;
}

/** A file that may be a snapshot. */
export interface Listed {
  readonly path: string;
  readonly state: FileState;
  /** The user gave the file itself, not a folder that it is in: what is wrong with it is said. */
  readonly isNamed: boolean;
  /** The files that are read as this one, in order, itself among them; absent where it is by itself. Its state is that of all. */
  readonly pieces?: readonly Listed[];
}

/** What could not be looked at, and why. */
export interface Trouble {
  readonly path: string;
  readonly why: string;
}

/** What is in the places that a scan was given. */
export interface Listing {
  readonly files: readonly Listed[];
  readonly troubles: readonly Trouble[];
  /** Left out by their names or because they are no files: told to whoever wants every detail. */
  readonly leftOut: readonly Trouble[];
}

/** Folders below a folder that are looked into at most. */
const MAXIMUM_DEPTH = 8;

/**
 * Names of files that are being made: hidden ones (rsync), and what dumpers and copiers put behind a name until the
 * file is whole (virsh, kdump-tools, browsers, editors, this program).
 */
const UNFINISHED = /^\.|~$|[.-](?:part|partial|incomplete|tmp|temp|swp|filepart|crdownload|download)$/i;

/** Whether a name says that its file is hidden, temporary or not whole yet. */
const isUnfinishedName = (name: string): boolean => UNFINISHED.test(name);

/**
 * The files in these places: files themselves, and those in folders, `depth` folders deep. Links inside folders are
 * not followed, since what they lead to is elsewhere, or is found here by itself.
 */
export function listFiles(places: readonly string[], depth = 0): Listing {
  const listing = new Walk(depth);
  for (const place of places) listing.place(resolve(place));
  return listing;
}

class Walk implements Listing {
  readonly files: Listed[] = [];
  readonly troubles: Trouble[] = [];
  readonly leftOut: Trouble[] = [];
  readonly #depth: number;
  /** Files and folders found so far, by device and inode: places may overlap. */
  readonly #met = new Set<string>();

  constructor(depth: number) {
    this.#depth = Math.min(depth, MAXIMUM_DEPTH);
  }

  place(path: string): void {
    const stat = this.#stat(path, statSync);
    if (stat === undefined) return;
    if (stat.isDirectory()) this.#folder(path, stat, this.#depth);
    else if (stat.isFile()) this.#file(path, stat, true);
    else this.troubles.push({ path, why: 'it is no regular file' });
  }

  #folder(path: string, stat: BigIntStats, depth: number): void {
    if (!this.#isNew(stat)) return;
    let names: string[];
    try {
      names = readdirSync(path).sort();
    } catch (error) {
      this.troubles.push({ path, why: reasonOf(error) });
      return;
    }
    for (const name of names) this.#entry(join(path, name), depth);
  }

  #entry(path: string, depth: number): void {
    if (isUnfinishedName(basename(path))) {
      this.leftOut.push({ path, why: 'its name says that it is hidden or not whole yet' });
      return;
    }
    const stat = this.#stat(path, lstatSync);
    if (stat === undefined) return;
    if (stat.isFile()) this.#file(path, stat, false);
    else if (stat.isDirectory() && depth > 0) this.#folder(path, stat, depth - 1);
    else if (stat.isSymbolicLink()) this.leftOut.push({ path, why: 'links are not followed' });
    else if (!stat.isDirectory()) this.leftOut.push({ path, why: 'it is no regular file' });
  }

  #file(path: string, stat: BigIntStats, isNamed: boolean): void {
    if (this.#isNew(stat)) this.files.push({ path, state: stateFrom(stat), isNamed });
  }

  #isNew({ dev, ino }: BigIntStats): boolean {
    const key = `${dev}:${ino}`;
    if (this.#met.has(key)) return false;
    this.#met.add(key);
    return true;
  }

  #stat(path: string, look: typeof lstatSync): BigIntStats | undefined {
    try {
      return look(path, { bigint: true });
    } catch (error) {
      this.troubles.push({ path, why: reasonOf(error) });
      return undefined;
    }
  }
}

const stateFrom = (stat: BigIntStats): FileState => ({
  device: String(stat.dev),
  inode: String(stat.ino),
  sizeBytes: Number(stat.size),
  modified: String(stat.mtimeNs),
  changed: String(stat.ctimeNs),
});

/** The state that a file is in now; undefined where there is no regular file of this name any more. */
export function stateOf(path: string): FileState | undefined {
  const stat = statSync(path, { bigint: true, throwIfNoEntry: false });
  return stat?.isFile() === true ? stateFrom(stat) : undefined;
}

/** True where both are one state of one file. */
export const isSameState = (one: FileState, other: FileState): boolean =>
  one.device === other.device &&
  one.inode === other.inode &&
  one.sizeBytes === other.sizeBytes &&
  one.modified === other.modified &&
  one.changed === other.changed;

function reasonOf(error: unknown): string {
  const { code } = error as NodeJS.ErrnoException;
  if (code === 'ENOENT') return 'no such file';
  return code === 'EACCES' || code === 'EPERM' ? 'permission denied' : (code ?? String(error));
}
