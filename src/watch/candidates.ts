import type { RememberedFacts, SnapshotIdentity } from '../store/door.ts';
import { keyOf } from '../store/key.ts';
import { placeOf } from '../store/place.ts';
import { Failures } from './failures.ts';
import type { Listed } from './listing.ts';
import { otherThanSnapshot } from './other-files.ts';
import { cutIn, type Reading } from './reading.ts';
import type { ScanChoice, ScanParts } from './scan.ts';
import { settle } from './settling.ts';

/** A new snapshot. */
export interface Candidate {
  readonly file: Listed;
  /** ISO 8601: when its memory was taken; when its file was written, where the guest does not tell. */
  readonly taken: string;
  /** Open already, where it is the only one. */
  readonly reading: Reading | undefined;
}

/** Looks for snapshots that no scan has read, and when each was taken. */
export class Candidates {
  readonly #choice: ScanChoice;
  readonly #parts: ScanParts;
  readonly #failures: Failures;

  constructor(choice: ScanChoice, parts: ScanParts) {
    this.#choice = choice;
    this.#parts = parts;
    this.#failures = new Failures(choice, parts);
  }

  /** The new ones among these files, the one taken first in front. */
  async among(files: readonly Listed[]): Promise<Candidate[]> {
    const { tell, surroundings } = this.#parts;
    const { settleMs, whole } = this.#choice;
    const added = files.filter((file) => this.#isNew(file));
    const { still, moving } = await settle(
      added.filter(({ path }) => path !== whole),
      settleMs,
      surroundings,
    );
    still.push(...added.filter(({ path }) => path === whole));
    if (isStopped(this.#parts)) return [];
    for (const { path } of moving)
      tell({ kind: 'unsettled', path, why: 'it is still being written', isCut: false });
    const snapshots = still.filter((file) => this.#isSnapshot(file));
    if (snapshots.length > 0) this.#parts.expect?.();
    const candidates: Candidate[] = [];
    for (const file of snapshots) {
      if (isStopped(this.#parts)) return [];
      const candidate = await this.#lookInto(file, snapshots.length === 1);
      if (candidate !== undefined) candidates.push(candidate);
    }
    return candidates.sort(byTime);
  }

  #isNew({ path, state }: Listed): boolean {
    const { store, tell } = this.#parts;
    const known = store.scans.file(state);
    switch (known?.outcome) {
      case undefined:
      case 'begun':
        return true;
      case 'failed':
        if (known.tries < this.#choice.tries || this.#choice.retry) return true;
        tell({ kind: 'seen', path, why: `given up: ${known.why}` });
        return false;
      case 'other':
        if (this.#choice.retry) return true;
        tell({ kind: 'other', path, why: known.why ?? '' });
        return false;
      default:
        tell({ kind: 'seen', path, why: 'seen before' });
        return false;
    }
  }

  #isSnapshot(file: Listed): boolean {
    const { path, state } = file;
    const why = otherThanSnapshot(file);
    if (why === undefined) return true;
    this.#parts.store.scans.note(path, state, 'other', { why });
    this.#parts.tell({ kind: 'other', path, why });
    return false;
  }

  /** When a snapshot was taken is noted, so that a scan that is ended again and again comes to an end at last. */
  async #lookInto(file: Listed, isOnly: boolean): Promise<Candidate | undefined> {
    const { store, open } = this.#parts;
    const { path, state } = file;
    const known = store.scans.file(state);
    if (known?.outcome === 'begun' && known.taken !== null)
      return { file, taken: known.taken, reading: undefined };
    let reading: Reading | undefined;
    let isHandedOn = false;
    try {
      const remembered = this.#remembered(file);
      reading = remembered === undefined ? await open(path) : undefined;
      const facts = remembered ?? reading!.facts;
      const cut = cutIn(facts.snapshot.notes);
      if (cut !== undefined) return this.#failures.cut(file, cut);
      const taken = placeOf(facts).taken ?? writtenAt(file);
      store.scans.note(path, state, 'begun', { taken, tries: known?.tries ?? 0 });
      isHandedOn = isOnly;
      return { file, taken, reading: isOnly ? reading : undefined };
    } catch (error) {
      if (isStopped(this.#parts)) return undefined; // Ctrl-C ends the process that reads too
      return this.#failures.failed(file, error);
    } finally {
      if (!isHandedOn) reading?.close();
    }
  }

  /** What earlier questions of anybody have left in the store. */
  #remembered(file: Listed): RememberedFacts | undefined {
    const identity = identify(file, this.#choice.binding);
    return identity === undefined ? undefined : this.#parts.store.facts(identity);
  }
}

/** The store's own name for a file as it is now; undefined where it cannot be read. That it has settled is known. */
export function identify({ path }: Listed, binding: string): SnapshotIdentity | undefined {
  const key = keyOf(path, Number.MAX_SAFE_INTEGER);
  return key === null ? undefined : { path, key, binding };
}

const isStopped = ({ signal }: Pick<ScanParts, 'signal'>): boolean => signal?.aborted === true;

const writtenAt = ({ state }: Listed): string =>
  new Date(Number(BigInt(state.modified) / 1_000_000n)).toISOString();

const byTime = (one: Candidate, other: Candidate): number =>
  Date.parse(one.taken) - Date.parse(other.taken) ||
  Number(BigInt(one.file.state.modified) - BigInt(other.file.state.modified));
