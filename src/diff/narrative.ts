// What happened between two snapshots, in the words of an analyst. Each question says what is told of its rows (`told`,
// `why`, `wording`, `ends.connections`); no question is known here by its name.
import type { Row } from '../plugin/cell.ts';
import { numberOf, textOf } from '../plugin/cell-text.ts';
import { type AnyPlugin, processColumn } from '../plugin/contract.ts';
import type { ThingChange, Told } from '../plugin/telling.ts';
import { lineOf, nounOf, pluralOf } from '../plugin/wording.ts';
import { Joins, reasonsByProcess } from '../triage/reasons.ts';
import { grouped } from '../triage/sections.ts';
import { connectionLines } from '../triage/sockets.ts';
import type { SocketLine } from '../triage/summary.ts';
import type { ChangedRow, Side, TableDiff } from './tables.ts';

/** One thing that happened between two snapshots, in words. */
export interface Event {
  readonly change: ThingChange;
  /** `process`, `listener`, `connection`, `module`, `key`, `mapping`. */
  readonly kind: string;
  /** `183 bash -i (user 33)`. */
  readonly what: string;
  /** Why it deserves a look; empty where nothing speaks for it. */
  readonly why: readonly string[];
}

/** What happened, the notable first in each kind; and what is only worth counting. */
export interface Narrative {
  readonly events: readonly Event[];
  /** `29 files opened or closed`: what the tables tell one by one. */
  readonly counts: readonly string[];
}

/** Tells what differs in the words of an analyst. `after` holds the second snapshot's whole answers, by plugin. */
export function narrativeOf(
  diffs: readonly TableDiff[],
  after: ReadonlyMap<string, Side>,
  plugins: readonly AnyPlugin[],
): Narrative {
  const rowsOf = (question: string): readonly Row[] => after.get(question)?.rows ?? [];
  let reasons: ReadonlyMap<number, readonly string[]> | undefined;
  const teller = new Teller(new Joins(plugins, rowsOf), (pid) => {
    reasons ??= reasonsByProcess(plugins, rowsOf);
    return reasons.get(pid) ?? [];
  });
  const events = inOrder(plugins).flatMap((plugin) => {
    const diff = diffs.find(({ plugin: name }) => name === plugin.name);
    return diff === undefined ? [] : [...connectionEvents(plugin, diff), ...teller.events(plugin, diff)];
  });
  return {
    events: events.sort((a, b) => ORDER.indexOf(a.change) - ORDER.indexOf(b.change)),
    counts: countsIn(diffs, plugins),
  };
}

const ORDER: readonly Event['change'][] = ['appeared', 'vanished', 'changed'];

/** Processes first, and last what only follows from a process. */
const inOrder = (plugins: readonly AnyPlugin[]): readonly AnyPlugin[] => {
  const rank = ({ lists, followsProcess }: AnyPlugin): number =>
    lists === 'processes' ? 0 : followsProcess === true ? 2 : 1;
  return [...plugins].sort((a, b) => rank(a) - rank(b));
};

/** Tells of rows as their questions declare it (`told`). */
class Teller {
  readonly #joins: Joins;
  /** Why a process deserves a look. Nobody reads all answers for it where nothing is told of a process. */
  readonly #reasonsOf: (pid: number) => readonly string[];

  constructor(joins: Joins, reasonsOf: (pid: number) => readonly string[]) {
    this.#joins = joins;
    this.#reasonsOf = reasonsOf;
  }

  events(plugin: AnyPlugin, diff: TableDiff): Event[] {
    if (plugin.told === undefined) return [];
    const told: Told = plugin.told === true ? {} : plugin.told;
    const isTold = (change: Event['change']): boolean => told.changes?.includes(change) ?? true;
    const [came, went] = [diff.added, diff.removed].map((rows) =>
      rows.filter(told.isWorthIt ?? (() => true)),
    );
    const { restarts, added, removed } = restartsIn(came!, went!, told.restarts);
    const again = restarts.map(
      ({ before, after }): Event => ({
        change: 'changed',
        kind: kindOf(plugin, after),
        what: `${lineOf(plugin, after)}: restarted, it was ${textOf(before[processColumn(plugin) ?? ''])}`,
        why: this.#whyNow(plugin, after),
      }),
    );
    return [
      ...(isTold('appeared') ? byWhy(this.#rows(plugin, 'appeared', added)) : []),
      ...(isTold('vanished') ? this.#rows(plugin, 'vanished', removed) : []),
      ...(isTold('changed')
        ? byWhy([...again, ...diff.changed.map((row) => this.#change(plugin, row))])
        : []),
    ];
  }

  #rows(plugin: AnyPlugin, change: 'appeared' | 'vanished', rows: readonly Row[]): Event[] {
    const together = plugin.wording?.together;
    const { noun, line, why }: Told = plugin.told === true ? {} : plugin.told!;
    if (together !== undefined) {
      const [one, several] = typeof noun === 'object' ? noun : [plugin.name, plugin.name];
      return grouped(rows, together).map(({ what, count }) => ({
        ...{ change, kind: count === 1 ? one : several, what, why: [] },
      }));
    }
    const usual = (row: Row): readonly string[] => (change === 'appeared' ? this.#whyNow(plugin, row) : []);
    return rows.map((row) => ({
      ...{ change, kind: kindOf(plugin, row), what: line?.(row) ?? lineOf(plugin, row) },
      why: why?.(row, change) ?? usual(row),
    }));
  }

  #change(plugin: AnyPlugin, changed: ChangedRow): Event {
    const { before, after, columns } = changed;
    const changes = columns.map(
      (name) => `${name} ${textOf(before[name]) || 'none'} → ${textOf(after[name]) || 'none'}`,
    );
    const { whyChanged }: Told = plugin.told === true ? {} : plugin.told!;
    return {
      change: 'changed',
      kind: kindOf(plugin, after),
      what: `${lineOf(plugin, after)}: ${changes.join(', ')}`,
      why: whyChanged?.(changed, () => this.#whyNow(plugin, after)) ?? [],
    };
  }

  /** Why a row deserves a look as it is now; of a process also what other questions say of it. */
  #whyNow(plugin: AnyPlugin, row: Row): readonly string[] {
    const column = processColumn(plugin);
    if (plugin.lists === 'processes') return this.#reasonsOf(numberOf(row[column ?? '']) ?? -1);
    return plugin.why?.(row, this.#joins.with(row, column)) ?? [];
  }
}

/** What an event calls the row. */
function kindOf(plugin: AnyPlugin, row: Row): string {
  const noun = typeof plugin.told === 'object' ? plugin.told.noun : undefined;
  return (typeof noun === 'function' ? noun(row) : (noun ?? nounOf(plugin, row)))[0];
}

/** Processes that went and came again. */
function restartsIn(added: readonly Row[], removed: readonly Row[], wordsOf: Told['restarts']) {
  if (wordsOf === undefined) return { restarts: [], added, removed };
  const word = (row: Row): string => JSON.stringify(wordsOf(row));
  const left = [...added];
  const restarts: { readonly before: Row; readonly after: Row }[] = [];
  const gone = removed.filter((before) => {
    const at = left.findIndex((row) => word(row) === word(before));
    if (at >= 0) restarts.push({ before, after: left.splice(at, 1)[0]! });
    return at < 0;
  });
  return { restarts, added: left, removed: gone };
}

const byWhy = (events: readonly Event[]): Event[] => [...events].sort((a, b) => b.why.length - a.why.length);

/** Who began to wait for others, or connected with them, and who no longer does. */
function connectionEvents(plugin: AnyPlugin, diff: TableDiff): Event[] {
  const tell = (change: Event['change'], rows: readonly Row[]): Event[] => {
    const { listening, established } = connectionLines(plugin, rows);
    const event = (kind: string, { protocol, local, remote, holders }: SocketLine): Event => ({
      ...{ change, kind },
      what: `${protocol} ${local}${remote === null ? '' : ` → ${remote}`} ${holders ?? 'of no process'}`,
      why: holders === null ? ['no process holds it'] : [],
    });
    return [
      ...listening.map((line) => event('listener', line)),
      ...established.map((line) => event('connection', line)),
    ];
  };
  return [...tell('appeared', diff.added), ...tell('vanished', diff.removed)];
}

/** How many rows of each question differ, under what they are called. */
function countsIn(diffs: readonly TableDiff[], plugins: readonly AnyPlugin[]): string[] {
  return diffs.flatMap(({ plugin, added, removed, changed }) => {
    const parts = [
      added.length > 0 ? `${added.length} new` : '',
      removed.length > 0 ? `${removed.length} gone` : '',
      changed.length > 0 ? `${changed.length} changed` : '',
    ].filter((part) => part !== '');
    return parts.length === 0
      ? []
      : [`${pluralOf(plugins.find(({ name }) => name === plugin) ?? { name: plugin })}: ${parts.join(', ')}`];
  });
}
