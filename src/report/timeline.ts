// The output of `vestige timeline`, as text and JSON.
// `src/diff/timeline.ts` computes it.
import type { Lifetime, Lifetimes } from '../diff/timeline.ts';
import type { Row } from '../plugin/cell.ts';
import type { AnyPlugin } from '../plugin/contract.ts';
import type { Facts } from './answer.ts';
import { escapeText } from './escape.ts';
import { rowWriter } from './json.ts';
import { drawRecords } from './records.ts';
import { snapshotLine } from './snapshot-line.ts';
import type { Style } from './style.ts';
import { drawTable, hiddenLines, type TableOptions } from './table.ts';
import { wrap } from './width.ts';

/** What one question found over time. */
export interface PluginLifetimes extends Lifetimes {
  readonly plugin: AnyPlugin;
}

/** How a timeline is drawn. */
export interface TimelineOptions {
  /** Rows as records, one below the other. */
  readonly vertical?: boolean;
  readonly style: Style;
  readonly width: number;
  /** Show also what is in every snapshot. */
  readonly all: boolean;
}

/** Snapshots and, question by question, what came and went between them: ends in a newline. */
export function timelineText(
  snapshots: readonly Facts[],
  lives: readonly PluginLifetimes[],
  remarks: readonly string[],
  { style, width, all, vertical = false }: TimelineOptions,
): string {
  const lines = [
    style.title('Snapshots'),
    ...snapshots.map((facts, index) => {
      const number = `${String(index + 1).padStart(3)}  `;
      return number + snapshotLine(facts, Math.max(1, width - number.length));
    }),
    ...remarks.flatMap((remark) => wrap(escapeText(remark), width)).map((line) => style.warning(line)),
  ];
  for (const { plugin, lifetimes, notes } of lives) {
    const passing = all ? lifetimes : lifetimes.filter(({ count }) => count < snapshots.length);
    const shown = all ? passing : passing.filter(({ row }) => plugin.churn?.(row) !== true);
    const unlisted = [
      [lifetimes.length - passing.length, 'in every snapshot'],
      [passing.length - shown.length, 'came or went by themselves'],
    ].flatMap(([count, what]) => (count === 0 ? [] : [`; ${count} ${what}`]));
    lines.push('', style.title(`${plugin.name} (${shown.length}${unlisted.join('')})`));
    if (shown.length > 0) lines.push(...tableOf(plugin, shown, { style, width, header: true }, vertical));
    lines.push(
      ...notes.flatMap((note) => wrap(escapeText(`note: ${note}`), width)).map((line) => style.warning(line)),
    );
  }
  return `${lines.join('\n')}\n`;
}

function tableOf(
  plugin: AnyPlugin,
  lifetimes: readonly Lifetime[],
  options: TableOptions,
  vertical: boolean,
): readonly string[] {
  const number = { int: () => null };
  const columns = { first: number, last: number, in: number, ...plugin.columns } as AnyPlugin['columns'];
  const rows = lifetimes.map(
    ({ first, last, count, row }): Row => ({ first: first + 1, last: last + 1, in: count, ...row }),
  );
  const { dispensable = [], uncut = [], paths = [], ends } = plugin;
  const shape = {
    plugin: {
      columns,
      dispensable: [...dispensable, 'in'],
      uncut,
      paths,
      ...(ends === undefined ? {} : { ends }),
    },
    columns: Object.keys(columns),
    named: false,
    sorted: true,
  };
  const { lines, hidden } = (vertical ? drawRecords : drawTable)(shape, rows, options);
  return [
    ...lines,
    ...hiddenLines(hidden, '--vertical shows them', options.width).map((line) => options.style.faint(line)),
  ];
}

/** A timeline as plain JSON data: `first` and `last` are places in `snapshots`, counted from 0. */
export function timelineJson(
  snapshots: readonly Facts[],
  lives: readonly PluginLifetimes[],
  remarks: readonly string[],
): Readonly<Record<string, unknown>> {
  return {
    snapshots,
    remarks,
    results: lives.map(({ plugin, lifetimes, notes }) => {
      const write = rowWriter({ plugin, columns: Object.keys(plugin.columns) });
      return {
        plugin: plugin.name,
        version: plugin.version,
        lifetimes: lifetimes.map(({ first, last, count, row }) => ({ first, last, count, row: write(row) })),
        notes,
      };
    }),
  };
}
