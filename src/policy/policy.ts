// What a policy is once it has been compiled: rules, suppressions, settings of built-in rules.
// It also says which questions a policy needs.
import type { AnyPlugin } from '../plugin/contract.ts';
import { processColumn } from '../plugin/contract.ts';
import type { Expression } from './expression.ts';
import type { Place } from './problem.ts';
import type { Template } from './template.ts';
import type { RuleFacts, Severity } from './verdict.ts';
import type { Vocabulary } from './vocabulary.ts';

/** A rule, ready to be judged by. */
export interface Rule {
  readonly facts: RuleFacts;
  readonly plugin: AnyPlugin;
  /** Undefined: every row matches. */
  readonly where: Expression | undefined;
  readonly count: RowCount | undefined;
  readonly message: Template;
  /** The plugins whose answers decide about it, its own among them. */
  readonly needs: ReadonlySet<string>;
}

/** How many rows must and may match. */
export interface RowCount {
  readonly min: number;
  readonly max: number;
  /** Counted for each of its values. */
  readonly per: Expression | undefined;
}

/** Findings of a rule that do not count. */
export interface SuppressionRule {
  readonly at: Place;
  readonly rule: string;
  readonly where: Expression | undefined;
  readonly reason: string;
  /** `2027-01-31` */
  readonly expires: string | null;
}

/** Which rules are disabled, and which have another severity. Others are among them. */
export interface BuiltInChoice {
  readonly disabled: ReadonlySet<string>;
  readonly severity: ReadonlyMap<string, Severity>;
}

/** A policy, ready to be judged by. */
export interface Policy {
  readonly name: string;
  /** Those that are not disabled. */
  readonly rules: readonly Rule[];
  readonly suppressions: readonly SuppressionRule[];
  /** What it says of rules that need none: see anomaly-rules.ts. */
  readonly builtIn: BuiltInChoice;
  readonly vocabulary: Vocabulary;
  /** The question that lists the processes. */
  readonly processes: AnyPlugin | undefined;
}

/** The plugins that have to be asked before a policy can judge, and those whose differences it looks at. */
export function needsOf({ rules, suppressions, processes }: Policy): {
  answers: ReadonlySet<string>;
  changes: ReadonlySet<string>;
} {
  const answers = new Set<string>(suppressions.flatMap(({ where }) => [...(where?.needs ?? [])]));
  const changes = new Set<string>();
  for (const { needs, facts, plugin } of rules) {
    for (const name of needs) answers.add(name);
    // Findings are named by their process, and rows are paired by it.
    if (processes !== undefined && (processColumn(plugin) !== undefined || facts.change !== null))
      answers.add(processes.name);
    if (facts.change !== null) changes.add(plugin.name);
  }
  return { answers, changes };
}
