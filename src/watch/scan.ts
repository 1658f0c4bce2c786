// A scan: reads every new snapshot in order, and reports what changed.
// It survives being killed at any moment.
import { unlinkSync } from 'node:fs';
import { resolve } from 'node:path';
import type { Outcome } from '../store/scans.ts';
import { Candidates, joinedAgain } from './candidates.ts';
import { Delivery } from './delivery.ts';
import type { ScanEvent, ScanResult } from './event.ts';
import { Failures } from './failures.ts';
import { isSameState, type Listed, listFiles, stateOf } from './listing.ts';
import { Recorder } from './recorder.ts';
import { Reporting } from './reporting.ts';
import { isIn, outlived } from './retention.ts';
import type { ScanChoice, ScanParts } from './scan-parts.ts';

/**
 * Reads every snapshot that no scan has read before, in the order in which their files were written, and tells what differs
 * from the one before of the same machine. A snapshot is recorded in one transaction, with its rows and with the
 * messages about it and what the policy says, so a scan may end anywhere, and the next one goes on. The caller holds the lock.
 *
 * @throws StoreError where nothing can be recorded: no use in going on
 */
export async function scan(choice: ScanChoice, parts: ScanParts): Promise<ScanResult> {
  const result = { hasNews: false, hasTrouble: false };
  const tell = (event: ScanEvent): void => {
    if (event.kind === 'recorded' && event.recorded.isNews) result.hasNews = true;
    if (TROUBLE.includes(event.kind)) result.hasTrouble = true;
    parts.tell(event);
  };
  await new Scan(choice, { ...parts, tell }).run();
  return result;
}

const RECORDED: readonly (Outcome | undefined)[] = ['recorded', 'again'];

const TROUBLE: readonly ScanEvent['kind'][] = ['failed', 'unreported', 'undelivered'];

/** One scan under way. */
class Scan {
  readonly #choice: ScanChoice;
  readonly #parts: ScanParts;
  readonly #delivery: Delivery;
  readonly #reporting: Reporting;
  readonly #places: readonly string[];
  /** Snapshots that were recorded in this scan, and those that a copy was found of. */
  readonly #fresh = new Set<number>();

  constructor(choice: ScanChoice, parts: ScanParts) {
    this.#choice = choice;
    this.#parts = parts;
    this.#places = choice.places.map((place) => resolve(place));
    const { store, channels, tell, surroundings, reporter, signal } = parts;
    this.#reporting = new Reporting(store.reports, reporter, tell, { tries: choice.tries, signal });
    this.#delivery = new Delivery(store.outbox, channels, tell, surroundings.wait);
  }

  async run(): Promise<void> {
    const { store, tell } = this.#parts;
    this.#delivery.giveUp();
    await this.#delivery.run();
    await this.#reporting.run();
    const { files: found, troubles, leftOut } = listFiles(this.#places, this.#choice.depth);
    const own = ownFiles(store.path);
    const files = joinedAgain(
      found.filter(({ path }) => !own.includes(path)),
      store.scans,
    );
    const failures = new Failures(this.#choice, this.#parts);
    for (const trouble of troubles) failures.unreachable(trouble);
    for (const { path, why } of leftOut) tell({ kind: 'other', path, why });
    const candidates = new Candidates(this.#choice, this.#parts);
    const recorder = new Recorder(this.#choice, this.#parts);
    for (const candidate of await candidates.among(this.#left(files, failures))) {
      if (this.#isStopped) break;
      const id = await recorder.record(candidate);
      if (id !== undefined) this.#fresh.add(id);
      await this.#delivery.run();
      await this.#reporting.run();
    }
    if (this.#isStopped) return;
    await this.#delivery.run(); // failures before the first snapshot and after the last
    this.#retire(files);
    store.scans.stillThere(files.map(({ state }) => state));
  }

  /** The files that no other process of this scan came to. That it died of one is recorded. */
  #left(files: readonly Listed[], failures: Failures): readonly Listed[] {
    const { resumed, store } = this.#parts;
    if (resumed === undefined) return files;
    const { done, died } = resumed;
    const guilty = files.find(({ path }) => path === died?.path);
    if (died !== null && guilty === undefined) failures.unreachable(died);
    // It may have died after all was recorded.
    else if (guilty !== undefined && !RECORDED.includes(store.scans.file(guilty.state)?.outcome))
      failures.unsound(guilty, died!.why);
    const paths = new Set(done);
    return files.filter((file) => file !== guilty && !paths.has(file.path));
  }

  get #isStopped(): boolean {
    return this.#parts.signal?.aborted === true;
  }

  /**
   * Forgets what has outlived its time and nobody is still to be told of. Files that are new in this scan are not deleted in
   * it. That files are to be deleted is noted before: the next scan goes on with it.
   */
  #retire(files: readonly Listed[]): void {
    const { store, tell, surroundings, reporter } = this.#parts;
    const { keep, keepDays, deleteFiles } = this.#choice;
    if (keep !== undefined || keepDays !== undefined) {
      const mine = store.scans.recorded().filter(({ path }) => isIn(path, this.#places));
      const toBeTold = store.scans.toBeTold(reporter?.folder);
      for (const snapshot of outlived(mine, this.#choice, surroundings.now())) {
        const { id, path, machine, hostname, taken, written } = snapshot;
        if ((deleteFiles && this.#fresh.has(id)) || toBeTold.has(id)) continue;
        store.scans.atomically(() => {
          if (deleteFiles) this.#doom(id, files);
          store.history.forget([id]);
        });
        tell({ kind: 'forgotten', path, machine: hostname ?? machine, taken, written });
      }
    }
    if (deleteFiles) this.#deleteDoomed();
  }

  /** Of a snapshot in pieces each is to be deleted, also where the scan ends between two of them. */
  #doom(id: number, files: readonly Listed[]): void {
    const { scans } = this.#parts.store;
    scans.doom(id);
    for (const { state, pieces } of files) {
      if (pieces === undefined || scans.file(state)?.outcome !== 'doomed') continue;
      for (const piece of pieces) scans.note(piece.path, piece.state, 'doomed');
      scans.drop(state);
    }
  }

  #deleteDoomed(): void {
    const { store, tell } = this.#parts;
    for (const { path, state } of store.scans.doomed()) {
      if (!isIn(path, this.#places)) continue;
      try {
        const now = stateOf(path);
        // What has taken its name since is another file.
        if (now !== undefined && isSameState(now, state)) {
          unlinkSync(path);
          tell({ kind: 'deleted', path });
        }
        store.scans.drop(state);
      } catch (error) {
        const { code } = error as NodeJS.ErrnoException;
        if (code === undefined) throw error;
        tell({ kind: 'failed', path, why: `cannot delete it: ${code}`, isFinal: false });
      }
    }
  }
}

/** What SQLite and the lock keep beside a store: it may lie among the snapshots. */
const ownFiles = (path: string): readonly string[] =>
  ['', '-wal', '-shm', '-journal', '-scan'].map((end) => resolve(path) + end);
