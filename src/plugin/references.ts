// Which columns name rows of other questions: what can be joined with what.
// Questions declare it (`references`). That a row's process and its container are named in their lists goes without saying.
import { hint } from '../base/nearest.ts';
import { CONTAINER, containerColumn } from './container-column.ts';
import { type AnyPlugin, kindOf, listOf, processColumn } from './contract.ts';

/** A column whose cells are those of a column of another question, or of the same. */
export interface Reference {
  readonly column: string;
  readonly question: string;
  readonly of: string;
}

/** All references of a question, that of its process first. */
export function referencesOf(plugin: AnyPlugin, plugins: readonly AnyPlugin[]): readonly Reference[] {
  const list = listOf(plugins, 'processes');
  const [own, number] = [processColumn(plugin), list === undefined ? undefined : processColumn(list)];
  const process =
    list === undefined || list === plugin || own === undefined || number === undefined
      ? []
      : [{ column: own, question: list.name, of: number }];
  return [
    ...process,
    ...declared(plugin).filter(({ column }) => process[0]?.column !== column),
    ...containerOf(plugin, plugins),
  ];
}

/** Every question of processes names containers, without a word too. */
function containerOf({ columns }: AnyPlugin, plugins: readonly AnyPlugin[]): Reference[] {
  const list = listOf(plugins, 'containers');
  return list === undefined || columns[CONTAINER] !== containerColumn
    ? []
    : [{ column: CONTAINER, question: list.name, of: 'id' }];
}

/** Why a declared reference leads nowhere; undefined where all lead to a column. */
export function flawInReferences(plugin: AnyPlugin, plugins: readonly AnyPlugin[]): string | undefined {
  for (const { column, question, of } of declared(plugin)) {
    const names = plugins.map(({ name }) => name);
    const target = plugins.find(({ name }) => name === question);
    if (!Object.hasOwn(plugin.columns, column)) return 'references must name columns';
    if (target === undefined)
      return `${column} references ${question}, and there is no such question${hint(question, names)}`;
    if (!Object.hasOwn(target.columns, of))
      return `${column} references ${question}.${of}, and ${question} has no such column${hint(of, Object.keys(target.columns))}`;
    const [kind, other] = [kindOf(plugin.columns[column]!), kindOf(target.columns[of]!)];
    if (kind !== other)
      return `${column} is of kind ${kind}, and references ${question}.${of}, which is of kind ${other}`;
  }
  return undefined;
}

const declared = ({ references = {} }: AnyPlugin): Reference[] =>
  Object.entries(references as Readonly<Record<string, string>>).map(([column, target]) => {
    const [question = '', of = ''] = target.split('.');
    return { column, question, of };
  });
