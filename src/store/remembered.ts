// What is remembered, as values: of which snapshot, what was learned of it, whole answers, and rows that stay where they are.
// Only types: all parts of the store rest on them.
import type { Row } from '../plugin/cell.ts';
import type { KernelFacts, SnapshotFacts } from '../plugin/document.ts';
import type { SnapshotKey } from './key.ts';

/** What is remembered of a snapshot besides rows. */
export interface RememberedFacts {
  readonly snapshot: SnapshotFacts;
  readonly kernel: KernelFacts;
}

/** One plugin's whole answer: all rows, all columns. */
export interface RememberedAnswer {
  readonly rows: readonly Row[];
  readonly notes: readonly string[];
  /** Where the rows are kept already, of an earlier answer; not there for rows that are new. */
  readonly kept?: KeptRows;
}

/** An answer that is to be remembered: its rows are gone through once. */
export interface NewAnswer extends Omit<RememberedAnswer, 'rows'> {
  readonly rows: Iterable<Row> & { readonly length: number };
}

/**
 * Rows that stay where they are kept until somebody wants them, and what is known of them without. Every method may
 * throw StoreError: ForgottenRows where their snapshot is forgotten by then.
 */
export interface KeptRows {
  /** Of which snapshot they were kept. */
  readonly snapshotId: number;
  /** Names the answer that they are of, in this store: no other ever has the name. */
  readonly run: string;
  readonly count: number;
  /** All of them, read once. */
  readonly all: readonly Row[];
  /** How many of them have an absent cell in one of these columns. */
  lacking(columns: readonly string[]): number;
}

/** Which snapshot, bound how: `binding` names a base address or a profile that the user forced, or is empty. */
export interface SnapshotIdentity {
  readonly path: string;
  readonly key: SnapshotKey;
  readonly binding: string;
}
