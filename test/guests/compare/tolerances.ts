/** A way in which a dump may differ from the record that the guest made just before, and how often at most. */
export interface Tolerance {
  readonly reason: string;
  /** More of them in one plugin's answer are a difference. */
  readonly limit: number;
}

/**
 * Everything that may have moved between record and dump, in one place. What is not here is a difference.
 */
export const tolerances = {
  recorder: {
    reason: 'the process that wrote the record went on writing it: its memory, files and clocks moved',
    limit: 12,
  },
  recorderBecameAnother: {
    reason: 'the process that wrote the record then became another program, with other memory and files',
    limit: 250,
  },
  kernelThreadRan: {
    reason: 'a kernel thread worked between record and dump',
    limit: 12,
  },
  kernelThreadMoved: {
    reason: 'a kernel thread ran on, or on another CPU, or was switched between record and dump',
    limit: 100,
  },
  pageReclaimed: {
    reason: 'a machine short of memory took pages of files back between record and dump',
    limit: 6,
  },
  ownRights: {
    reason: 'a thread that has rights of its own, which /proc does not tell from those of its process',
    limit: 60,
  },
  outerNamespace: {
    reason: 'a namespace around others, in which no process is that was recorded',
    limit: 6,
  },
  diskLetGo: {
    reason: 'the recorder wrote its record to a disk and let go of it',
    limit: 1,
  },
  endedTask: {
    reason: 'a process or thread that had ended, whose memory was not yet used for another',
    limit: 1000,
  },
  neverRan: {
    reason: 'a program that was frozen in its first instructions, and has or has not touched the page',
    limit: 3,
  },
  ranOn: {
    reason: 'a thread that had a CPU, or waited for one, when it was recorded',
    limit: 40,
  },
  schedulerFrame: {
    reason: 'a function of the scheduler, which /proc leaves out of stacks',
    limit: 100_000,
  },
  kworkerCameOrWent: {
    reason: 'workers of the kernel come and go as work does',
    limit: 6,
  },
  loggedLater: {
    reason: 'logged after the record was made',
    limit: 12,
  },
  timeWaitEnded: {
    reason: 'a connection in TIME-WAIT was due to end before the dump',
    limit: 12,
  },
  mountOutOfSight: {
    reason: 'a mount that no process can reach that was recorded',
    limit: 60,
  },
  fileSystemOutOfSight: {
    reason: "a file system of the kernel's own, or one that is mounted out of sight",
    limit: 60,
  },
  fileBesideTheTree: {
    reason: 'a file that the kernel has in memory and that is not of the trees that were recorded',
    limit: 1_000_000,
  },
  nameBesideTheTree: {
    reason: 'a name that the kernel remembers and that is not of the trees that were recorded',
    limit: 1_000_000,
  },
  pointerOutOfSight: {
    reason: 'a pointer to code that no file of the guest shows; it leads where it is expected to',
    limit: 10_000,
  },
  waiterOfWaiter: {
    reason: 'who waits for a lock that is itself waited for, which older kernels do not tell',
    limit: 4,
  },
  keyCopy: {
    reason:
      "a further copy of a key that the workload knows: its decryption form, a library's buffer, freed memory",
    limit: 20,
  },
  unknownKey: {
    reason: 'a key that some program or the kernel chose at random, which the workload cannot tell',
    limit: 12,
  },
} as const satisfies Readonly<Record<string, Tolerance>>;

export type ToleranceName = keyof typeof tolerances;

/** Bounds of what is measured, not counted. */
export const bounds = {
  /** utime and stime in /proc/PID/stat are rounded down each, and the clock may tick once more while a process sleeps. */
  cpuTicks: 3,
  /** A kernel thread that worked between record and dump did so for less than this. */
  kernelThreadSeconds: 0.5,
  /** Pages of files taken back from one process, in KiB. */
  reclaimedKiB: 64,
  /** Boot time is the difference of two clocks that were read one after the other; starts are given in whole ticks. */
  startSlackMs: 10,
  /** Between the record's end and the dump the recorder writes its disk and says that it is ready. */
  clockSeconds: 2,
} as const;

/** Notes that a clean guest may give, each with the reason why it is right. */
export const allowedNotes: readonly { readonly note: RegExp; readonly reason: string }[] = [];
