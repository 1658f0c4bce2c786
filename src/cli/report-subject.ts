import { readdirSync, statSync } from 'node:fs';
import { UsageError } from '../base/errors.ts';
import { hint } from '../base/nearest.ts';
import type { PastSnapshot } from '../store/door.ts';
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
 * Understands the words of the command line: files, or the name or ID of one machine. A word with a slash is a file
 * whatever machines there are. @throws UsageError
 */
export function subjectOf(words: readonly string[], recall: Recall): Subject {
  const [word] = words;
  if (word === undefined || words.length > 1 || word.includes('/')) return { files: words };
  const past = recall.past((history) => history.snapshots()) ?? [];
  const machines = machinesNamed(word, past);
  if (isFile(word)) {
    if (machines.length === 0) return { files: words };
    throw new UsageError(
      `${word} is a file here and a machine that is remembered: ./${word} is the file, ${machines[0]} the machine`,
    );
  }
  if (machines.length > 1)
    throw new UsageError(`several machines are called ${word}: say which by its ID: ${machines.join(', ')}`);
  const [machine] = machines;
  if (machine !== undefined) return { machine };
  const known = [...namesOf(past), ...filesHere()];
  throw new UsageError(`${word} is no file, and no machine of this name is remembered${hint(word, known)}`);
}

/** The machines that the word is the host name or the ID of. */
const machinesNamed = (word: string, past: readonly PastSnapshot[]): string[] => [
  ...new Set(
    past.flatMap(({ machine, name, hostname }) =>
      machine !== null && (machine === word || name === word || hostname === word) ? [machine] : [],
    ),
  ),
];

const namesOf = (past: readonly PastSnapshot[]): string[] => [
  ...new Set(
    past.flatMap(({ machine, name, hostname }) => [machine ?? [], name ?? [], hostname ?? []].flat()),
  ),
];

const isFile = (path: string): boolean => statSync(path, { throwIfNoEntry: false })?.isDirectory() === false;

function filesHere(): string[] {
  try {
    return readdirSync('.').slice(0, MOST_NAMES);
  } catch {
    return []; // a folder that may not be read only spoils the hint
  }
}
