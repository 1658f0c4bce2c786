// Files and folders that profiles and symbol tables are read from, bounded: users name anything.
// A table is known by its path, its size and when it was changed.
import { closeSync, fstatSync, openSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { UnreadableFile } from '../base/errors.ts';
import type { TableFile } from '../store/profiles.ts';

/** No table is as large, compressed or not: what is larger is a memory image that was named by mistake. */
const MAXIMUM_FILE_BYTES = 512 << 20;
/** Folders within folders: Volatility keeps tables in `symbols/linux/`. */
const MAXIMUM_DEPTH = 4;
/** Files looked at in one folder. */
const MAXIMUM_FILES = 20_000;
/** What files of tables are called in folders. One that is named by itself may be called anything. */
const TABLE_NAME = /\.json(\.(xz|gz|zst))?$/i;

/** The bytes of a file that the user named. @throws UnreadableFile */
export function bytesOf(path: string): Uint8Array {
  try {
    const descriptor = openSync(path, 'r');
    try {
      const stat = fstatSync(descriptor);
      if (stat.isFile() && stat.size > MAXIMUM_FILE_BYTES)
        throw new UnreadableFile(`${path} has ${stat.size} bytes: no profile or symbol table has as many`);
      return readFileSync(descriptor);
    } finally {
      closeSync(descriptor);
    }
  } catch (error) {
    if (error instanceof UnreadableFile) throw error;
    throw new UnreadableFile(`cannot read ${path}: ${reasonOf(error)}`);
  }
}

/** The state of a file as it is now; undefined where there is no such file. */
export function tableFile(path: string): TableFile | undefined {
  try {
    const stat = statSync(path, { bigint: true });
    if (!stat.isFile()) return undefined;
    return { path: resolve(path), size: Number(stat.size), modified: String(stat.mtimeNs) };
  } catch {
    return undefined;
  }
}

/** Every file of a folder and of those in it that is called as a table is, by name; and how many others there are. */
export function tableFiles(folder: string): { tables: TableFile[]; others: number } {
  const tables: TableFile[] = [];
  let others = 0;
  const look = (path: string, depth: number): void => {
    for (const entry of readdirSync(path, { withFileTypes: true }).sort(byName)) {
      if (tables.length + others >= MAXIMUM_FILES) return;
      const inner = join(path, entry.name);
      // A link to a folder may lead back to where it stands.
      if (entry.isDirectory()) {
        if (depth < MAXIMUM_DEPTH) lookQuietly(inner, depth + 1);
        continue;
      }
      const file = TABLE_NAME.test(entry.name) ? tableFile(inner) : undefined;
      if (file === undefined || file.size > MAXIMUM_FILE_BYTES) others++;
      else tables.push(file);
    }
  };
  const lookQuietly = (path: string, depth: number): void => {
    try {
      look(path, depth);
    } catch {
      others++; // a folder that may not be read hides no others
    }
  };
  try {
    look(folder, 0);
  } catch (error) {
    throw new UnreadableFile(`cannot read ${folder}: ${reasonOf(error)}`);
  }
  return { tables, others };
}

const byName = (a: { name: string }, b: { name: string }): number => (a.name < b.name ? -1 : 1);

function reasonOf(error: unknown): string {
  const { code } = error as NodeJS.ErrnoException;
  return code === 'ENOENT' ? 'no such file' : (code ?? String(error));
}
