// Compiles the rules of a policy: conditions, messages, suppressions.
// Flawed rules are left out, and reported.
import { hint } from '../base/nearest.ts';
import type { AnyPlugin } from '../plugin/contract.ts';
import { processColumn } from '../plugin/contract.ts';
import { isBuiltIn } from './anomaly-rules.ts';
import { compileExpression, type Expression, type Wanted } from './expression.ts';
import type { RowCount, Rule, SuppressionRule } from './policy.ts';
import type { Problems } from './problem.ts';
import type { RuleSource, SuppressionSource } from './source.ts';
import { compileTemplate, plainTemplate, type Template } from './template.ts';
import type { Severity } from './verdict.ts';
import type { Vocabulary } from './vocabulary.ts';

/** A condition. */
const CONDITION: Wanted = { isFit: (type) => type === 'bool', what: 'a condition: true or false' };

const GROUPS = ['string', 'int', 'double', 'bool', 'google.protobuf.Timestamp'];
const A_GROUP: Wanted = { isFit: (type) => GROUPS.includes(type), what: 'a text, a number or a time' };

/** Makes the rules of a policy ready. Those that are flawed are left out, and are problems. */
export class RuleCompiler {
  readonly #plugins: readonly AnyPlugin[];
  readonly #vocabulary: Vocabulary;
  readonly #problems: Problems;

  constructor(plugins: readonly AnyPlugin[], vocabulary: Vocabulary, problems: Problems) {
    this.#plugins = plugins;
    this.#vocabulary = vocabulary;
    this.#problems = problems;
  }

  rule(source: RuleSource, severity: Severity): Rule[] {
    const plugin = this.#pluginOf(source);
    if (plugin === undefined) return [];
    const before = `rule ${JSON.stringify(source.id.text)}: `;
    const problems = this.#problems;
    const had = problems.list.length;
    const frame = this.#vocabulary.overRow(plugin.name, source.change);
    const where = source.where && compileExpression(source.where, frame, CONDITION, problems, before);
    const per = source.per && compileExpression(source.per, frame, A_GROUP, problems, before);
    const count = this.#countOf(source, per, before);
    const message = this.#messageOf(source, per, before);
    if (problems.list.length > had || message === undefined) return [];
    const { attack, references, tags, change, title, description } = source;
    const facts = {
      ...{ id: source.id.text, title, severity, description, plugin: plugin.name, change },
      ...{ attack, references, tags, source: { file: source.at.file, line: source.at.line } },
    };
    const parts = [where, per, message].flatMap((part) => [...(part?.needs ?? [])]);
    return [{ facts, plugin, where, count, message, needs: new Set([plugin.name, ...parts]) }];
  }

  /** @param rules those that may be suppressed @param ids theirs, and those of flawed rules */
  suppression(
    source: SuppressionSource,
    { rules, ids }: { rules: ReadonlyMap<string, RuleSource>; ids: ReadonlySet<string> },
  ): SuppressionRule[] {
    const { at, rule, reason, expires } = source;
    const suppressed = rules.get(rule.text);
    if (isBuiltIn(rule.text)) {
      if (source.where === undefined) return [{ at, rule: rule.text, reason, expires, where: undefined }];
      const why = 'findings of a built-in rule have no row to look at';
      this.#problems.add(source.where.at, `suppression of ${rule.text}: ${why}`);
      return [];
    }
    if (!ids.has(rule.text)) this.#problems.add(rule.at, noRule(rule.text, ids));
    if (suppressed === undefined) return [];
    const plain = { at, rule: rule.text, reason, expires };
    if (source.where === undefined) return [{ ...plain, where: undefined }];
    const before = `suppression of ${rule.text}: `;
    if (suppressed.count !== undefined) {
      this.#problems.add(source.where.at, `${before}findings of a rule that counts have no row to look at`);
      return [];
    }
    if (!this.#vocabulary.rows.has(suppressed.plugin.text)) return [];
    const frame = this.#vocabulary.overRow(suppressed.plugin.text, suppressed.change);
    const where = compileExpression(source.where, frame, CONDITION, this.#problems, before);
    return where === undefined ? [] : [{ ...plain, where }];
  }

  #pluginOf({ id, plugin: { text, at } }: RuleSource): AnyPlugin | undefined {
    const found = this.#plugins.find(({ name }) => name === text);
    const names = this.#plugins.map(({ name }) => name);
    if (found === undefined)
      this.#problems.add(
        at,
        `rule ${JSON.stringify(id.text)}: there is no plugin ${text}${hint(text, names)}; there are ${names.join(', ')}`,
      );
    return found;
  }

  #countOf(
    { count, per, at }: RuleSource,
    group: Expression | undefined,
    before: string,
  ): RowCount | undefined {
    if (count === undefined) {
      if (per !== undefined) this.#problems.add(per.at, `${before}per wants a count: { max: 10 }`);
      return undefined;
    }
    const { min = 0, max = Number.POSITIVE_INFINITY } = count;
    if (min > max) this.#problems.add(at, `${before}no count is at least ${min} and at most ${max}`);
    return { min, max, per: group };
  }

  #messageOf(source: RuleSource, per: Expression | undefined, before: string): Template | undefined {
    if (source.message === undefined) return plainTemplate(source.title);
    const frame =
      source.count === undefined
        ? this.#vocabulary.overRow(source.plugin.text, source.change)
        : this.#vocabulary.overCount(per?.type);
    return compileTemplate(source.message, frame, this.#problems, before);
  }
}

/** What is said of the ID of a rule that is not there. */
export const noRule = (id: string, ids: Iterable<string>): string =>
  `there is no rule ${id}${hint(id, [...ids])}`;

/** Whether findings of a rule are told apart by their process. */
export const isOfProcess = ({ plugin }: Rule): boolean =>
  plugin.enduring === undefined && processColumn(plugin) !== undefined;
