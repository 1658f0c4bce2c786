// What differs between two open snapshots, and what a policy makes of one: the questions are asked here, and the answers
// compared and judged where the command line does it.
import { type Comparable, type Comparison, compare } from '../diff/comparison.ts';
import type { Side } from '../diff/tables.ts';
import { ofTheirMachines } from '../judging/baselines.ts';
import { type Examined, judgeBeside, judgeOf } from '../judging/judge.ts';
import type { AnyPlugin } from '../plugin/contract.ts';
import type { Policy } from '../policy/policy.ts';
import type { Verdict } from '../policy/verdict.ts';
import type { Session } from '../session/session.ts';
import { ask } from './ask.ts';

/** What to compare, and what of it to list. */
export interface CompareOptions {
  /** List what comes and goes by itself too: churn, counters, rows of processes that came or went. */
  readonly all?: boolean;
}

/** What a policy is held against. */
export interface JudgeOptions {
  /** An earlier snapshot of the same machine, for rules that look at differences. */
  readonly since?: Session;
  /** The day on which suppressions count, as `2027-01-31`: today where it is left out. */
  readonly today?: string;
}

/** Compares what two snapshots answer to some questions. Ask the one that lists processes too: without it no process is known to be the same. */
export async function compareSnapshots(
  before: Session,
  after: Session,
  questions: readonly AnyPlugin[],
  { all = false }: CompareOptions = {},
): Promise<Comparison> {
  return compare(await knownOf(before, questions), await knownOf(after, questions), questions, { all });
}

/** Judges a snapshot by a policy. `questions`: those that its rules may ask. */
export async function judgeSnapshot(
  session: Session,
  policy: Policy,
  questions: readonly AnyPlugin[],
  { since, today }: JudgeOptions = {},
): Promise<Verdict> {
  const by = judgeOf({ policy, digest: '' }, ofTheirMachines([]), questions);
  const examined = async (one: Session): Promise<Examined> => ({
    facts: one.facts,
    known: await knownOf(one, by.questions),
  });
  const now = await examined(session);
  const before =
    since === undefined ? 'no snapshot before it is given to compare with' : await examined(since);
  return judgeBeside(by, now, before, today);
}

/** Everything that a snapshot answers to these questions. */
async function knownOf(session: Session, questions: readonly AnyPlugin[]): Promise<Comparable> {
  const answers = new Map<string, Side>();
  for (const question of questions) {
    const { rows, notes } = await ask(session, question);
    answers.set(question.name, { rows: rows as Side['rows'], notes });
  }
  return { kernel: session.facts.kernel, answers };
}
