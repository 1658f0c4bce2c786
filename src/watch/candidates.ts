// Finds snapshots that no scan has read yet.
// It compares the files in folders with what the store knows.
import { NoKernel, NoProfile, UnreadableFile } from '../base/errors.ts';
import { areCopied, inHostOrder, type Ordered } from '../diff/host-order.ts';
import type { Reading } from '../inquiry/reading.ts';
import { writtenAt } from '../store/host-time.ts';
import { isMappedForWriting } from '../store/moving.ts';
import { provenanceOf } from '../store/provenance.ts';
import type { RememberedFacts } from '../store/remembered.ts';
import type { ScannedFile } from '../store/scans.ts';
import { Failures } from './failures.ts';
import { identify, rememberedFacts } from './identity.ts';
import { type FileState, type Listed, listFiles } from './listing.ts';
import { otherThanSnapshot } from './other-files.ts';
import { joinPieces } from './piece-groups.ts';
import type { ScanChoice, ScanParts } from './scan-parts.ts';
import { settle } from './settling.ts';

/** A new snapshot. */
export interface Candidate {
  readonly file: Listed;
  /** ISO 8601: when its memory was taken, by the guest's clock; when its file was written, where that does not tell. */
  readonly taken: string;
  /** ISO 8601: when its file was written, by the host. What orders snapshots. */
  readonly written: string;
  /** Open already, where it is the only one. */
  readonly reading: Reading | undefined;
}

/** A new snapshot that was looked into. */
interface Found extends Omit<Candidate, 'written'>, Ordered {
  readonly written: string;
}

/** Recorded snapshots that were written so soon after a new one may have been copied in another order. */
const COPIED_MS = 120_000;

/** Pieces without a kernel that are looked into one by one. */
const MOST_APART = 64;

/** What has come of files in their states, as far as that is known. */
interface Outcomes {
  file(state: FileState): Pick<ScannedFile, 'outcome'> | undefined;
}

/** The pieces of a snapshot as one file, where no scan has found that they are files by themselves. */
export const joinedAgain = (files: readonly Listed[], scans: Outcomes | undefined): Listed[] =>
  joinPieces(files).flatMap((file) =>
    file.pieces !== undefined && scans?.file(file.state)?.outcome === 'other' ? file.pieces : [file],
  );

/**
 * Whether something will probably have to be read. Whether it is a snapshot, and settled, is found out later.
 * @param scans undefined where there were none
 */
export const isAnyNew = (
  { places, depth }: Pick<ScanChoice, 'places' | 'depth'>,
  scans: Outcomes | undefined,
): boolean =>
  joinedAgain(listFiles(places, depth).files, scans).some(
    (file) =>
      [undefined, 'begun'].includes(scans?.file(file.state)?.outcome) &&
      otherThanSnapshot(file) === undefined,
  );

/**
 * Whether something has come or changed since scans last recorded anything: that will probably have to be read, and it is seen without
 * opening the store. What is older may be new all the same.
 * @param recordedNs when something was last recorded, in nanoseconds since 1970
 */
export const isAnyLater = (choice: Pick<ScanChoice, 'places' | 'depth'>, recordedNs: bigint): boolean =>
  isAnyNew(choice, {
    file: ({ changed }) => (BigInt(changed) > recordedNs ? undefined : { outcome: 'recorded' }),
  });

/** Looks for snapshots that no scan has read, and when each was written. */
export class Candidates {
  readonly #choice: ScanChoice;
  readonly #parts: ScanParts;
  readonly #failures: Failures;

  constructor(choice: ScanChoice, parts: ScanParts) {
    this.#choice = choice;
    this.#parts = parts;
    this.#failures = new Failures(choice, parts);
  }

  /** The new ones among these files, the one written first in front. */
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
    const snapshots = still.filter((file) => this.#isSnapshot(file) && this.#isAtRest(file));
    const found: Found[] = [];
    const waiting = snapshots.sort(byFileTime);
    for (let file = waiting.shift(); file !== undefined; file = waiting.shift()) {
      if (isStopped(this.#parts)) return [];
      const one = await this.#lookInto(file, snapshots.length === 0 && found.length === 0);
      if (one === 'apart')
        waiting.unshift(
          ...file.pieces!.filter(
            (piece) => this.#isNew(piece) && this.#isSnapshot(piece) && this.#isAtRest(piece),
          ),
        );
      else if (one !== undefined) found.push(one);
    }
    return inHostOrder(found, (one) => one).map(({ snapshot, written }) => ({
      ...{ file: snapshot.file, taken: snapshot.taken, reading: snapshot.reading },
      written: this.#afterCopies({ ...snapshot, written: written ?? snapshot.written }),
    }));
  }

  /** When a snapshot was written; where recorded ones of its boot were copied in the wrong order, not before them. */
  #afterCopies(found: Found): string {
    const { boot, written } = found;
    if (boot === null) return written;
    const until = new Date(Date.parse(written) + COPIED_MS).toISOString();
    return this.#parts.store.scans
      .ofBoot(boot, written, until)
      .reduce((latest, recorded) => (areCopied(found, recorded) ? recorded.written : latest), written);
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

  /** The memory of a running guest is no snapshot, though nothing of its file may change. */
  #isAtRest(file: Listed): boolean {
    if (!isMappedForWriting((file.pieces ?? [file]).map(({ path }) => path))) return true;
    const why = 'a running program writes it through a mapping; vestige acquire takes snapshots of guests';
    this.#failures.failed(file, new UnreadableFile(why));
    return false;
  }

  /** What is found out is noted, so that a scan that is ended again and again comes to an end at last. */
  async #lookInto(file: Listed, isOnly: boolean): Promise<Found | 'apart' | undefined> {
    const { store, open } = this.#parts;
    const { path, state } = file;
    const known = store.scans.file(state);
    const written = writtenAt(path, state.modified, this.#parts.surroundings.now());
    if (known?.outcome === 'begun' && known.taken !== null)
      return { file, written, ...known, taken: known.taken, reading: undefined };
    let reading: Reading | undefined;
    let isHandedOn = false;
    try {
      const remembered = this.#remembered(file);
      reading = remembered === undefined ? await open(path) : undefined;
      const facts = remembered ?? reading!.facts;
      if (file.pieces !== undefined && facts.snapshot.pieceCount === 0) return this.#takenApart(file);
      const { cut } = facts.snapshot;
      if (cut !== null) return this.#failures.cut(file, cut);
      const { taken, boot } = provenanceOf(facts);
      const noted = { taken: taken ?? written, boot, uptimeSeconds: facts.kernel.uptimeSeconds ?? null };
      store.scans.note(path, state, 'begun', { ...noted, tries: known?.tries ?? 0 });
      isHandedOn = isOnly;
      return { file, written, ...noted, reading: isOnly ? reading : undefined };
    } catch (error) {
      if (isStopped(this.#parts)) return undefined; // Ctrl-C ends the process that reads too
      // Of memory that is none, one of the pieces may be a snapshot all the same.
      const isNone = error instanceof NoKernel || error instanceof NoProfile;
      if (
        isNone &&
        file.pieces !== undefined &&
        file.pieces.length <= MOST_APART &&
        !(await isHeaded(file.path))
      )
        return this.#takenApart(file);
      return this.#failures.failed(file, error);
    } finally {
      if (!isHandedOn) reading?.close();
    }
  }

  /** Files that are called like pieces of one, and are not: that is noted, so that the next scan takes each by itself at once. */
  #takenApart({ path, state }: Listed): 'apart' {
    this.#parts.store.scans.note(path, state, 'other', { why: 'its pieces are files by themselves' });
    return 'apart';
  }

  /** What earlier questions of anybody have left in the store. */
  #remembered(file: Listed): RememberedFacts | undefined {
    const identity = identify(file, this.#choice.binding);
    return identity === undefined ? undefined : rememberedFacts(this.#parts.store, identity);
  }
}

const isStopped = ({ signal }: Pick<ScanParts, 'signal'>): boolean => signal?.aborted === true;

/** Files of one moment stay in the order of their names. */
const byFileTime = (one: Listed, other: Listed): number =>
  Number(BigInt(one.state.modified) - BigInt(other.state.modified));

/** What knows of pieces is loaded where one of them could not be read. */
const isHeaded = async (path: string): Promise<boolean> =>
  (await import('../snapshot/pieces.ts')).isHeaded(path);
