// A policy file as read: rules, sets and suppressions with their places, expressions not yet compiled.
// `rules.ts` compiles it.
import type { Place, Problems } from './problem.ts';
import { POLICY_SCHEMA } from './schema.ts';
import { checkShape } from './shape.ts';
import type { Change, Severity } from './verdict.ts';
import { type MapTree, readYaml, type ScalarTree, type Tree } from './yaml-tree.ts';

/** A text of a policy, and where each of its characters stands. */
export interface PlacedText {
  readonly text: string;
  readonly at: Place;
  readonly placeOf: (offset: number) => Place;
}

/** A rule as it is written: sound in shape, its expressions not yet understood. */
export interface RuleSource {
  readonly at: Place;
  readonly id: PlacedText;
  readonly title: string;
  readonly severity: Severity;
  readonly description: string | null;
  readonly plugin: PlacedText;
  readonly change: Change | null;
  readonly where: PlacedText | undefined;
  readonly count: { readonly min?: number; readonly max?: number } | undefined;
  readonly per: PlacedText | undefined;
  readonly message: PlacedText | undefined;
  readonly attack: readonly string[];
  readonly references: readonly string[];
  readonly tags: readonly string[];
}

export interface SuppressionSource {
  readonly at: Place;
  readonly rule: PlacedText;
  readonly where: PlacedText | undefined;
  readonly reason: string;
  readonly expires: string | null;
}

/** A list of values, or an expression. */
export interface SetSource {
  readonly name: string;
  readonly at: Place;
  readonly value: readonly ScalarTree[] | PlacedText;
  /** The set of the same name in a file that is included. */
  readonly replaces?: SetSource | undefined;
}

/** One file of a policy. */
export interface PolicySource {
  readonly file: string;
  readonly name: string;
  readonly include: readonly PlacedText[];
  readonly sets: readonly SetSource[];
  readonly disable: readonly PlacedText[];
  readonly severity: readonly { readonly rule: PlacedText; readonly severity: Severity }[];
  readonly rules: readonly RuleSource[];
  /** The IDs of its rules, of those too that are flawed. */
  readonly ids: readonly string[];
  readonly suppress: readonly SuppressionSource[];
}

/** Reads one file of a policy; what is flawed in it is left out, and is a problem. Undefined where it is no policy. */
export function readPolicy(file: string, text: string, problems: Problems): PolicySource | undefined {
  const tree = readYaml(file, text, problems);
  if (tree === undefined) return undefined;
  const flawed = checkShape(tree, POLICY_SCHEMA, problems);
  if (tree.kind !== 'map') return undefined;
  const part = new Part(tree, flawed);
  return {
    file,
    name: part.text('name')?.text ?? file,
    include: part.texts('include'),
    sets: part.map('sets').map(([name, key, value]) => ({
      name,
      at: key,
      value: value.kind === 'list' ? value.items.flatMap(scalarOf) : placed(value),
    })),
    disable: part.texts('disable'),
    severity: part.map('severity').map(([rule, key, value]) => ({
      rule: { text: rule, at: key, placeOf: () => key },
      severity: placed(value).text as Severity,
    })),
    rules: part.parts('rules').map(ruleOf),
    ids: idsIn(tree.entries.get('rules')?.value),
    suppress: part.parts('suppress').map((one) => ({
      at: one.at,
      rule: one.text('rule')!,
      where: one.text('where'),
      reason: one.text('reason')!.text,
      expires: one.text('expires')?.text ?? null,
    })),
  };
}

const idsIn = (rules: Tree | undefined): string[] =>
  (rules?.kind === 'list' ? rules.items : []).flatMap((rule) => {
    const id = rule.kind === 'map' ? rule.entries.get('id')?.value : undefined;
    return id?.kind === 'scalar' ? [String(id.value)] : [];
  });

const ruleOf = (part: Part): RuleSource => ({
  at: part.at,
  id: part.text('id')!,
  title: part.text('title')!.text,
  severity: part.text('severity')!.text as Severity,
  description: part.text('description')?.text.trim() ?? null,
  plugin: part.text('plugin')!,
  change: (part.text('change')?.text as Change | undefined) ?? null,
  where: part.text('where'),
  count: countOf(part),
  per: part.text('per'),
  message: part.text('message'),
  attack: part.texts('attack').map(({ text }) => text),
  references: part.texts('references').map(({ text }) => text),
  tags: part.texts('tags').map(({ text }) => text),
});

function countOf(part: Part): RuleSource['count'] {
  const bounds = part.map('count').map(([name, , value]) => [name, Number(scalarOf(value)[0]?.value)]);
  return bounds.length === 0 ? undefined : Object.fromEntries(bounds);
}

/** The sound part of a map in the file. */
class Part {
  readonly at: Place;
  readonly #entries: MapTree['entries'];
  readonly #flawed: ReadonlySet<Tree>;

  constructor(tree: MapTree, flawed: ReadonlySet<Tree>) {
    this.at = tree.at;
    this.#entries = tree.entries;
    this.#flawed = flawed;
  }

  text(key: string): PlacedText | undefined {
    const tree = this.#entries.get(key)?.value;
    return tree === undefined || this.#flawed.has(tree) ? undefined : placed(tree);
  }

  texts(key: string): PlacedText[] {
    return this.#items(key).map(placed);
  }

  parts(key: string): Part[] {
    return this.#items(key).flatMap((tree) => (tree.kind === 'map' ? [new Part(tree, this.#flawed)] : []));
  }

  /** The entries of a map, each with its name and the place of the name. */
  map(key: string): [string, Place, Tree][] {
    const tree = this.#entries.get(key)?.value;
    if (tree?.kind !== 'map') return [];
    return [...tree.entries].flatMap(([name, { key: at, value }]): [string, Place, Tree][] =>
      this.#flawed.has(value) ? [] : [[name, at, value]],
    );
  }

  #items(key: string): Tree[] {
    const tree = this.#entries.get(key)?.value;
    return tree?.kind === 'list' ? tree.items.filter((item) => !this.#flawed.has(item)) : [];
  }
}

const scalarOf = (tree: Tree): ScalarTree[] => (tree.kind === 'scalar' ? [tree] : []);

const placed = (tree: Tree): PlacedText => ({
  text: tree.kind === 'scalar' ? String(tree.value) : '',
  at: tree.at,
  placeOf: tree.kind === 'scalar' ? tree.placeOf : () => tree.at,
});
