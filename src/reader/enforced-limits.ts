// Ends a process that takes more for one snapshot than it may. Another process looks: nothing that a snapshot brings its reader to,
// a loop without end least of all, keeps it from looking.
import type { Limits } from './limits.ts';
import { LOOK_MS, type Usage, usageOf } from './usage.ts';

/** A limit that a process went over. */
export type Excess = 'cpu' | 'memory';

/** What a process has under way. Each snapshot has another object. */
export interface UnderWay {
  readonly limits: Limits;
}

/** The process as it is seen from outside. */
export interface Watched {
  /** What it has taken; undefined where it has ended. */
  usage(): Usage | undefined;
  end(): void;
}

/** The process that was started as a child of this one. */
export const childSeen = (pid: number): Watched => ({
  usage: () => usageOf(pid),
  end: () => void process.kill(pid, 'SIGKILL'),
});

/** Looks at one process again and again, until it is told to stop. */
export class EnforcedLimits {
  readonly #watched: Watched;
  readonly #underWay: () => UnderWay | undefined;
  readonly #timer: NodeJS.Timeout;
  #began: { readonly underWay: UnderWay; readonly cpuMs: number } | undefined;
  #excess: Excess | undefined;

  /** @param underWay what the process works at now: nothing is limited while that is undefined */
  constructor(watched: Watched, underWay: () => UnderWay | undefined) {
    this.#watched = watched;
    this.#underWay = underWay;
    this.#timer = setInterval(() => this.look(), LOOK_MS);
  }

  /** Why the process was ended; undefined where it was not. */
  get excess(): Excess | undefined {
    return this.#excess;
  }

  /** Ends the process if it has taken too much since what is under way began. */
  look(): void {
    const underWay = this.#underWay();
    if (underWay === undefined || this.#excess !== undefined) return;
    const usage = this.#watched.usage();
    if (usage === undefined) return;
    if (this.#began?.underWay !== underWay) this.#began = { underWay, cpuMs: usage.cpuMs };
    const { cpuMs, memoryBytes } = underWay.limits;
    if (usage.memoryBytes > memoryBytes) this.#excess = 'memory';
    else if (usage.cpuMs - this.#began.cpuMs > cpuMs) this.#excess = 'cpu';
    if (this.#excess !== undefined) this.#watched.end();
  }

  stop(): void {
    clearInterval(this.#timer);
  }
}
