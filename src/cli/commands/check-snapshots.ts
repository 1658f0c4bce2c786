// What `vestige check` does: asks snapshots what a policy wants to know, judges each beside the one before it, prints what
// came of it.
import { type Asked, askAll } from '../../inquiry/ask-all.ts';
import { judgeBeside } from '../../judging/judge.ts';
import { judgeOfOne } from '../../judging/judges.ts';
import type { AnyPlugin } from '../../plugin/contract.ts';
import { countedFindings, SEVERITIES, type Severity } from '../../policy/verdict.ts';
import type { JudgedSnapshot, UnreadSnapshot } from '../../report/verdict/judged.ts';
import { EXIT } from '../exit.ts';
import { withAsking } from '../flags/asking.ts';
import type { CheckFlags } from '../flags/check.ts';
import { complain } from '../terminal/output.ts';
import { naming } from '../terminal/show.ts';
import { writeVerdicts } from '../terminal/verdicts.ts';

/** Judges snapshots, and prints what came of it. @returns the exit code @throws ForensicError */
export async function check(
  paths: readonly string[],
  plugins: readonly AnyPlugin[],
  flags: CheckFlags,
): Promise<number> {
  const judge = (await judgeOfOne(flags, plugins))!;
  const unread: UnreadSnapshot[] = [];
  const { asked, since } = await withAsking(flags, 'proof', async (how) => {
    const asking = { ...how, isFollowed: flags.since !== undefined };
    return {
      asked: await askAll(paths, judge.questions, asking, {
        // A machine that is named is judged by its latest snapshot, which is compared with the one before.
        most: flags.since === undefined ? 2 : 1,
        failed: (path, error) => unread.push({ path, error }),
      }),
      since:
        flags.since === undefined
          ? undefined
          : (await askAll([flags.since], judge.questions, { ...how, before: paths }))[0],
    };
  });
  const before = await sayingWhatWasBefore(asked, since);
  const judged = asked
    .filter(({ age }) => age === 0)
    .map(
      (one): JudgedSnapshot => ({
        facts: one.facts,
        verdict: judgeBeside(
          judge,
          one,
          before(one) ?? 'there is no snapshot before it to compare with: --since names one',
        ),
      }),
    );
  await writeVerdicts({ policy: judge.policy, judged, unread }, plugins, flags);
  for (const { path, error } of unread) complain(naming(path, error));
  return unread.length > 0 ? EXIT.failed : codeOf(judged, flags);
}

/** Tells what a snapshot is compared with: with `since` where it is named, else with the one before of its machine. */
async function sayingWhatWasBefore(
  asked: readonly Asked[],
  since: Asked | undefined,
): Promise<(one: Asked) => Asked | undefined> {
  const { relate } = await import('../../diff/relation.ts');
  const { inOrderOfTime } = await import('../../diff/timeline.ts');
  const { snapshots } = inOrderOfTime(asked, ({ known }) => known);
  const isOfMachine = (one: Asked, other: Asked): boolean =>
    ['same', 'likely'].includes(relate(one.known, other.known).machine);
  return (one) =>
    since ?? snapshots.slice(0, snapshots.indexOf(one)).findLast((other) => isOfMachine(other, one));
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
