import {
  BadSnapshot,
  ForensicError,
  StoreError,
  UnreadableFile,
  UnsupportedSnapshot,
} from '../base/errors.ts';
import { isSameState, type Listed, stateOf } from './listing.ts';
import { CutSnapshot } from './reading.ts';
import type { ScanChoice, ScanParts } from './scan.ts';

/** A header that says that more is to come (src/snapshot/file.ts). */
const CUT_SHORT = /\bis cut in its\b/;

/** What is done about files that cannot be read: said, counted, and given up after so many scans. */
export class Failures {
  readonly #choice: Pick<ScanChoice, 'tries'>;
  readonly #parts: Pick<ScanParts, 'store' | 'tell'>;

  constructor(choice: Pick<ScanChoice, 'tries'>, parts: Pick<ScanParts, 'store' | 'tell'>) {
    this.#choice = choice;
    this.#parts = parts;
  }

  /** Its headers promise more than there is: somebody may still be writing, slowly. */
  cut(file: Listed, why: string): undefined {
    const { path } = file;
    if (this.#isOther(file)) return;
    const { tries, isFinal } = this.#count(file, why, this.#choice.tries);
    if (isFinal) this.#parts.tell({ kind: 'failed', path, why: `damaged: ${why}`, isFinal });
    else {
      const times = `looked at ${tries} of ${this.#choice.tries} times`;
      this.#parts.tell({
        kind: 'unsettled',
        path,
        why: `still being written, or cut: ${why}; ${times}`,
        isCut: true,
      });
    }
  }

  /** @throws what is the store's trouble and not the file's */
  failed(file: Listed, error: unknown): undefined {
    if (error instanceof StoreError) throw error;
    const why = error instanceof ForensicError ? error.message : bugText(error);
    if (error instanceof CutSnapshot || (error instanceof BadSnapshot && CUT_SHORT.test(why)))
      return this.cut(file, why);
    // What the program does not read today it does not read tomorrow.
    return this.unsound(file, why, error instanceof UnsupportedSnapshot ? 1 : this.#choice.tries, error);
  }

  /** What was read of it is not to be relied on. */
  unsound(file: Listed, why: string, most = this.#choice.tries, error?: unknown): undefined {
    if (this.#isOther(file)) return;
    // Whether it may be opened is not written in the file: no try of it is counted.
    const { isFinal } = error instanceof UnreadableFile ? { isFinal: false } : this.#count(file, why, most);
    this.#parts.tell({ kind: 'failed', path: file.path, why, isFinal });
  }

  /** Whether the file is not what it was when the scan began: nothing that was read of it counts. */
  #isOther({ path, state }: Listed): boolean {
    const now = stateOf(path);
    if (now !== undefined && isSameState(now, state)) return false;
    const why = now === undefined ? 'it has vanished' : 'it was changed while it was read';
    this.#parts.tell({ kind: 'failed', path, why, isFinal: false });
    return true;
  }

  #count({ path, state }: Listed, why: string, most: number): { tries: number; isFinal: boolean } {
    const { scans } = this.#parts.store;
    const tries = (scans.file(state)?.tries ?? 0) + 1;
    const isFinal = tries >= most;
    // Of what is final, no later scan with more patience is to make another try.
    scans.note(path, state, 'failed', { why, tries: isFinal ? GIVEN_UP : tries });
    return { tries, isFinal };
  }
}

/** More tries than anybody asks for. */
const GIVEN_UP = 1_000_000;

/** Evidence that trips this program must not keep it from the snapshots behind it. */
export function bugText(error: unknown): string {
  const { stack = '', message } = error as Error;
  const [place = ''] = /\bat .*/.exec(stack) ?? [];
  return `a bug in vestige, please report it: ${message} (${place})`;
}
