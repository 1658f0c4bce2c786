import { replaceFile } from '../files/replace-file.ts';
import { baselineText } from '../files/text-file.ts';
import { version } from '../files/version.ts';
import type { KernelFacts } from '../plugin/document.ts';
import type { Baseline } from '../policy/baseline.ts';
import type { Verdict } from '../policy/verdict.ts';

/** The files that the command line names. */
interface Wanted {
  readonly baseline?: string;
  readonly writeBaseline?: string;
}

/** What is known already, and what is to be. */
export class Baselines {
  readonly #room: typeof import('../policy/baseline.ts');
  readonly #flags: Wanted;
  readonly #known: Baseline | undefined;

  private constructor(room: typeof import('../policy/baseline.ts'), flags: Wanted) {
    const { baseline: file } = flags;
    this.#room = room;
    this.#flags = flags;
    this.#known = file === undefined ? undefined : room.readBaseline(file, baselineText(file));
  }

  /** @throws BadBaseline, UnreadableFile */
  static async from(flags: Wanted): Promise<Baselines | undefined> {
    if (flags.baseline === undefined && flags.writeBaseline === undefined) return undefined;
    return new Baselines(await import('../policy/baseline.ts'), flags);
  }

  /** @throws BadBaseline */
  checkMachine(kernel: KernelFacts): void {
    if (this.#known !== undefined) this.#room.checkMachine(this.#flags.baseline!, this.#known, kernel);
  }

  /** The verdict without what is known; what is written as known is known at once. @throws UnreadableFile */
  applied(verdict: Verdict, kernel: KernelFacts): Verdict {
    const { applyBaseline, makeBaseline } = this.#room;
    const rest = this.#known === undefined ? verdict : applyBaseline(verdict, this.#known);
    const { writeBaseline } = this.#flags;
    if (writeBaseline === undefined) return rest;
    const made = makeBaseline(version(), kernel, verdict);
    replaceFile(writeBaseline, `${JSON.stringify(made, null, 2)}\n`);
    return applyBaseline(rest, made);
  }
}
