// The column that every question which declares a `process` has without a word: the container that a row's process is in.
// The runner reads it by the process of the row, so that no question need know of containers.
import type { Column } from './column.ts';

/** What it is called. A question that has a column of this name keeps its own. */
export const CONTAINER = 'container';

/** The column itself. Only the runner can fill it in: its function is never called. */
export const containerColumn: Extract<Column<unknown>, { text: unknown }> = {
  text: () => null,
  help: 'ID or name of the container that its process is in',
};

/** What of a question decides whether it has the column. */
interface OfProcesses {
  readonly lists?: string;
  readonly process?: string;
  // biome-ignore lint/suspicious/noExplicitAny: whatever the columns read
  readonly columns: Readonly<Record<string, Column<any>>>;
  readonly filters?: readonly string[];
  readonly dispensable?: readonly string[];
}

/** The question with the column, behind its own, if it declares a process. The list of containers needs none. */
export function withContainer<P extends OfProcesses>(plugin: P): P {
  const { lists, process, columns, filters = [], dispensable = [] } = plugin;
  if (process === undefined || lists === 'containers' || Object.hasOwn(columns, CONTAINER)) return plugin;
  return {
    ...plugin,
    columns: { ...columns, [CONTAINER]: containerColumn },
    filters: [...filters, CONTAINER],
    dispensable: [CONTAINER, ...dispensable],
  };
}
