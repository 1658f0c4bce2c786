// The events that a scan reports while it runs, and its result.
// `src/cli/terminal/scan-lines.ts` prints them.
import type { Anomaly } from '../diff/anomalies.ts';
import type { Comparison } from '../diff/comparison.ts';
import type { Judgement } from '../judging/new-findings.ts';
import type { AnyPlugin } from '../plugin/contract.ts';
import type { RememberedFacts } from '../store/remembered.ts';
import type { Counted } from './wording.ts';

/** A snapshot that was read and recorded. */
export interface Recorded {
  readonly path: string;
  readonly facts: RememberedFacts;
  /** The machine's name for people: its host name, or its ID. Evidence: escape it. */
  readonly machine: string | null;
  /** ISO 8601, by the guest's clock. */
  readonly taken: string;
  /** ISO 8601: when its file was written, by the host. */
  readonly written: string;
  /** What it was compared with; null for the first snapshot of a machine. */
  readonly previous: { readonly path: string; readonly facts: RememberedFacts } | null;
  readonly comparison: Comparison | null;
  /** The questions that were asked of both. */
  readonly plugins: readonly AnyPlugin[];
  readonly counts: readonly Counted[];
  /** What the policy says, and what should not be so whatever policy there is; null where there is neither. */
  readonly judgement: Judgement | null;
  /** What should not be so, whatever a policy says. */
  readonly anomalies: readonly Anomaly[];
  /** What a reader must know to make sense of it: another boot, a clock that was set. */
  readonly remarks: readonly string[];
  /** Whether it is worth telling. */
  readonly isNews: boolean;
}

/** A snapshot, or a place of snapshots, that could not be read: nobody looks at what is in it. */
export interface Failure {
  readonly path: string;
  readonly why: string;
  /** It is not tried again. */
  readonly isFinal: boolean;
  /** Names what failed, the same for as long as it is as it was: the file in its state, or the place on this day. */
  readonly of: readonly unknown[];
}

/** What a scan tells while it goes on. */
export type ScanEvent =
  | { readonly kind: 'recorded'; readonly recorded: Recorded }
  /** The same snapshot in another file, or its file touched. */
  | { readonly kind: 'again'; readonly path: string; readonly of: string }
  /** Nothing came of a file, as told before. */
  | { readonly kind: 'seen'; readonly path: string; readonly why: string }
  | { readonly kind: 'other'; readonly path: string; readonly why: string }
  /** Being written: it is looked at again next time. `isCut`: nobody seems to write, and its headers promise more than there is. */
  | { readonly kind: 'unsettled'; readonly path: string; readonly why: string; readonly isCut: boolean }
  /** It could not be done. `isFinal`: it is not tried again. */
  | { readonly kind: 'failed'; readonly path: string; readonly why: string; readonly isFinal: boolean }
  /** Forgotten by retention; `deleted` says what came of its file, where that was to go. */
  | {
      readonly kind: 'forgotten';
      readonly path: string;
      readonly machine: string | null;
      readonly taken: string;
      readonly written: string;
    }
  | { readonly kind: 'deleted'; readonly path: string }
  /** A report on a snapshot is written, or could not be. `isFinal`: it is not tried again. */
  | { readonly kind: 'reported'; readonly path: string; readonly report: string }
  | { readonly kind: 'unreported'; readonly path: string; readonly why: string; readonly isFinal: boolean }
  | {
      readonly kind: 'undelivered';
      readonly channel: string;
      readonly why: string;
      readonly count: number;
      readonly isFinal: boolean;
    };

/** What came of a scan, as its exit code says it. */
export interface ScanResult {
  /** Something is worth telling: it appeared, vanished or changed, or is newly found by the policy. */
  readonly hasNews: boolean;
  /** Something could not be done. */
  readonly hasTrouble: boolean;
}
