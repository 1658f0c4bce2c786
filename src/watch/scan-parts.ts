// What a scan is given: what is to be scanned and how, and what it works with.
// Only types: all that takes part in a scan rests on them.
import type { Open } from '../inquiry/reading.ts';
import type { Judge } from '../judging/judge.ts';
import type { AnyPlugin } from '../plugin/contract.ts';
import type { Severity } from '../policy/verdict.ts';
import type { StoreInterface } from '../store/interface.ts';
import type { PendingReport } from '../store/pending-reports.ts';
import type { Channel, Message } from './channel.ts';
import type { Failure, Recorded, ScanEvent } from './event.ts';
import type { Trouble } from './listing.ts';
import type { Retention } from './retention.ts';
import type { Surroundings } from './settling.ts';

/** What is to be scanned, and how. */
export interface ScanChoice extends Retention {
  /** Snapshots, and folders of them. */
  readonly places: readonly string[];
  /** How many folders deep. */
  readonly depth: number;
  readonly plugins: readonly AnyPlugin[];
  /** What the operator calls the machine of a file; undefined where nobody said. */
  readonly machineOf?: (path: string) => string | undefined;
  /** What names a base address or a profile that the user forced, or is empty. */
  readonly binding: string;
  /** How long a file must have stayed as it is. */
  readonly settleMs: number;
  /** A file that nobody writes to any more, however new it is. */
  readonly whole?: string;
  /** In how many scans a file that cannot be read is tried. */
  readonly tries: number;
  /** Try once more what was given up. */
  readonly retry: boolean;
  /** Only new findings from this severity on are news, and rules of it that could no more be evaluated. */
  readonly failOn?: Severity;
  /** Files of snapshots that are forgotten go too. */
  readonly deleteFiles: boolean;
}

/** A scan that goes on where another process left it. */
export interface Resumed {
  /** Files that something has come of. */
  readonly done: readonly string[];
  /** The one that the process died of, and why: it is yet to be recorded as failed. */
  readonly died: Trouble | null;
}

/** What a scan works with. */
export interface ScanParts {
  readonly store: StoreInterface;
  readonly open: Open;
  /** What the scan came to in a process that died of a snapshot. */
  readonly resumed?: Resumed;
  readonly judge?: Judge;
  readonly reporter?: Reporter;
  readonly channels: readonly Channel[];
  /** What is to be said of news through a channel. */
  readonly messageOf: (recorded: Recorded, channel: string) => Message;
  /** What is to be said of a failure through a channel. */
  readonly failureMessageOf: (failure: Failure, channel: string) => Message;
  readonly tell: (event: ScanEvent) => void;
  readonly surroundings: Surroundings;
  /** Says that the scan is to end: it does after the question that is being answered. */
  readonly signal?: AbortSignal;
}

/** Who writes reports on recorded snapshots, and where. */
export interface Reporter {
  /** The absolute path of the folder that they go to. */
  readonly folder: string;
  /** What the folder of a machine is to be called, where that is free. */
  nameOf(owed: PendingReport): string;
  /**
   * Writes a report into the machine's folder, all of it or nothing. @returns its path
   * @throws UnreadableFile where the folder takes none now; any other error where this one cannot be made
   */
  write(owed: PendingReport, place: string): Promise<string>;
}
