import { compareForRules, type Known } from '../diff/comparison.ts';
import type { AnyPlugin } from '../plugin/contract.ts';
import { judge } from '../policy/judge.ts';
import { needsOf, type Policy } from '../policy/policy.ts';
import type { Verdict } from '../policy/verdict.ts';
import { Baselines } from './baselines.ts';
import { soundPolicy, USUAL_POLICY } from './policy-shelf.ts';
import type { Gathered } from './report-gathering.ts';

/** What the command line says about judging. */
export interface JudgeFlags {
  /** `false` for `--no-policy`; left out, it is the usual one. */
  readonly policy?: readonly string[] | false;
  readonly baseline?: string;
}

/** Judges the snapshot that a report is about, as `check` does. */
export class Judges {
  /** The questions that have to be asked before anything can be judged. */
  readonly needs: ReadonlySet<string>;
  readonly #policy: Policy | undefined;
  readonly #compared: readonly AnyPlugin[];
  readonly #asked: readonly AnyPlugin[];
  readonly #baselines: Baselines | undefined;

  private constructor(
    policy: Policy | undefined,
    plugins: readonly AnyPlugin[],
    baselines: Baselines | undefined,
  ) {
    const { answers, changes } = policy === undefined ? NO_NEEDS : needsOf(policy);
    this.needs = answers;
    this.#policy = policy;
    this.#compared = plugins.filter(({ name }) => changes.has(name));
    this.#asked = plugins.filter(({ name }) => answers.has(name));
    this.#baselines = baselines;
  }

  /** @throws ForensicError */
  static async from(
    { policy: words = [USUAL_POLICY], ...flags }: JudgeFlags,
    plugins: readonly AnyPlugin[],
  ): Promise<Judges> {
    if (words === false) return new Judges(undefined, plugins, undefined);
    const policy = await soundPolicy(words, plugins);
    return new Judges(policy, plugins, await Baselines.from(flags));
  }

  /** @throws BadBaseline where the baseline is another machine's */
  verdicts({ facts, subject, answers, before }: Gathered): readonly Verdict[] {
    if (this.#policy === undefined) return [];
    this.#baselines?.checkMachine(facts.kernel);
    const evidence = { ...facts, answers, previous: this.#previous({ ...subject, answers }, before) };
    const verdict = judge(this.#policy, evidence, new Date().toISOString().slice(0, 10));
    return [this.#baselines?.applied(verdict, facts.kernel) ?? verdict];
  }

  #previous(known: Known, before: Gathered['before']): Parameters<typeof judge>[1]['previous'] {
    if (before === null) return 'there is no snapshot before it to compare with: --since names one';
    const comparison = compareForRules(before.known, known, this.#compared, this.#asked);
    return comparison.relation.machine === 'other'
      ? `${before.facts.snapshot.path} is of another machine`
      : { answers: before.known.answers, comparison };
  }
}

const NO_NEEDS = { answers: new Set<string>(), changes: new Set<string>() };
