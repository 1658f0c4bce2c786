// What a question declares so that others can tell of its rows in words: a triage, what differs, the page.
// The members of `Plugin` that have these types say when each is used.
import type { Row } from './cell.ts';

/** Which rows of a table are connections, and what is told of them. */
export interface Connections<K extends string> {
  /** Whether it waits for others to connect. */
  readonly waits: (row: Row) => boolean;
  /** Whether it is connected with another. */
  readonly isConnected: (row: Row) => boolean;
  /** The columns of which the first that is not empty says how they talk: `tcp`. */
  readonly protocol: readonly K[];
  /** What names one end, with its addresses: rows that share it differ by who holds it. */
  readonly identity: readonly K[];
  /** The network namespace: each has loopback addresses of its own. */
  readonly namespace: K;
}

/** What other answers about the same snapshot say. */
export interface Joined {
  /** The row of the process that the row names, from the question that lists processes. */
  readonly process: Row | undefined;
  /** The rows of another question that name the same process; none where nobody asked it. */
  of(question: string): readonly Row[];
}

/** The part of a screen that a question has for itself. */
export interface TriagePart {
  /** `AES keys` */
  readonly title: string;
  /** What stands behind the number of rows: `in use`. */
  readonly counted?: string;
  /** What is said of the rows that are `churn`, which are counted apart: `are states of random generators`. */
  readonly churn?: string;
  /** Lines that one screen has room for. */
  readonly most?: number;
}

/** What can happen to a thing between two snapshots. */
export type ThingChange = 'appeared' | 'vanished' | 'changed';

/** How differences of a question are told one by one. Each member is for what the question's other words do not say. */
export interface Told {
  /** What is told of; all changes where it is left out. */
  readonly changes?: readonly ThingChange[];
  /** Which rows that appeared or vanished are told of. */
  readonly isWorthIt?: (row: Row) => boolean;
  /** What a row is called, in place of `wording.noun`. */
  readonly noun?: Wording['noun'];
  /** A row that appeared or vanished in one line, in place of `wording.line`. */
  readonly line?: (row: Row) => string;
  /** Why that deserves a look, in place of `why` for what appeared. */
  readonly why?: (row: Row, change: 'appeared' | 'vanished') => readonly string[];
  /** Why a change deserves a look; `now` finds the reasons to look at the thing as it is after it. */
  readonly whyChanged?: (
    change: { readonly before: Row; readonly after: Row; readonly columns: readonly string[] },
    now: () => readonly string[],
  ) => readonly string[];
  /** Of processes: one that vanished and one that appeared with the same words here are one that was restarted. */
  readonly restarts?: (row: Row) => readonly string[];
}

/** What one thing is called, and what several are. */
export type Noun = readonly [one: string, several: string];

/** What people call the rows of a question. */
export interface Wording {
  /** What a row is called; by the row where they are of several kinds. */
  readonly noun: Noun | ((row: Row) => Noun);
  /** All kinds of rows together, where they are of several. */
  readonly all?: string;
  /** A row in one line, without its noun; its cells one after the other where this is left out. */
  readonly line?: (row: Row) => string;
  /** Rows of which this says the same are told as one, behind their number: `of 256 bits in openssl (142) [heap]`. */
  readonly together?: (row: Row) => string;
}
