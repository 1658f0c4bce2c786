// What happens to files that cannot be read: they are reported, counted, and given up after some scans.
// A bug that one file triggers must not stop the others.
import {
  CutSnapshot,
  ForensicError,
  StoreError,
  UnreadableFile,
  UnsupportedSnapshot,
} from '../base/errors.ts';
import { OpenedElsewhere } from '../inquiry/reading.ts';
import type { Failure } from './event.ts';
import { isSameState, type Listed, type Trouble } from './listing.ts';
import { stateNow } from './piece-groups.ts';
import type { ScanChoice, ScanParts } from './scan-parts.ts';

type FailureParts = Pick<ScanParts, 'store' | 'tell' | 'channels' | 'failureMessageOf' | 'surroundings'>;

/** What is done about files that cannot be read: said, counted, and given up after so many scans. */
export class Failures {
  readonly #choice: Pick<ScanChoice, 'tries'>;
  readonly #parts: FailureParts;

  constructor(choice: Pick<ScanChoice, 'tries'>, parts: FailureParts) {
    this.#choice = choice;
    this.#parts = parts;
  }

  /** Its headers promise more than there is: somebody may still be writing, slowly. */
  cut(file: Listed, why: string): undefined {
    if (this.#isOther(file)) return;
    const { tries, isFinal } = this.#nextTry(file, this.#choice.tries);
    if (isFinal) return this.#fail(file, `damaged: ${why}`, { tries, isFinal });
    const { path, state } = file;
    this.#parts.store.scans.note(path, state, 'failed', { why, tries });
    const times = `looked at ${tries} of ${this.#choice.tries} times`;
    this.#parts.tell({
      kind: 'unsettled',
      path,
      why: `still being written, or cut: ${why}; ${times}`,
      isCut: true,
    });
  }

  /** @throws what is no trouble of the file's */
  failed(file: Listed, error: unknown): undefined {
    if (error instanceof StoreError || error instanceof OpenedElsewhere) throw error;
    const why = error instanceof ForensicError ? error.message : bugText(error);
    if (error instanceof CutSnapshot) return this.cut(file, why);
    // What the program does not read today it does not read tomorrow.
    return this.unsound(file, why, error instanceof UnsupportedSnapshot ? 1 : this.#choice.tries, error);
  }

  /** What was read of it is not to be relied on. */
  unsound(file: Listed, why: string, most = this.#choice.tries, error?: unknown): undefined {
    if (this.#isOther(file)) return;
    // Whether it may be opened is not written in the file: no try of it is counted.
    const isDenied = error instanceof UnreadableFile;
    this.#fail(file, why, isDenied ? { tries: null, isFinal: false } : this.#nextTry(file, most));
  }

  /** Nobody can look into a place: told once a day, since no state of it says whether it is the same trouble. */
  unreachable({ path, why }: Trouble): void {
    const day = new Date(this.#parts.surroundings.now()).toISOString().slice(0, 10);
    this.#announce({ path, why, isFinal: false, of: [path, why, day] });
    this.#parts.tell({ kind: 'failed', path, why, isFinal: false });
  }

  /** Whether the file is not what it was when the scan began: nothing that was read of it counts. */
  #isOther(file: Listed): boolean {
    const { path, state } = file;
    const now = stateNow(file);
    if (now !== undefined && isSameState(now, state)) return false;
    const why = now === undefined ? 'it has vanished' : 'it was changed while it was read';
    this.#parts.tell({ kind: 'failed', path, why, isFinal: false });
    return true;
  }

  /** What came of the file, and that it is to be told, are on record together or not at all. */
  #fail({ path, state }: Listed, why: string, { tries, isFinal }: Try): undefined {
    const { scans } = this.#parts.store;
    scans.atomically(() => {
      // Of what is final, no later scan with more patience is to make another try.
      if (tries !== null) scans.note(path, state, 'failed', { why, tries: isFinal ? GIVEN_UP : tries });
      this.#announce({ path, why, isFinal, of: [...Object.values(state), ...(tries === null ? [why] : [])] });
    });
    this.#parts.tell({ kind: 'failed', path, why, isFinal });
  }

  /** Puts it into every channel, where it was not before: it fails in each scan, and is news once. */
  #announce(failure: Failure): void {
    const { channels, failureMessageOf, store } = this.#parts;
    for (const { name } of channels)
      store.outbox.queue({ channel: name, ...failureMessageOf(failure, name) });
  }

  #nextTry({ state }: Listed, most: number): { readonly tries: number; readonly isFinal: boolean } {
    const tries = (this.#parts.store.scans.file(state)?.tries ?? 0) + 1;
    return { tries, isFinal: tries >= most };
  }
}

/** Which try it was, and whether it was the last; null where it does not count. */
interface Try {
  readonly tries: number | null;
  readonly isFinal: boolean;
}

/** More tries than anybody asks for. */
const GIVEN_UP = 1_000_000;

/** Evidence that trips this program must not keep it from the snapshots behind it. */
export function bugText(error: unknown): string {
  const { stack = '', message } = error as Error;
  const [place = ''] = /\bat .*/.exec(stack) ?? [];
  return `a bug in vestige, please report it: ${message} (${place})`;
}
