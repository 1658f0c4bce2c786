// What questions about processes say of those that somebody took out of the kernel's own structures.
// Observations of several questions use it.
import type { Row } from './cell.ts';
import { type Observation, shown } from './observation.ts';

/** What the kernel keeps every process in, as the column `views` calls it. */
const LISTS = [
  ['list', 'the task list'],
  ['pids', 'the table of process IDs'],
  ['children', "the list of its parent's children"],
] as const;

/** A sentence for each structure that lacks some; the rows have `pid`, `name`, `views` and `hidden`. */
export const hiddenProcesses: readonly Observation[] = LISTS.map(([view, words]) => ({
  of: ({ pid, name, views, hidden }: Row) =>
    hidden === true && !shown(views).split(',').includes(view)
      ? `${shown(pid)} (${shown(name)}; ${shown(views)})`
      : null,
  sentence: (things: string, count: number) =>
    `${count === 1 ? '1 process is' : `${count} processes are`} hidden, and not in ${words}: ${things}`,
}));
