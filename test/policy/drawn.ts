import { plugins } from '../../plugins/index.ts';
import { type Comparable, compare } from '../../src/diff/comparison.ts';
import type { Side } from '../../src/diff/tables.ts';
import type { Row } from '../../src/plugin/cell.ts';
import type { AnyPlugin } from '../../src/plugin/contract.ts';
import type { KernelFacts } from '../../src/plugin/document.ts';
import { type Evidence, judge } from '../../src/policy/judge.ts';
import { type Include, loadPolicy } from '../../src/policy/load.ts';
import type { Policy } from '../../src/policy/policy.ts';
import { BadPolicy } from '../../src/policy/problem.ts';
import type { RuleVerdict, Verdict } from '../../src/policy/verdict.ts';
import { fakeFacts } from '../support/fake-session.ts';

/** The day on which drawn snapshots are judged. */
export const TODAY = '2027-01-15';

/** Includes of policies that are drawn: each a text under its name. */
const drawnIncludes =
  (texts: Readonly<Record<string, string>>): Include =>
  (name) => {
    const text = texts[name];
    if (text === undefined) throw new BadPolicy([]);
    return { file: name, key: name, text };
  };

/** The policy of one text, called `policy.yaml`. */
export const load = (
  text: string,
  texts: Readonly<Record<string, string>> = {},
  all: readonly AnyPlugin[] = plugins,
): Policy =>
  loadPolicy(
    [{ file: 'policy.yaml', key: 'policy.yaml', text }],
    drawnIncludes({ ...texts, 'policy.yaml': text }),
    all,
  );

/** What is wrong with a policy, a line for each problem. */
export function complaints(text: string, texts: Readonly<Record<string, string>> = {}): string[] {
  try {
    load(text, texts);
  } catch (error) {
    if (error instanceof BadPolicy) return error.message.split('\n');
    throw error;
  }
  return [];
}

/** The lines of a policy with these rules: `where` and the like, indented below an ID. */
export const policyOf = (...rules: readonly string[]): string =>
  [
    'version: 1',
    'name: drawn',
    'rules:',
    ...rules.map((rule, index) =>
      [
        `  - id: rule-${index + 1}`,
        '    title: Something is wrong',
        '    severity: high',
        ...rule.split('\n').map((line) => `    ${line}`),
      ].join('\n'),
    ),
  ].join('\n');

const { snapshot, kernel } = fakeFacts();

/** Answers: rows, or rows with notes. */
export type Answers = Readonly<Record<string, readonly Row[] | Side>>;

/** What is known of a drawn snapshot. */
export const knownOf = (answers: Answers, facts: Partial<KernelFacts> = {}): Comparable => ({
  kernel: { ...kernel, ...facts },
  answers: new Map(
    Object.entries(answers).map(([name, given]) => [
      name,
      'rows' in given ? given : { rows: given, notes: [] },
    ]),
  ),
});

/** Evidence without a snapshot before, or with one. */
export function evidenceOf(
  known: Comparable,
  before?: Comparable,
  all: readonly AnyPlugin[] = plugins,
): Evidence {
  const previous =
    before === undefined
      ? 'there is no snapshot before this one'
      : {
          answers: before.answers,
          comparison: compare(before, known, all, { all: false, ofProcesses: true }),
        };
  return { snapshot, kernel: known.kernel, answers: known.answers, previous };
}

/** What a policy says of drawn answers. */
export const verdictOn = (
  policy: string | Policy,
  answers: Answers,
  before?: Answers,
  { today = TODAY, steps = undefined as number | undefined } = {},
): Verdict =>
  judge(
    typeof policy === 'string' ? load(policy) : policy,
    evidenceOf(knownOf(answers), before && knownOf(before)),
    today,
    steps,
  );

/** The verdict of a policy's only rule. */
export function ruleOn(rule: string, answers: Answers, before?: Answers, steps?: number): RuleVerdict {
  const [verdict, ...others] = verdictOn(policyOf(rule), answers, before, { steps }).rules;
  if (verdict === undefined || others.length > 0)
    throw new Error('this policy has more than one rule, or none');
  return verdict;
}

/** A row of `pslist` with some of its cells. */
export const process = (pid: number, name: string, cells: Row = {}): Row => ({
  pid,
  ppid: 1,
  name,
  uid: 0,
  started: new Date(pid * 1000),
  args: `/bin/${name}`,
  kernel: false,
  ...cells,
});

export const ABSENT = { absent: 'not-present' } as const;
