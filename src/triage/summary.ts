// The data of a triage: what one screen shows of a machine.
// It is plain JSON; `src/report/triage.ts` draws it.

/** A process worth a look, and why. */
export interface NotableProcess {
  readonly pid: number;
  readonly name: string;
  readonly args: string | null;
  readonly uid: number | null;
  readonly started: string | null;
  /** Lowercase phrases: `its executable is deleted`. Empty: an ordinary process. */
  readonly reasons: readonly string[];
}

/** A socket as triage shows it: who listens, or who talks to whom. */
export interface SocketLine {
  readonly protocol: string;
  readonly local: string;
  readonly remote: string | null;
  /**
   * `sshd (120)`; several holders are joined by commas; `psql (80) → postgres (81)` where both ends are on this machine;
   * null where no process holds it.
   */
  readonly holders: string | null;
}

/** One line of a part of the screen: a thing that deserves a look, or things that are alike. */
export interface SectionEntry {
  /** `evil`, `11 of 256 bits in openssl (231) [heap]`. */
  readonly what: string;
  /** Empty where it is only listed. */
  readonly reasons: readonly string[];
  /** How many rows it stands for. */
  readonly count: number;
}

/** The part of a screen that one question has for itself. */
export interface Section {
  readonly question: string;
  /** `Modules` */
  readonly title: string;
  /** What one of its things is called. */
  readonly kind: string;
  readonly total: number;
  /** What stands behind the number: `in use`. */
  readonly counted: string | null;
  /** What is said of rows that are not counted: `3 more are states of random generators`. */
  readonly passedOver: string | null;
  /** Lines that one screen has room for. */
  readonly most: number;
  readonly entries: readonly SectionEntry[];
}

/** How far a question was answered: to the end, with gaps that things may be missing in, or not at all. */
export type Reach = 'whole' | 'partly' | 'not at all';

/** What one glance should show of a machine: plain JSON data. */
export interface TriageSummary {
  /** By question, how far it was answered: a count of what was not looked at in full says no more than "at least". */
  readonly reach: Readonly<Record<string, Reach>>;
  readonly processes: {
    readonly total: number;
    readonly kernelThreads: number;
    /** User processes and hidden kernel threads, those with reasons first, then the latest started. */
    readonly listed: readonly NotableProcess[];
  };
  readonly listening: readonly SocketLine[];
  readonly established: readonly SocketLine[];
  /** Which questions list the processes and the connections; null where none of those that there are does. */
  readonly lists: { readonly processes: string | null; readonly connections: string | null };
  /** The parts that questions have for themselves. */
  readonly sections: readonly Section[];
  /** What could not be read, by plugin: absent cells counted by reason, then the notes. */
  readonly unread: readonly string[];
}
