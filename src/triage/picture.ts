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

/** A module that is not like the rest. */
export interface ModuleLine {
  readonly name: string;
  readonly reasons: readonly string[];
}

/** Keys in use of one owner. */
export interface KeyLine {
  readonly bits: number;
  readonly count: number;
  /** `openssl (231) [heap]`, or `kernel memory`. */
  readonly owner: string;
}

/** How far a question was answered: to the end, with gaps that things may be missing in, or not at all. */
export type Reach = 'whole' | 'partly' | 'not at all';

/** What one glance should show of a machine: plain JSON data. */
export interface Picture {
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
  readonly modules: { readonly total: number; readonly notable: readonly ModuleLine[] };
  readonly keys: readonly KeyLine[];
  /** How many more are constants of standards or states of random generators. */
  readonly keysNotInUse: number;
  /** What could not be read, by plugin: absent cells counted by reason, then the notes. */
  readonly unread: readonly string[];
}
