import type { AnyPlugin } from '../../plugin/contract.ts';
import type { Previous } from '../../policy/judge.ts';
import { needsOf } from '../../policy/policy.ts';
import { countedFindings, SEVERITIES, type Severity } from '../../policy/verdict.ts';
import type { JudgedSnapshot, UnreadSnapshot } from '../../report/verdict/judged.ts';
import { Baselines } from '../baselines.ts';
import { EXIT } from '../exit.ts';
import type { CheckFlags } from '../flags/check.ts';
import { type Asked, knownOf } from '../known.ts';
import { soundPolicy, USUAL_POLICY } from '../policy-shelf.ts';
import { complain } from '../terminal/output.ts';
import { naming } from '../terminal/show.ts';
import { writeVerdicts } from '../terminal/verdicts.ts';

/** Judges snapshots, and prints what came of it. @returns the exit code @throws ForensicError */
export async function check(
  paths: readonly string[],
  plugins: readonly AnyPlugin[],
  flags: CheckFlags,
): Promise<number> {
  const policy = await soundPolicy(flags.policy ?? [USUAL_POLICY], plugins);
  const baselines = await Baselines.from(flags);
  const needs = needsOf(policy);
  const chosen = plugins.filter(({ name }) => needs.answers.has(name));
  const unread: UnreadSnapshot[] = [];
  // A machine that is named is judged by its latest snapshot, which is compared with the one before.
  const most = flags.since === undefined ? 2 : 1;
  const asked = await knownOf(paths, chosen, flags, {
    most,
    failed: (path, error) => unread.push({ path, error }),
  });
  const since = flags.since === undefined ? undefined : (await knownOf([flags.since], chosen, flags))[0];
  const past = await Past.of(
    asked,
    since,
    chosen.filter(({ name }) => needs.changes.has(name)),
    chosen,
  );
  const { judge } = await import('../../policy/judge.ts');
  const today = new Date().toISOString().slice(0, 10);
  const judged = asked
    .filter(({ age }) => age === 0)
    .map((one): JudgedSnapshot => {
      const { facts, known } = one;
      baselines?.checkMachine(facts.kernel);
      const verdict = judge(policy, { ...facts, answers: known.answers, previous: past.before(one) }, today);
      return { facts, verdict: baselines?.applied(verdict, facts.kernel) ?? verdict };
    });
  await writeVerdicts({ policy: policy.name, judged, unread }, plugins, flags);
  for (const { path, error } of unread) complain(naming(path, error));
  return unread.length > 0 ? EXIT.failed : codeOf(judged, flags);
}

/** Findings count from a severity on, and so do rules that could not be evaluated: theirs would have. */
function codeOf(judged: readonly JudgedSnapshot[], { failOn, unevaluated }: CheckFlags): number {
  const isGrave = ({ severity }: { readonly severity: Severity }): boolean =>
    SEVERITIES.indexOf(severity) >= SEVERITIES.indexOf(failOn);
  const isFound = judged.some(({ verdict }) => countedFindings(verdict).some(isGrave));
  const isBlind = judged.some(({ verdict }) =>
    verdict.rules.some(({ outcome, rule }) => outcome === 'unevaluated' && isGrave(rule)),
  );
  return isFound || (isBlind && unevaluated === 'fail') ? EXIT.findings : EXIT.done;
}

/** What each snapshot is compared with. */
class Past {
  readonly #before: ReadonlyMap<Asked, Previous | string>;

  private constructor(before: ReadonlyMap<Asked, Previous | string>) {
    this.#before = before;
  }

  /** @param since what all are compared with; each with the one before of its machine where it is left out */
  static async of(
    asked: readonly Asked[],
    since: Asked | undefined,
    plugins: readonly AnyPlugin[],
    questions: readonly AnyPlugin[],
  ): Promise<Past> {
    const { compareForRules } = await import('../../diff/comparison.ts');
    const { relate } = await import('../../diff/relation.ts');
    const { inOrderOfTime } = await import('../../diff/timeline.ts');
    const { snapshots } = inOrderOfTime(asked, ({ known }) => known);
    const isOfMachine = (one: Asked, other: Asked): boolean =>
      ['same', 'likely'].includes(relate(one.known, other.known).machine);
    const before = (one: Asked): Asked | undefined =>
      since ?? snapshots.slice(0, snapshots.indexOf(one)).findLast((other) => isOfMachine(other, one));
    const past = new Map<Asked, Previous | string>();
    for (const one of asked) {
      const other = before(one);
      if (other === undefined) continue;
      const comparison = compareForRules(other.known, one.known, plugins, questions);
      past.set(
        one,
        comparison.relation.machine === 'other'
          ? `${other.facts.snapshot.path} is of another machine`
          : { answers: other.known.answers, comparison },
      );
    }
    return new Past(past);
  }

  before(one: Asked): Previous | string {
    return this.#before.get(one) ?? 'there is no snapshot before it to compare with: --since names one';
  }
}
