// The interface of output formats: answers go in, pieces of text come out.
// Each format is a Presenter in a file of its own.
import type { ForensicError } from '../base/errors.ts';
import type { Row } from '../plugin/cell.ts';
import type { AnyPlugin } from '../plugin/contract.ts';
import type { KernelFacts, SnapshotFacts } from '../plugin/document.ts';

/** One plugin's answer on its way to the reader: rows come as they are found, the rest is known after the last. */
export interface Answer {
  readonly plugin: AnyPlugin;
  /** The columns to show, in this order. Rows may hold more. */
  readonly columns: readonly string[];
  /** True where the user named the columns: none is dropped to save room. */
  readonly named: boolean;
  /** Columns that the user asked for besides the usual ones: they are dropped last. */
  readonly kept?: readonly string[];
  /** True where the rows are in an order of the user's own: a tree is then drawn flat. */
  readonly sorted: boolean;
  readonly rows: AsyncIterable<Row>;
  /** What the evidence lacked: whole after the last row. */
  readonly notes: readonly string[];
  /** What is worth a sentence, though nothing is missing: whole after the last row. */
  readonly observations: readonly string[];
  /** Why the answer ended before its time, if it did: known after the last row. */
  readonly failure: ForensicError | undefined;
}

/** What is known of a snapshot and the kernel inside. */
export interface Facts {
  readonly snapshot: SnapshotFacts;
  readonly kernel: KernelFacts;
}

/** A piece of a report: a string is data and goes to stdout; an aside is said on stderr. */
export type Piece = string | { readonly aside: string };

/** How answers become text: one per output format. */
export interface Presenter {
  /** What stands before the first snapshot. */
  begin(): string;
  /** One snapshot's answers. */
  snapshot(facts: Facts, answers: AsyncIterable<Answer>): AsyncGenerator<Piece>;
  /** What stands for a snapshot that could not be opened. */
  failed(path: string, error: ForensicError): string;
  /** What stands after the last snapshot. */
  end(): string;
}

/** What the evidence lacked before any question was asked: the file's notes, then the kernel's. */
export const factNotes = ({ snapshot, kernel }: Facts): readonly string[] => [
  ...snapshot.notes,
  ...kernel.notes,
];
