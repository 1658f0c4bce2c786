// The variables and functions that expressions of a policy may use, with their types.
// Types follow from the columns of the questions.
import { Environment } from '@marcbachmann/cel-js';
import type { AnyPlugin } from '../plugin/contract.ts';
import { listOf, processColumn } from '../plugin/contract.ts';
import { type Reference, referencesOf } from '../plugin/references.ts';
import {
  allRowsClass,
  ofProcessClass,
  referredClass,
  Sets,
  type SetValue,
  SNAPSHOT_FIELDS,
  SnapshotView,
} from './condition-variables.ts';
import type { Frame } from './expression.ts';
import { LINEAR_MATCHES } from './logic.ts';
import type { Meter } from './reading.ts';
import { patternOf } from './regex.ts';
import { type RowClass, rowClass } from './rows.ts';
import type { Change } from './verdict.ts';

/** Bounds of one expression. */
const LIMITS = {
  maxAstNodes: 2000,
  maxDepth: 64,
  maxListElements: 1000,
  maxMapEntries: 100,
  maxCallArguments: 8,
};

/** An environment without variables: the functions that expressions may call. */
export const emptyEnvironment = (meter: Meter): Environment =>
  new Environment({ limits: LIMITS }).registerFunction(
    `string.${LINEAR_MATCHES}(string): bool`,
    (text: string, source: string) => {
      const { test, size } = patternOf(source);
      meter.spend(1 + ((text.length * size) >> 6));
      return test(text);
    },
    { async: false },
  );

/** The variable that holds all sets. */
export function withSets(environment: Environment, sets: ReadonlyMap<string, SetValue>): Environment {
  const fields = Object.fromEntries([...sets].map(([name, { type }]) => [name, type]));
  return environment.registerType('sets', { ctor: Sets, fields }).registerVariable('sets', 'sets');
}

/** What the words of a policy's expressions mean: variables and their types. Made once for a policy. */
export class Vocabulary {
  readonly meter: Meter;
  readonly sets: Sets;
  readonly rows: ReadonlyMap<string, RowClass>;
  /** The question that lists the processes. */
  readonly processes: string | undefined;
  /** Plugins whose rows belong to processes. */
  readonly ofProcesses: readonly string[];
  /** The column that names the process, by plugin. */
  readonly processColumns: ReadonlyMap<string, string>;
  readonly ofProcess: ReturnType<typeof ofProcessClass>;
  readonly allRows: ReturnType<typeof allRowsClass>;
  /** What a row's columns name besides its process, by plugin: none where they name nothing. */
  readonly references: ReadonlyMap<string, ReferredClass>;
  readonly #base: Environment;
  readonly #members: ReadonlyMap<string, readonly string[]>;
  readonly #frames = new Map<string, Frame>();

  constructor(plugins: readonly AnyPlugin[], sets: ReadonlyMap<string, SetValue>, meter: Meter) {
    this.meter = meter;
    this.sets = new Sets(sets);
    this.rows = new Map(plugins.map((plugin) => [plugin.name, rowClass(plugin, meter)]));
    this.processes = listOf(plugins, 'processes')?.name;
    this.processColumns = new Map(
      plugins.flatMap((plugin) => {
        const column = processColumn(plugin);
        return column === undefined ? [] : [[plugin.name, column] as const];
      }),
    );
    this.ofProcesses = [...this.processColumns.keys()];
    this.ofProcess = ofProcessClass(this.ofProcesses);
    this.allRows = allRowsClass(this.rows.keys());
    this.references = new Map(
      plugins.flatMap((plugin) => {
        const named = referencesOf(plugin, plugins).filter(({ column }) => column !== processColumn(plugin));
        return named.length === 0 ? [] : [[plugin.name, this.#referredClass(plugin.name, named)] as const];
      }),
    );
    const environment = withSets(emptyEnvironment(meter), sets);
    const lists = (names: Iterable<string>): Record<string, string> =>
      Object.fromEntries([...names].map((name) => [name, `list<${this.rows.get(name)!.typeName}>`]));
    const types = [
      ...this.rows.values(),
      ...this.references.values(),
      { typeName: 'its', ctor: this.ofProcess, fields: lists(this.ofProcesses) },
      { typeName: 'all', ctor: this.allRows, fields: lists(this.rows.keys()) },
      { typeName: 'snapshot', ctor: SnapshotView, fields: { ...SNAPSHOT_FIELDS } },
    ];
    for (const { typeName, ctor, fields } of types) environment.registerType(typeName, { ctor, fields });
    this.#base = environment.registerVariable('all', 'all').registerVariable('snapshot', 'snapshot');
    this.#members = new Map([
      ['sets', [...sets.keys()]],
      ...types.map(({ typeName, fields }) => [typeName, Object.keys(fields)] as const),
    ]);
  }

  /** What an expression over one row of a plugin may speak of. */
  overRow(plugin: string, change: Change | null): Frame {
    const isChanged = change === 'changed';
    const key = `${plugin} ${isChanged}`;
    const known = this.#frames.get(key);
    if (known !== undefined) return known;
    const { typeName } = this.rows.get(plugin)!;
    const variables: Record<string, string> = { row: typeName };
    const missing: Record<string, string> = { ...OF_COUNTS };
    if (isChanged) Object.assign(variables, { before: typeName, changed: 'list<string>' });
    else Object.assign(missing, OF_CHANGES);
    if (this.ofProcesses.includes(plugin)) {
      variables['its'] = 'its';
      if (this.processes !== undefined) variables['process'] = this.rows.get(this.processes)!.typeName;
    } else {
      for (const name of ['its', 'process']) missing[name] = `rows of ${plugin} belong to no process`;
    }
    const named = this.references.get(plugin);
    if (named !== undefined) variables['ref'] = named.typeName;
    else missing['ref'] = `no column of ${plugin} names a row of another question`;
    const frame = { ...this.#frame(variables, missing), references: named?.questions ?? NONE };
    this.#frames.set(key, frame);
    return frame;
  }

  /** What the message about a count may speak of: how many rows there are, and of which group. */
  overCount(group: string | undefined): Frame {
    const missing = Object.fromEntries(
      ['row', 'process', 'its', 'ref', 'before', 'changed'].map((name) => [
        name,
        'a count is not about one row',
      ]),
    );
    return group === undefined
      ? this.#frame({ count: 'int' }, { ...missing, group: OF_COUNTS.group })
      : this.#frame({ count: 'int', group }, missing);
  }

  #frame(variables: Readonly<Record<string, string>>, missing: Readonly<Record<string, string>>): Frame {
    const environment = this.#base.clone();
    for (const [name, type] of Object.entries(variables)) environment.registerVariable(name, type);
    const names = [...Object.keys(variables), 'all', 'snapshot', 'sets'];
    const words = { variables: names, members: this.#members, missing };
    return { environment, meter: this.meter, words, processes: this.processes, references: NONE };
  }

  #referredClass(plugin: string, references: readonly Reference[]): ReferredClass {
    return {
      typeName: `${plugin} references`,
      ctor: referredClass(references),
      fields: Object.fromEntries(
        references.map(({ column, question }) => [column, this.rows.get(question)!.typeName]),
      ),
      questions: new Map(references.map(({ column, question }) => [column, question])),
    };
  }
}

/** What `ref` is in expressions over the rows of one question. */
interface ReferredClass {
  readonly typeName: string;
  readonly ctor: ReturnType<typeof referredClass>;
  /** The type in CEL of the row that each column names. */
  readonly fields: Readonly<Record<string, string>>;
  /** The question that each column names a row of. */
  readonly questions: ReadonlyMap<string, string>;
}

const NONE: ReadonlyMap<string, string> = new Map();

const OF_COUNTS = {
  count: 'there is one only in the message of a rule that counts',
  group: 'there is one only in the message of a rule that counts for each value of per',
};
const OF_CHANGES = {
  before: 'there is one only in rules over changed rows',
  changed: 'there is one only in rules over changed rows',
};
