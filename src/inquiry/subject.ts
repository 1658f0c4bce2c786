// What the words of a command line that is about a machine name: files, or a machine whose snapshots are remembered.
// A machine is named by its host name, its ID, or what the operator calls it.
import { readdirSync, statSync } from 'node:fs';
import { UsageError } from '../base/errors.ts';
import { hint } from '../base/nearest.ts';
import type { PastSnapshot } from '../store/interface.ts';
import type { Recall } from './recall.ts';

/**
 * What a report is about: files, or a machine whose snapshots are remembered, by the store's name of it, or one of these
 * by its number.
 */
export type Subject =
  | { readonly files: readonly string[] }
  | { readonly machine: string }
  | { readonly snapshot: number };

/** Names of files that a misspelt word is compared with. */
const MOST_NAMES = 1_000;

/**
 * Understands the words of the command line: files, or the name or ID of one machine. A file of that name wins, and a
 * word with a slash is a file whatever machines there are. @throws UsageError
 */
export function subjectOf(words: readonly string[], recall: Recall): Subject {
  const [word] = words;
  if (word === undefined || words.length > 1 || word.includes('/') || isFile(word)) return { files: words };
  const past = recall.past((history) => history.snapshots()) ?? [];
  const machine = machineNamed(word, past);
  if (machine !== undefined) return { machine };
  const known = [...namesOf(past), ...filesHere()];
  throw new UsageError(`${word} is no file, and no machine of this name is remembered${hint(word, known)}`);
}

/** The machine that a word names; undefined where none is remembered that it names. @throws UsageError where several are */
export function machineNamed(word: string, past: readonly PastSnapshot[]): string | undefined {
  const machines = machinesNamed(word, past);
  if (machines.length > 1)
    throw new UsageError(`several machines are called ${word}: say which by its ID: ${machines.join(', ')}`);
  return machines[0];
}

/** The machines that the word is the host name or the ID of. */
const machinesNamed = (word: string, past: readonly PastSnapshot[]): string[] => [
  ...new Set(
    past.flatMap(({ machine, name, hostname }) =>
      machine !== null && (machine === word || name === word || hostname === word) ? [machine] : [],
    ),
  ),
];

/** All words that name a machine. */
export const namesOf = (past: readonly PastSnapshot[]): string[] => [
  ...new Set(
    past.flatMap(({ machine, name, hostname }) => [machine ?? [], name ?? [], hostname ?? []].flat()),
  ),
];

/** Whether a word is a file, or a device: anything but a folder. */
export const isFile = (path: string): boolean =>
  statSync(path, { throwIfNoEntry: false })?.isDirectory() === false;

function filesHere(): string[] {
  try {
    return readdirSync('.').slice(0, MOST_NAMES);
  } catch {
    return []; // a folder that may not be read only spoils the hint
  }
}
