// What a scan has come to, whichever process does it: a supervisor keeps it, and tells it to the next.
// A process that dies leaves it behind for the next.
import type { Excess, UnderWay } from './enforced-limits.ts';
import type { Died, Report, ScanState } from './protocol.ts';

/** How a process ended: its exit code, or the signal that ended it. */
export interface End {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  /** The limit for whose sake it was ended. */
  readonly excess?: Excess;
}

type Doing = Report & { say: 'doing' };

/** What a scan has told, and what it is doing. */
export class Progress {
  readonly #whole: string | undefined;
  #told = new Set<string>();
  readonly #done = new Set<string>();
  #died: Died | null = null;
  #hasNews = false;
  #hasTrouble = false;
  #underWay: Doing | undefined;
  #isUp = false;

  /** @param whole a file that nobody writes to any more */
  constructor(whole?: string) {
    this.#whole = whole;
  }

  /** Whether the process had begun to work. */
  get isUp(): boolean {
    return this.#isUp;
  }

  /** The snapshot that is under way, with what may be taken for it: the same object from its opening to its end. */
  get underWay(): UnderWay | undefined {
    return this.#underWay;
  }

  /** Keeps what the process says. */
  hear(report: Report): void {
    switch (report.say) {
      case 'up':
        this.#isUp = true;
        return;
      case 'doing':
        if (this.#underWay?.path === report.path) Object.assign(this.#underWay, report);
        else this.#underWay = { ...report };
        return;
      case 'closed':
        this.#underWay = undefined;
        return;
      case 'telling':
        this.#told.add(report.key);
        this.#hasNews ||= report.isNews;
        this.#hasTrouble ||= report.isTrouble;
        if (report.path === null) return;
        this.#done.add(report.path);
        if (report.path === this.#died?.path) this.#died = null;
        return;
      case 'rest':
        this.#told = new Set(report.said);
        this.#done.clear();
    }
  }

  /**
   * The process has ended. @returns `blamed` where a snapshot is to blame: then the next process is to record that, and to go
   * on; `stuck` where that one has died before it had recorded it; `over` where no snapshot was under way
   */
  bury(end: End): 'blamed' | 'stuck' | 'over' {
    const guilty = this.#underWay;
    this.#underWay = undefined;
    this.#isUp = false;
    if (guilty === undefined) return 'over';
    if (this.#died !== null) return 'stuck';
    this.#died = { path: guilty.path, why: whyEnded(end, guilty) };
    return 'blamed';
  }

  /** What the next process must know. */
  get state(): ScanState {
    return {
      told: [...this.#told],
      done: [...this.#done],
      died: this.#died,
      hasNews: this.#hasNews,
      hasTrouble: this.#hasTrouble,
      ...(this.#whole === undefined ? {} : { whole: this.#whole }),
    };
  }
}

/** How a process ended, as the end of a sentence. */
export const howEnded = ({ code, signal }: End): string =>
  signal === null ? `ended with code ${code}` : `ended by ${signal}`;

function whyEnded(end: End, { what, limits: { cpuMs, memoryBytes } }: Doing): string {
  if (end.excess === 'cpu')
    return `given up while ${what}: it took more than ${Math.round(cpuMs / 1_000)} s of CPU time (--cpu-limit)`;
  if (end.excess === 'memory')
    return `given up while ${what}: it took more than ${Math.round(memoryBytes / 2 ** 20)} MiB of memory (--memory-limit)`;
  return `the process that read it ${howEnded(end)} while ${what}`;
}
