// Loads policies with all that they include, and merges them into one.
// It reports every problem with its place.
import { ForensicError } from '../base/errors.ts';
import { type AnyPlugin, listOf } from '../plugin/contract.ts';
import { isBuiltIn } from './anomaly-rules.ts';
import type { Policy } from './policy.ts';
import { type Place, Problems, placeText } from './problem.ts';
import { Meter } from './reading.ts';
import { noRule, RuleCompiler } from './rules.ts';
import { evaluateSets } from './sets.ts';
import { type PlacedText, type PolicySource, type RuleSource, readPolicy, type SetSource } from './source.ts';
import type { Severity } from './verdict.ts';
import { Vocabulary } from './vocabulary.ts';

/** A policy's text, and where it is from. */
export interface PolicyText {
  /** As messages name it. */
  readonly file: string;
  /** The same for the same file, by whatever name it is included. */
  readonly key: string;
  readonly text: string;
}

/** Finds what a policy includes. @throws ForensicError */
export type Include = (name: string, from: PolicyText) => PolicyText;

const DEEPEST_INCLUDE = 16;
const MOST_FILES = 64;
const MOST_RULES = 2000;

/**
 * Reads policies with all that they include, and makes one of them.
 *
 * @throws BadPolicy that tells every flaw with its place
 */
export function loadPolicy(
  texts: readonly PolicyText[],
  include: Include,
  plugins: readonly AnyPlugin[],
): Policy {
  const problems = new Problems();
  const reading = new Reading(include, problems);
  const names = texts.flatMap((text) => reading.read(text, [])?.name ?? []);
  const { sources } = reading;
  const merged = merge(sources, problems);
  const meter = new Meter();
  const vocabulary = new Vocabulary(plugins, evaluateSets(merged.sets, meter, problems), meter);
  const compiler = new RuleCompiler(plugins, vocabulary, problems);
  const rules = [...merged.rules.values()].flatMap((rule) => {
    const compiled = compiler.rule(rule, merged.severity.get(rule.id.text) ?? rule.severity);
    return merged.disabled.has(rule.id.text) ? [] : compiled;
  });
  const suppressions = sources.flatMap(({ suppress }) =>
    suppress.flatMap((one) => compiler.suppression(one, merged)),
  );
  problems.throwIfAny();
  const { severity, disabled } = merged;
  return {
    name: names.join(' + '),
    rules,
    suppressions,
    builtIn: { severity, disabled },
    vocabulary,
    processes: listOf(plugins, 'processes'),
  };
}

/** Reads files, the included before those that include them, each once. */
class Reading {
  readonly sources: PolicySource[] = [];
  readonly #include: Include;
  readonly #problems: Problems;
  readonly #read = new Map<string, PolicySource | undefined>();

  constructor(include: Include, problems: Problems) {
    this.#include = include;
    this.#problems = problems;
  }

  read(text: PolicyText, road: readonly PolicyText[]): PolicySource | undefined {
    if (this.#read.has(text.key)) return this.#read.get(text.key);
    const source = readPolicy(text.file, text.text, this.#problems);
    this.#read.set(text.key, source);
    if (source === undefined) return undefined;
    for (const name of source.include) this.#follow(name, [...road, text]);
    this.sources.push(source);
    return source;
  }

  #follow({ text: name, at }: PlacedText, road: readonly PolicyText[]): void {
    let found: PolicyText;
    try {
      found = this.#include(name, road.at(-1)!);
    } catch (error) {
      if (!(error instanceof ForensicError)) throw error;
      this.#problems.add(at, error.message);
      return;
    }
    const again = road.findIndex(({ key }) => key === found.key);
    if (again >= 0) {
      const circle = [...road.slice(again), found].map(({ file }) => file).join(' → ');
      this.#problems.add(at, `this policy includes itself: ${circle}`);
    } else if (road.length >= DEEPEST_INCLUDE)
      this.#problems.add(at, `policies are included more than ${DEEPEST_INCLUDE} deep`);
    else if (this.#read.size >= MOST_FILES)
      this.#problems.add(at, `more than ${MOST_FILES} policies are included`);
    else this.read(found, road);
  }
}

/** Several files as one: what stands in an includer replaces what it includes. */
interface Merged {
  readonly rules: ReadonlyMap<string, RuleSource>;
  readonly ids: ReadonlySet<string>;
  readonly sets: ReadonlyMap<string, SetSource>;
  readonly severity: ReadonlyMap<string, Severity>;
  readonly disabled: ReadonlySet<string>;
}

function merge(sources: readonly PolicySource[], problems: Problems): Merged {
  const rules = new Map<string, RuleSource>();
  const sets = new Map<string, SetSource>();
  const severity = new Map<string, Severity>();
  const disabled = new Set<string>();
  const ids = new Set<string>();
  for (const source of sources) {
    for (const id of source.ids) ids.add(id);
    for (const rule of source.rules) {
      const there = rules.get(rule.id.text);
      if (there !== undefined)
        problems.add(rule.id.at, `there is a rule ${rule.id.text} already: ${placeText(there.id.at)}`);
      else if (rules.size >= MOST_RULES) problems.add(rule.id.at, `there are more than ${MOST_RULES} rules`);
      else rules.set(rule.id.text, rule);
    }
    for (const set of source.sets) sets.set(set.name, { ...set, replaces: sets.get(set.name) });
    const known = (rule: { text: string; at: Place }): boolean => {
      if (isBuiltIn(rule.text)) return true;
      if (!ids.has(rule.text)) problems.add(rule.at, noRule(rule.text, ids));
      return rules.has(rule.text);
    };
    for (const rule of source.disable) if (known(rule)) disabled.add(rule.text);
    for (const one of source.severity) if (known(one.rule)) severity.set(one.rule.text, one.severity);
  }
  return { rules, ids, sets, severity, disabled };
}
