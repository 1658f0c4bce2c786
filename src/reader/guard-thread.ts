// The whole life of a guard's thread: it looks what the process takes, and ends it where that is too much. A signal that the
// process does not handle ends it at once, whatever its other threads are doing.
/** Why a guard ended its process, as the signal that it ended by: none of them leaves a core file behind. */
export const ENDED_BY = {
  /** What the system sends where a timer of CPU time runs out (setitimer(2), ITIMER_VIRTUAL). */
  cpu: 'SIGVTALRM',
  memory: 'SIGUSR2',
  orphaned: 'SIGKILL',
} as const;

/** What the thread is told at its start. */
export interface Watched {
  /** Microseconds of CPU time that the process may come to, and bytes of resident memory. */
  readonly marks: BigInt64Array<SharedArrayBuffer>;
  /** Who started the process. Another means that that one is gone. */
  readonly parent: number;
  readonly endedBy: typeof ENDED_BY;
  readonly lookMs: number;
}

/** Looks on for good. A thread is started from the text of this: it uses nothing but what it is given, and what Node has. */
export function lookOn({ marks, parent, endedBy, lookMs }: Watched): void {
  setInterval(() => {
    const [cpuMicros, memoryBytes] = [Number(Atomics.load(marks, 0)), Number(Atomics.load(marks, 1))];
    const { user, system } = process.cpuUsage();
    if (process.ppid !== parent) process.kill(process.pid, endedBy.orphaned);
    if (user + system > cpuMicros) process.kill(process.pid, endedBy.cpu);
    if (process.memoryUsage.rss() > memoryBytes) process.kill(process.pid, endedBy.memory);
  }, lookMs);
}
