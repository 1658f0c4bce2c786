// The data that the HTML page carries, as types that the program and the script in the page share.
// Everything in it is plain JSON.

/**
 * What the page holds of a machine: plain JSON data, made by `paint.ts` and read by the script in the page. Strings are
 * the evidence's own where nothing else is said: the page escapes every one of them where it shows it.
 */

/** The kinds of cell, as questions declare them. */
export type PageKind = 'int' | 'text' | 'flag' | 'address' | 'time' | 'seconds';

/**
 * A cell: a time as milliseconds since 1970, an address in hex, a whole number past 2^53 in decimal. `null` is a cell
 * that does not apply, and one that could not be read.
 */
export type PageCell = string | number | boolean | null;

/** A column with all its cells: columns pack better than rows. */
export interface PageColumn {
  readonly name: string;
  readonly kind: PageKind;
  readonly cells: readonly PageCell[];
  /** Which cells could not be read, and the code of the fault; left out where there are none. */
  readonly absent?: readonly (readonly [row: number, reason: string])[];
}

/** Rows of one question. */
export interface PageTable {
  /** The question: `pslist`. */
  readonly name: string;
  readonly summary: string;
  readonly columns: readonly PageColumn[];
  /** How many rows there are; the columns may hold fewer. */
  readonly rowCount: number;
  /** What the evidence lacked. */
  readonly notes: readonly string[];
  /** Columns that paper can do without, the most dispensable first. */
  readonly dispensable: readonly string[];
}

/** One cell of a finding's row, as people read it; `absent` where it could not be read. */
export interface PageField {
  readonly name: string;
  readonly text: string;
  readonly absent?: string;
}

/** One thing that a rule objects to. */
export interface PageFinding {
  readonly message: string;
  readonly row: readonly PageField[] | null;
  readonly before: readonly PageField[] | null;
  /** Why it does not count; null where it does. */
  readonly suppressed: string | null;
}

/** A rule, and what came of it. */
export interface PageRule {
  readonly id: string;
  readonly title: string;
  readonly severity: string;
  readonly description: string | null;
  readonly outcome: 'passed' | 'failed' | 'unevaluated' | 'skipped';
  /** Techniques of MITRE ATT&CK with the address that tells of each. */
  readonly attack: readonly { readonly id: string; readonly href: string }[];
  readonly references: readonly string[];
  /** `cloud-linux.yaml:12`. */
  readonly source: string;
  readonly findings: readonly PageFinding[];
  /** How many findings there are; `findings` may hold fewer. */
  readonly findingCount: number;
  readonly unread: readonly string[];
}

/** What a policy says of the snapshot: its rules, those with the gravest findings first. */
export interface PageVerdict {
  readonly policy: string;
  readonly rules: readonly PageRule[];
  readonly notes: readonly string[];
}

/** A process that deserves a look. */
export interface PageProcess {
  readonly pid: number;
  readonly command: string;
  readonly uid: number | null;
  readonly reasons: readonly string[];
}

/** A socket of the internet families. */
export interface PageSocket {
  readonly protocol: string;
  readonly local: string;
  readonly remote: string | null;
  /** Null where no process holds it. */
  readonly holders: string | null;
  /** It was not there in the snapshot before. */
  readonly isNew: boolean;
}

/** One thing that happened since the snapshot before. */
export interface PageEvent {
  readonly change: 'appeared' | 'vanished' | 'changed';
  readonly kind: string;
  readonly what: string;
  readonly why: readonly string[];
}

/** What differs from another snapshot. */
export interface PageChanges {
  readonly before: { readonly path: string; readonly time: string | null; readonly release: string };
  /** `the same machine, the same boot, 3 min 13 s later`. */
  readonly relation: string;
  /** What the reader must know first: another boot, another machine. */
  readonly remarks: readonly string[];
  readonly events: readonly PageEvent[];
  readonly counts: readonly string[];
  readonly folded: readonly string[];
  readonly uncertain: readonly string[];
  /** The differing rows, question by question, behind a column `±`. */
  readonly tables: readonly PageTable[];
}

/** A snapshot on the timeline. */
export interface PageMoment {
  /** Milliseconds since 1970 by the guest's clock. */
  readonly time: number | null;
  readonly path: string;
  /** It is of another boot than the one before it. */
  readonly isReboot: boolean;
}

/** When things were first and last seen. */
export interface PageTimeline {
  /** In the order of time. */
  readonly moments: readonly PageMoment[];
  /** The place of the snapshot that the page is about. */
  readonly subject: number;
  /** Columns `kind`, `what`, `why`, `first`, `last` (places in `moments`) and `seen`, the number of snapshots it is in. */
  readonly things: PageTable;
  readonly notes: readonly string[];
}

/** All that the page shows. */
export interface PageModel {
  /** The version of the program. */
  readonly vestige: string;
  readonly title: string;
  readonly machine: {
    readonly name: string;
    /** `Linux 6.1.0, x86-64, 4 levels, 1 CPU, 88 MiB`. */
    readonly system: string;
    /** `at 2026-11-23T11:40:44.866Z, up 3 min 45 s`. */
    readonly moment: string;
    /** `2026-11-23 11:40:44 UTC`. */
    readonly time: string;
    /** `kdump, kernel found by btf + kallsyms`. */
    readonly binding: string;
    readonly confidence: 'verified' | 'likely' | 'uncertain';
    readonly path: string;
    readonly sections: readonly {
      readonly title: string;
      readonly entries: readonly (readonly [key: string, value: string])[];
    }[];
    readonly steps: readonly { readonly step: string; readonly outcome: string; readonly detail: string }[];
  };
  /** What could not be read or was not asked, as sentences. */
  readonly unread: readonly string[];
  readonly verdicts: readonly PageVerdict[];
  readonly counts: {
    readonly processes: number;
    readonly kernelThreads: number;
  };
  /** Which questions list the processes and the connections; null where none does. */
  readonly lists: { readonly processes: string | null; readonly connections: string | null };
  /** How far each question was answered that something is counted by. */
  readonly reach: Readonly<Record<string, 'whole' | 'partly' | 'not at all'>>;
  readonly notable: {
    readonly processes: readonly PageProcess[];
    /** What other questions have that deserves a look (with reasons), or is only listed. */
    readonly sections: readonly {
      /** What one thing is called: `module`, `AES key`. */
      readonly kind: string;
      readonly total: number;
      /** What stands behind the number: `in use`. */
      readonly counted: string | null;
      readonly entries: readonly { readonly what: string; readonly reasons: readonly string[] }[];
    }[];
  };
  /** Processes that were not there in the snapshot before. */
  readonly newPids: readonly number[];
  readonly listening: readonly PageSocket[];
  readonly established: readonly PageSocket[];
  readonly changes: PageChanges | null;
  readonly tables: readonly PageTable[];
  readonly timeline: PageTimeline | null;
}
