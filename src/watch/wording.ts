import type { TableDiff } from '../diff/tables.ts';
import type { Row } from '../plugin/cell.ts';

/** How many things of one kind appeared, vanished and changed. */
export interface Counted {
  /** `process`, `listener`, `open file`. */
  readonly noun: string;
  readonly plural: string;
  readonly appeared: number;
  readonly vanished: number;
  readonly changed: number;
}

type Noun = readonly [one: string, several: string];

/** What one row of a question is called. Questions that other people wrote have rows. */
function nounOf(plugin: string, row: Row): Noun {
  switch (plugin) {
    case 'pslist':
      return row['kernel'] === true ? ['kernel thread', 'kernel threads'] : ['process', 'processes'];
    case 'sockets':
      return row['state'] === 'LISTEN' ? ['listener', 'listeners'] : ['socket', 'sockets'];
    default:
      return NOUNS[plugin] ?? [`row of ${plugin}`, `rows of ${plugin}`];
  }
}

const NOUNS: Readonly<Record<string, Noun>> = {
  files: ['open file', 'open files'],
  maps: ['mapping', 'mappings'],
  env: ['variable', 'variables'],
  modules: ['module', 'modules'],
  dmesg: ['log line', 'log lines'],
  keys: ['key', 'keys'],
};

/** Counts what differs, by what an analyst calls it, in the order of the tables. */
export function countDifferences(tables: readonly TableDiff[]): Counted[] {
  const counts = new Map<string, Counted>();
  const count = (plugin: string, row: Row, what: 'appeared' | 'vanished' | 'changed'): void => {
    const [noun, plural] = nounOf(plugin, row);
    const before = counts.get(noun) ?? { noun, plural, appeared: 0, vanished: 0, changed: 0 };
    counts.set(noun, { ...before, [what]: before[what] + 1 });
  };
  for (const { plugin, added, removed, changed } of tables) {
    for (const row of added) count(plugin, row, 'appeared');
    for (const row of removed) count(plugin, row, 'vanished');
    for (const { after } of changed) count(plugin, after, 'changed');
  }
  return [...counts.values()];
}

/** `11 processes and 2 listeners new, 1 process gone`; `nothing new` where nothing differs. Holds no text of the evidence. */
export function countsText(counts: readonly Counted[]): string {
  const parts = [
    [listed(counts, 'appeared'), 'new'],
    [listed(counts, 'vanished'), 'gone'],
    [listed(counts, 'changed'), 'changed'],
  ].filter(([things]) => things !== '');
  return parts.length === 0 ? 'nothing new' : parts.map((part) => part.join(' ')).join(', ');
}

function listed(counts: readonly Counted[], what: 'appeared' | 'vanished' | 'changed'): string {
  const things = counts
    .filter((count) => count[what] > 0)
    .map(({ noun, plural, [what]: number }) => `${number} ${number === 1 ? noun : plural}`);
  return things.length < 2 ? things.join('') : `${things.slice(0, -1).join(', ')} and ${things.at(-1)}`;
}
