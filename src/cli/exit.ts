// The exit codes of the program.
// They are part of its contract: scripts and CI depend on them.

/** What the process's exit code says. Part of the contract: scripts and CI rest on it. */
export const EXIT = {
  /** The question was answered. */
  done: 0,
  /** Answered, and `--strict` was given and evidence was lacking. */
  findings: 1,
  /** It could not be done: wrong usage, a file that is no snapshot, no kernel in it. */
  failed: 2,
  /** A bug in this program. */
  bug: 70, // EX_SOFTWARE of sysexits.h
  /** Ended by Ctrl-C, as shells say it: 128 + SIGINT. */
  interrupted: 130,
} as const;
