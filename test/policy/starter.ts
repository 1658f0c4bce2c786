import { readFileSync } from 'node:fs';
import { plugins } from '../../plugins/index.ts';
import { type Comparable, compare } from '../../src/diff/comparison.ts';
import { type Evidence, judge } from '../../src/policy/judge.ts';
import { loadPolicy, type PolicyText } from '../../src/policy/load.ts';
import { needsOf, type Policy } from '../../src/policy/policy.ts';
import { countedFindings, type Verdict } from '../../src/policy/verdict.ts';
import type { Session } from '../../src/session/session.ts';
import { ask } from '../guests/compare/compare.ts';
import { TODAY } from './drawn.ts';

const shippedText = (file: string) => (): PolicyText => ({
  file,
  key: file,
  text: readFileSync(file, 'utf8'),
});

/** The text of the policy that ships, by whatever name it is included. */
export const starterText = shippedText('policies/cloud-linux.yaml');
const integrityText = shippedText('policies/integrity.yaml');

/** The policy that ships. */
export const starterPolicy = (): Policy => loadPolicy([starterText()], starterText, plugins);

/** The one that says what no kernel does to itself. */
export const integrityPolicy = (): Policy => loadPolicy([integrityText()], integrityText, plugins);

/** A verdict, and what the snapshot answered. */
export interface Judged {
  readonly verdict: Verdict;
  readonly known: Comparable;
}

/** Judges a snapshot by itself, or with what the one before of its machine answered. */
export async function judgeSession(policy: Policy, session: Session, before?: Comparable): Promise<Judged> {
  const answers = new Map<string, Awaited<ReturnType<typeof ask>>>();
  const needs = needsOf(policy).answers;
  for (const plugin of plugins) {
    if (needs.has(plugin.name)) answers.set(plugin.name, await ask(session, plugin));
  }
  const { kernel, snapshot } = session.facts;
  const known = { kernel, answers };
  const previous: Evidence['previous'] =
    before === undefined
      ? 'there is no snapshot before this one'
      : {
          answers: before.answers,
          comparison: compare(before, known, plugins, { all: false, ofProcesses: true }),
        };
  return { known, verdict: judge(policy, { snapshot, kernel, answers, previous }, TODAY) };
}

/** What a verdict tells, a line for each finding that counts, the gravest first: `shell-on-socket: bash (183), …`. */
export const toldBy = (verdict: Verdict): string[] =>
  countedFindings(verdict).map(({ rule, message }) => `${rule}: ${message}`);

/** What could not be evaluated, a line for each reason. */
export const unreadIn = ({ rules }: Verdict): string[] =>
  rules.flatMap(({ rule, outcome, unread }) =>
    outcome === 'skipped' ? [] : unread.map((reason) => `${rule.id}: ${reason}`),
  );
