// Writes the HTML reports that are owed.
// Those that an earlier scan could not write are among them.
import { ForensicError, StoreError, UnreadableFile } from '../base/errors.ts';
import type { StoreInterface } from '../store/interface.ts';
import type { PendingReport } from '../store/pending-reports.ts';
import type { ScanEvent } from './event.ts';
import { bugText } from './failures.ts';
import type { Reporter } from './scan-parts.ts';

/** Writes the reports that are owed to a folder, those too that earlier scans did not come to. */
export class Reporting {
  readonly #owed: StoreInterface['reports'];
  readonly #reporter: Reporter | undefined;
  readonly #tell: (event: ScanEvent) => void;
  /** In how many scans a report that cannot be made is tried. */
  readonly #tries: number;
  readonly #signal: AbortSignal | undefined;
  /** Snapshots whose reports could not be made in this scan. */
  readonly #failed = new Set<number>();
  /** The folder takes nothing in this scan: the next one may have more luck, and this one work to do. */
  #isDown = false;

  constructor(
    owed: StoreInterface['reports'],
    reporter: Reporter | undefined,
    tell: (event: ScanEvent) => void,
    { tries, signal }: { readonly tries: number; readonly signal: AbortSignal | undefined },
  ) {
    this.#owed = owed;
    this.#reporter = reporter;
    this.#tell = tell;
    this.#tries = tries;
    this.#signal = signal;
  }

  /** Writes what is owed. What cannot be written stays owed. @throws StoreError */
  async run(): Promise<void> {
    if (this.#reporter === undefined || this.#isDown) return;
    const { folder } = this.#reporter;
    for (const owed of this.#owed.of(folder)) {
      if (this.#signal?.aborted === true || this.#isDown) return;
      if (!this.#failed.has(owed.snapshotId)) await this.#write(this.#reporter, owed);
    }
  }

  async #write(reporter: Reporter, owed: PendingReport): Promise<void> {
    const { snapshotId, path } = owed;
    try {
      const report = await reporter.write(owed, this.#placeOf(reporter, owed));
      this.#owed.settle(snapshotId, reporter.folder);
      this.#tell({ kind: 'reported', path, report });
    } catch (error) {
      if (error instanceof StoreError) throw error;
      const why = error instanceof ForensicError ? error.message : bugText(error);
      // Tomorrow the disk may have room: no try of this report is counted, and no other makes sense now.
      this.#isDown = error instanceof UnreadableFile;
      this.#failed.add(snapshotId);
      const isFinal = !this.#isDown && owed.tries + 1 >= this.#tries;
      if (isFinal) this.#owed.settle(snapshotId, reporter.folder);
      else if (!this.#isDown) this.#owed.failed(snapshotId, reporter.folder);
      this.#tell({ kind: 'unreported', path, why, isFinal });
    }
  }

  /** Snapshots of unknown machines share a folder. */
  #placeOf(reporter: Reporter, owed: PendingReport): string {
    if (owed.place !== null) return owed.place;
    const wanted = reporter.nameOf(owed);
    return owed.machine === null ? wanted : this.#owed.placeFor(owed.machine, wanted);
  }
}
