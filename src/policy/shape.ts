// Checks the shape of a policy file against the schema.
// Every flaw becomes a problem with the nearest right word.
import { hint } from '../base/nearest.ts';
import type { Place, Problems } from './problem.ts';
import type { Schema } from './schema.ts';
import type { ScalarTree, Tree } from './yaml-tree.ts';

/**
 * Holds a value against a schema. Every flaw becomes a problem where it stands, with the nearest right word.
 *
 * @returns the values that are flawed, or have a flaw somewhere within
 */
export function checkShape(tree: Tree, schema: Schema, problems: Problems): ReadonlySet<Tree> {
  const check = new Check(problems);
  check.check(tree, schema, schema.description ?? 'this');
  return check.flawed;
}

class Check {
  readonly flawed = new Set<Tree>();
  readonly #problems: Problems;
  #flaws = 0;

  constructor(problems: Problems) {
    this.#problems = problems;
  }

  check(tree: Tree, schema: Schema, name: string): void {
    const before = this.#flaws;
    this.#checkOne(tree, schema, name);
    if (this.#flaws > before) this.flawed.add(tree);
  }

  #add(at: Place, message: string): void {
    this.#flaws++;
    this.#problems.add(at, message);
  }

  #checkOne(tree: Tree, schema: Schema, name: string): void {
    const types = schema.type === undefined ? undefined : [schema.type].flat();
    if (types !== undefined && !types.some((type) => isOfType(tree, type))) {
      this.#refuse(tree.at, schema, name, tree);
    } else if (tree.kind === 'map') this.#checkMap(tree, schema, name);
    else if (tree.kind === 'list') this.#checkList(tree, schema, name);
    else this.#checkScalar(tree, schema, name);
  }

  #checkMap(tree: Extract<Tree, { kind: 'map' }>, schema: Schema, name: string): void {
    const { properties = {}, required = [], additionalProperties, propertyNames } = schema;
    const known = Object.keys(properties);
    for (const [key, { key: at, value }] of tree.entries) {
      const own = Object.hasOwn(properties, key) ? properties[key] : undefined;
      if (own !== undefined) this.check(value, own, key);
      else if (additionalProperties === false) {
        this.#add(at, `${name} has no key ${key}${hint(key, known)}; there are ${known.join(', ')}`);
      } else if (additionalProperties !== undefined) {
        if (propertyNames !== undefined) this.#checkText(key, at, propertyNames, name);
        this.check(value, additionalProperties, key);
      }
    }
    for (const key of required) {
      if (!tree.entries.has(key)) this.#add(tree.at, `${name} lacks the key ${key}`);
    }
    if (tree.entries.size < (schema.minProperties ?? 0)) this.#refuse(tree.at, schema, name, tree);
  }

  #checkList(tree: Extract<Tree, { kind: 'list' }>, schema: Schema, name: string): void {
    const { items, maxItems = Number.POSITIVE_INFINITY } = schema;
    if (tree.items.length > maxItems)
      this.#add(tree.at, `${name} has ${tree.items.length} items, and may have ${maxItems}`);
    else if (items !== undefined)
      for (const item of tree.items) this.check(item, items, items.description ?? name);
  }

  #checkScalar(tree: ScalarTree, schema: Schema, name: string): void {
    const { value } = tree;
    if (typeof value === 'string') {
      this.#checkText(value, tree.at, schema, name);
      return;
    }
    const allowed = schema.enum;
    const number = Number(value);
    if ((allowed !== undefined && !allowed.includes(number)) || number < (schema.minimum ?? number))
      this.#refuse(tree.at, schema, name, tree);
  }

  #checkText(value: string, at: Place, schema: Schema, name: string): void {
    const { maxLength = Number.POSITIVE_INFINITY, minLength = 0, pattern } = schema;
    const words = schema.enum?.map(String);
    if (value.length > maxLength) {
      this.#add(at, `${name} is of ${value.length} characters, and may be of ${maxLength}`);
    } else if (words !== undefined && !words.includes(value)) {
      this.#add(at, `${wants(schema, name)}, not ${shown(value)}${hint(value, words)}`);
    } else if (value.length < minLength || (pattern !== undefined && !regex(pattern).test(value))) {
      this.#add(at, `${wants(schema, name)}, not ${shown(value)}`);
    }
  }

  #refuse(at: Place, schema: Schema, name: string, tree: Tree): void {
    this.#add(at, `${wants(schema, name)}, not ${kindText(tree)}`);
  }
}

const regexes = new Map<string, RegExp>();

/** A pattern of the schema: one of a dozen, for hundreds of values. */
function regex(pattern: string): RegExp {
  let made = regexes.get(pattern);
  if (made === undefined) regexes.set(pattern, (made = new RegExp(pattern, 'u')));
  return made;
}

const wants = ({ description, type }: Schema, name: string): string =>
  description === name
    ? `this must be ${name}`
    : `${name} wants ${description ?? TYPE_WORDS[[type].flat()[0]!]}`;

const TYPE_WORDS: Readonly<Record<string, string>> = { array: 'a list', object: 'a map' };

function isOfType({ kind, ...rest }: Tree, type: string): boolean {
  if (kind === 'map') return type === 'object';
  if (kind === 'list') return type === 'array';
  const value = 'value' in rest ? rest.value : null;
  return (
    { string: ['string'], integer: ['bigint'], number: ['bigint', 'number'], boolean: ['boolean'] }[
      type
    ]?.includes(typeof value) === true && value !== null
  );
}

/** What was found in place of what should be there. */
function kindText(tree: Tree): string {
  if (tree.kind === 'map') return tree.entries.size === 0 ? 'an empty map' : 'a map';
  if (tree.kind === 'list') return 'a list';
  if (tree.value === null) return 'nothing';
  return typeof tree.value === 'string' ? shown(tree.value) : String(tree.value);
}

/** A text in a message, cut where it is long. */
const shown = (value: string): string => JSON.stringify(value.length > 60 ? `${value.slice(0, 60)}…` : value);
