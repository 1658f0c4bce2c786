// Where things are remembered when no flag says (XDG Base Directory Specification): what can be found out again in the cache
// folder, what scans recorded in the state folder. A file that a flag names holds both.
import { homedir } from 'node:os';
import { basename, dirname, join } from 'node:path';
import { StoreError } from '../base/errors.ts';
import type { Listener } from '../base/listener.ts';

type Environment = Readonly<Record<string, string | undefined>>;

/** The files that are asked. */
export interface StorePaths {
  /** New answers go here. */
  readonly cache: string;
  /** What scans recorded, where that is another file: it may not be there. */
  readonly history?: string;
}

/** `$XDG_CACHE_HOME/vestige/cache.sqlite`. */
export const defaultCachePath = (env: Environment = process.env): string =>
  join(folderOf(env['XDG_CACHE_HOME'], '.cache'), 'vestige', 'cache.sqlite');

/** `$XDG_STATE_HOME/vestige/history.sqlite`. */
export const defaultHistoryPath = (env: Environment = process.env): string =>
  join(folderOf(env['XDG_STATE_HOME'], '.local/state'), 'vestige', 'history.sqlite');

/** What was typed at the shell's prompt: `$XDG_STATE_HOME/vestige/shell-history`. */
export const shellHistoryPath = (env: Environment = process.env): string =>
  join(folderOf(env['XDG_STATE_HOME'], '.local/state'), 'vestige', 'shell-history');

/** A relative path in the variable is to be ignored. */
const folderOf = (named: string | undefined, usual: string): string =>
  named?.startsWith('/') === true ? named : join(homedir(), usual);

/** The files that a command asks: undefined where `--no-cache` wants none. */
export function storePaths({ cache }: { readonly cache: string | boolean }): StorePaths | undefined {
  if (cache === false) return undefined;
  return typeof cache === 'string' ? { cache } : { cache: defaultCachePath(), history: defaultHistoryPath() };
}

/**
 * Moves what scans recorded out of the cache, where an older version of the program left it there.
 *
 * @returns whether the history is where it belongs @throws StoreError
 */
export async function partStores(
  { cache, history }: StorePaths,
  { warn }: Pick<Listener, 'warn'>,
): Promise<boolean> {
  if (history === undefined) return true;
  const { partHistory } = await import('../store/part.ts');
  switch (partHistory(cache, history)) {
    case 'none':
      return true;
    case 'moved':
      warn(`what scans recorded has moved from ${cache} to ${history}`);
      return true;
    case 'busy':
      warn(`a scan is at work on ${cache}: what it records moves to ${history} after that`);
      return false;
    case 'mixed':
      warn(`${cache} has scans that ${history} lacks: --cache ${cache} asks it`);
      return true;
  }
}

/** The file that scans record in, and another that knows profiles. */
export interface ScanPlaces {
  readonly path: string;
  readonly also?: string;
}

/** Where a scan records: in the file that a flag names, or in the usual one, with what was recorded before. @throws StoreError */
export async function scanPaths(
  named: string | undefined,
  listener: Pick<Listener, 'warn'>,
): Promise<ScanPlaces> {
  const history = named ?? defaultHistoryPath();
  const cache = named === undefined ? defaultCachePath() : join(dirname(named), basename(defaultCachePath()));
  // A file of another name is not the successor of what lies beside it.
  if (basename(history) !== basename(defaultHistoryPath())) return { path: history };
  if (!(await partStores({ cache, history }, listener)))
    throw new StoreError('nothing is scanned before that: it would not know what was seen before');
  return named === undefined ? { path: history, also: cache } : { path: history };
}
