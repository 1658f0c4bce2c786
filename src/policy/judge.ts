// Judges answers by a policy: every rule gives findings, or says why it could not be evaluated.
// It is pure: the same evidence and day give the same verdict.
import type { Anomaly } from '../diff/anomalies.ts';
import type { Comparison } from '../diff/comparison.ts';
import type { Side, TableDiff } from '../diff/tables.ts';
import type { Row } from '../plugin/cell.ts';
import { processColumn } from '../plugin/contract.ts';
import type { KernelFacts, SnapshotFacts } from '../plugin/document.ts';
import { anomalyRules } from './anomaly-rules.ts';
import { SnapshotView } from './condition-variables.ts';
import { fingerprintOfCount, fingerprintOfRow } from './fingerprint.ts';
import type { Policy, Rule } from './policy.ts';
import { Exhausted, STEPS_OF_A_RULE } from './reading.ts';
import { ROW, type RowView } from './rows.ts';
import { isOfProcess } from './rules.ts';
import { Suppressions } from './suppressions.ts';
import { type Candidate, type Group, Trial } from './trial.ts';
import type { Finding, Outcome, RuleVerdict, Verdict } from './verdict.ts';
import { Variables, World } from './world.ts';

/** What is known of the snapshot that is judged. */
export interface Evidence {
  readonly snapshot: SnapshotFacts;
  readonly kernel: KernelFacts;
  /** Whole answers, by plugin: those that `needsOf` names. */
  readonly answers: ReadonlyMap<string, Side>;
  /** The snapshot before, or why there is none to compare with. */
  readonly previous: Previous | string;
  /** What should not be so, whatever the policy says; left out, it is what the comparison with the snapshot before shows. */
  readonly anomalies?: readonly Anomaly[];
}

/** The snapshot before of the same machine, and what differs. */
export interface Previous {
  readonly answers: ReadonlyMap<string, Side>;
  /** With the rows of processes that came or went. */
  readonly comparison: Comparison;
}

/**
 * Judges a snapshot by a policy. Pure: the same evidence and day give the same verdict.
 *
 * @param today `2027-01-31`
 * @param steps what one rule may spend on the snapshot
 */
export function judge(policy: Policy, evidence: Evidence, today: string, steps = STEPS_OF_A_RULE): Verdict {
  const suppressions = new Suppressions(policy, today);
  const ruleJudge = new RuleJudge(policy, evidence, suppressions, steps);
  const { previous, anomalies } = evidence;
  const odd = anomalies ?? (typeof previous === 'string' ? [] : previous.comparison.relation.anomalies);
  const builtIn = anomalyRules(odd, policy.builtIn).map((verdict) => suppressed(verdict, suppressions));
  const rules = [...policy.rules.map((rule) => ruleJudge.judge(rule)), ...builtIn];
  return { policy: policy.name, rules, notes: [...ruleJudge.notes, ...suppressions.notesAfter(rules)] };
}

/** A built-in rule's verdict without what the policy lets pass. */
function suppressed(verdict: RuleVerdict, suppressions: Suppressions): RuleVerdict {
  const findings = verdict.findings.map((finding) => ({
    ...finding,
    suppression: suppressions.of(verdict.rule.id, {}),
  }));
  return { ...verdict, findings, outcome: outcomeOf(findings, verdict.unread) };
}

/** What came of a rule, by what it has found and what it could not see. */
export function outcomeOf(findings: readonly Finding[], unread: readonly string[]): Outcome {
  if (findings.some(({ suppression }) => suppression === null)) return 'failed';
  return unread.length > 0 ? 'unevaluated' : 'passed';
}

class RuleJudge {
  readonly #policy: Policy;
  readonly #evidence: Evidence;
  readonly #suppressions: Suppressions;
  readonly #world: World;
  readonly #past: World | undefined;
  readonly #snapshot: SnapshotView;
  readonly #steps: number;
  readonly #candidates = new Map<string, readonly Candidate[]>();
  /** Why rules over differences were skipped, and how many: mostly it is the same for all. */
  readonly #skipped = new Map<string, number>();

  constructor(policy: Policy, evidence: Evidence, suppressions: Suppressions, steps: number) {
    this.#steps = steps;
    const { vocabulary } = policy;
    const { previous } = evidence;
    this.#policy = policy;
    this.#evidence = evidence;
    this.#suppressions = suppressions;
    this.#world = new World(evidence.answers, vocabulary);
    this.#past = typeof previous === 'string' ? undefined : new World(previous.answers, vocabulary);
    this.#snapshot = new SnapshotView(evidence.snapshot, evidence.kernel);
  }

  get notes(): string[] {
    return [...this.#skipped].map(
      ([reason, rules]) =>
        `${rules === 1 ? 'a rule looks at differences and was' : `${rules} rules look at differences and were`} skipped: ${reason}`,
    );
  }

  judge(rule: Rule): RuleVerdict {
    const table = this.#tableOf(rule);
    if (typeof table === 'string') {
      this.#skipped.set(table, (this.#skipped.get(table) ?? 0) + 1);
      return { rule: rule.facts, outcome: 'skipped', findings: [], unread: [] };
    }
    this.#policy.vocabulary.meter.refill(this.#steps);
    const variables = this.#variablesOf(rule);
    const trial = new Trial(rule, variables);
    if (table !== undefined) trial.run(candidatesIn(table, rule, this.#policy));
    else if (this.#evidence.answers.has(rule.plugin.name)) trial.run(this.#rowsOf(rule.plugin.name));
    const unread = [...this.#gapsOf(rule, table), ...trial.undecided];
    this.#policy.vocabulary.meter.refill(this.#steps); // messages are few, and each is short
    const findings =
      rule.count === undefined
        ? trial.matches.map((match) => this.#findingOf(rule, match, variables))
        : this.#countFindings(rule, trial, variables, unread);
    for (const candidate of trial.perhaps) {
      const word = rule.facts.change === 'removed' ? 'gone' : 'new';
      unread.push(`perhaps ${word}: ${this.#messageOf(rule, candidate, variables)}`);
    }
    return { rule: rule.facts, outcome: outcomeOf(findings, unread), findings, unread };
  }

  /** All rows of a question: the same for each rule that looks at them. */
  #rowsOf(plugin: string): readonly Candidate[] {
    const known = this.#candidates.get(plugin);
    if (known !== undefined) return known;
    const made = this.#world.all(plugin).map(sureRow);
    this.#candidates.set(plugin, made);
    return made;
  }

  /** The differences that a rule looks at; undefined where it looks at none; why there are none. */
  #tableOf({ facts, plugin }: Rule): TableDiff | string | undefined {
    if (facts.change === null) return undefined;
    const { previous } = this.#evidence;
    if (typeof previous === 'string') return previous;
    const { relation, tables } = previous.comparison;
    if (relation.boot !== 'same' && plugin.enduring === undefined)
      return `${plugin.name} is not compared across boots: nothing in it outlives one`;
    return tables.find((table) => table.plugin === plugin.name) ?? `${plugin.name} was not compared`;
  }

  /** What is gone belonged to processes of the snapshot before. */
  #worldOf({ facts }: Rule): World {
    return facts.change === 'removed' ? this.#past! : this.#world;
  }

  #variablesOf(rule: Rule): Variables {
    const { vocabulary } = this.#policy;
    return new Variables(this.#worldOf(rule), this.#world, vocabulary, this.#snapshot, rule.plugin.name);
  }

  #gapsOf({ needs, plugin }: Rule, table: TableDiff | undefined): string[] {
    const others = [...needs].filter((name) => table === undefined || name !== plugin.name);
    return [...(table?.notes ?? []), ...others.flatMap((name) => this.#world.gapsOf(name))];
  }

  #findingOf(rule: Rule, candidate: Candidate, variables: Variables): Finding {
    const row = candidate.view[ROW];
    const { id, severity } = rule.facts;
    const fingerprint = fingerprintOfRow(rule, row, this.#processOf(rule, row), this.#policy.processes);
    const message = this.#messageOf(rule, candidate, variables);
    const before = candidate.before?.[ROW] ?? null;
    const finding = { rule: id, severity, message, plugin: rule.plugin.name, row, before, fingerprint };
    return { ...finding, suppression: this.#suppressions.of(id, variables) };
  }

  /** The message about a row, whose variables are then set. */
  #messageOf(rule: Rule, { view, before, changed }: Candidate, variables: Variables): string {
    Object.assign(variables, { row: view, before, changed });
    return this.#fill(rule, variables);
  }

  #fill({ message, facts }: Rule, variables: Variables): string {
    try {
      return message.fill(variables);
    } catch (error) {
      if (!(error instanceof Exhausted)) throw error;
      return facts.title;
    }
  }

  #processOf(rule: Rule, row: Row): Row | undefined {
    const pid = row[processColumn(rule.plugin) ?? ''];
    const world = this.#worldOf(rule);
    const name = this.#policy.processes?.name;
    if (!isOfProcess(rule) || typeof pid !== 'number' || name === undefined || !world.has(name))
      return undefined;
    return world.ofProcess(name, pid)[0]?.[ROW];
  }

  /** Too many rows for sure, or too few for sure; what is not sure goes to `unread`. */
  #countFindings(rule: Rule, trial: Trial, variables: Variables, unread: string[]): Finding[] {
    const { min, max } = rule.count!;
    const isWhole = unread.length === 0;
    return [...trial.groups.values()].flatMap((group): Finding[] => {
      const { text, matches, unknown } = group;
      const of = rule.count!.per === undefined ? '' : ` of ${text}`;
      if (matches.length > max) return [this.#countFinding(rule, group, variables)];
      if (matches.length + unknown > max)
        unread.push(`${matches.length} rows${of} match, and ${unknown} more may: ${max} may at most`);
      if (matches.length >= min) return [];
      if (isWhole && unknown === 0) return [this.#countFinding(rule, group, variables)];
      unread.push(`${matches.length} rows${of} match, and ${min} must: but not all could be seen`);
      return [];
    });
  }

  #countFinding(rule: Rule, { value, text, matches }: Group, variables: Variables): Finding {
    variables.count = BigInt(matches.length);
    variables.groupValue = value;
    const { id, severity } = rule.facts;
    const [message, fingerprint] = [this.#fill(rule, variables), fingerprintOfCount(rule, text)];
    const finding = { rule: id, severity, message, plugin: rule.plugin.name, row: null, before: null };
    return { ...finding, fingerprint, suppression: this.#suppressions.of(id, variables) };
  }
}

const sureRow = (view: RowView): Candidate => ({ view, before: undefined, changed: undefined, isSure: true });

/** The rows of a comparison that a rule looks at, and of those that are perhaps new or gone. */
function candidatesIn(table: TableDiff, { facts, plugin }: Rule, { vocabulary }: Policy): Candidate[] {
  const { ctor: View } = vocabulary.rows.get(plugin.name)!;
  if (facts.change === 'changed') {
    return table.changed.map(({ before, after, columns }) => ({
      ...sureRow(new View(after)),
      before: new View(before),
      changed: columns,
    }));
  }
  const side = facts.change === 'added' ? 'after' : 'before';
  const sure = facts.change === 'added' ? table.added : table.removed;
  const unsure = table.unsure.filter((one) => one.side === side);
  return [
    ...sure.map((row) => sureRow(new View(row))),
    ...unsure.map(({ row }) => ({ ...sureRow(new View(row)), isSure: false })),
  ];
}
