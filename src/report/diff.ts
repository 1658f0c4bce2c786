// Differences between two snapshots: a screen of text, tables of rows, JSON.
// `src/diff` compares; nothing is decided here.
import { durationText } from '../base/duration.ts';
import type { Comparison } from '../diff/comparison.ts';
import type { Event } from '../diff/narrative.ts';
import type { Relation } from '../diff/relation.ts';
import type { Folding, TableDiff } from '../diff/tables.ts';
import { type Cell, isAbsent, type Row } from '../plugin/cell.ts';
import { type AnyPlugin, kindOf } from '../plugin/contract.ts';
import type { Facts } from './answer.ts';
import { cellText } from './cell.ts';
import { escapeText } from './escape.ts';
import { rowWriter } from './json.ts';
import { drawRecords } from './records.ts';
import { snapshotLine } from './snapshot-line.ts';
import type { Style } from './style.ts';
import { drawTable, hiddenLines, type TableOptions } from './table.ts';
import { atMost, padEnd, truncate, widthOf, wrap } from './width.ts';

/** Both sides of a comparison. */
export interface Sides {
  readonly before: Facts;
  readonly after: Facts;
}

/** Events of one kind that the summary lists; what is left out is counted, and all are in the tables. */
const MOST_EVENTS = 12;
/** Lines that one event may take. */
const MOST_LINES = 3;
const HEADINGS: Readonly<Record<Event['change'], string>> = {
  appeared: 'Appeared',
  vanished: 'Vanished',
  changed: 'Changed',
};

/** What happened between two snapshots, on one screen: no line wider than `width`, ends in a newline. */
export function diffText(sides: Sides, comparison: Comparison, style: Style, width: number): string {
  const { story, tables } = comparison;
  const lines = headLines(sides, comparison, style, width);
  const kindWidth = Math.max(0, ...story.events.map(({ kind }) => widthOf(kind)));
  for (const change of ['appeared', 'vanished', 'changed'] as const) {
    const events = story.events.filter((event) => event.change === change);
    if (events.length === 0) continue;
    lines.push('', `${style.title(HEADINGS[change])}  ${style.faint(String(events.length))}`);
    lines.push(...kindsIn(events).flatMap((same) => eventLines(same, kindWidth, style, width)));
  }
  if (story.events.length === 0) lines.push('', 'Nothing that is worth a line has changed.');
  const section = (title: string, sentences: readonly string[], paint: (text: string) => string): void => {
    if (sentences.length === 0) return;
    lines.push('', style.title(title));
    lines.push(
      ...sentences
        .flatMap((sentence) => wrap(escapeText(sentence), width - 2))
        .map((line) => `  ${paint(line)}`),
    );
  };
  section('In the tables', story.counts, (text) => text);
  section('Not listed (--all does)', foldedTexts(tables), style.faint);
  section('Not certain, or not compared', uncertainTexts(tables), style.warning);
  return `${lines.join('\n')}\n`;
}

/** How two snapshots belong together: `the same machine, the same boot, 3 min 13 s later`. */
export function relationText({ machine, boot, kernel, elapsedSeconds }: Relation): string {
  return [
    {
      same: 'the same machine',
      likely: 'likely the same machine',
      other: 'another machine',
      unknown: 'perhaps the same machine',
    }[machine],
    { same: 'the same boot', other: 'another boot', unknown: 'perhaps another boot' }[boot],
    ...(kernel === 'same' ? [] : ['another kernel']),
    ...(elapsedSeconds === null
      ? []
      : [
          elapsedSeconds < 0
            ? `${durationText(-elapsedSeconds)} earlier`
            : `${durationText(elapsedSeconds)} later`,
        ]),
  ].join(', ');
}

function headLines(
  { before, after }: Sides,
  { relation }: Comparison,
  style: Style,
  width: number,
): string[] {
  const name = after.kernel.hostname ?? after.kernel.machineId ?? 'no host name';
  const side = (title: string, facts: Facts): string =>
    `${style.faint(padEnd(title, 6))} ${snapshotLine(facts, Math.max(1, width - 7))}`;
  return [
    `${style.title(truncate(escapeText(name), width))}  ${relationText(relation)}`,
    side('before', before),
    side('after', after),
    ...relation.remarks
      .flatMap((remark) => wrap(escapeText(remark), width))
      .map((line) => style.warning(line)),
  ];
}

/** The events kind by kind, in the order in which the kinds first occur. */
const kindsIn = (events: readonly Event[]): Event[][] =>
  [...new Set(events.map(({ kind }) => kind))].map((kind) => events.filter((event) => event.kind === kind));

function eventLines(events: readonly Event[], kindWidth: number, style: Style, width: number): string[] {
  const shown = events.slice(0, MOST_EVENTS);
  const more = events.length - shown.length;
  const lines = shown.flatMap(({ kind, what, why }) => {
    const head = `  ${padEnd(kind, kindWidth)}  `;
    const room = Math.max(1, width - widthOf(head));
    // What a process was started with may be cut; an address may not.
    const said = escapeText(what);
    const [first = '', ...below] =
      kind === 'process' ? [truncate(said, room)] : atMost(wrap(said, room), MOST_LINES, room);
    const lead = [head + first, ...below.map((text) => ' '.repeat(widthOf(head)) + text)];
    if (why.length === 0) return lead;
    const reasons = escapeText(why.join('; '));
    if (below.length === 0 && widthOf(head + first) + 2 + widthOf(reasons) <= width)
      return [`${head + first}  ${style.danger(reasons)}`];
    return [
      ...lead,
      ...wrap(reasons, Math.max(1, room - 2)).map(
        (text) => `${' '.repeat(widthOf(head) + 2)}${style.danger(text)}`,
      ),
    ];
  });
  return more > 0 ? [...lines, style.faint(`  … and ${more} more`)] : lines;
}

const FOLDINGS: Readonly<Record<Folding, string>> = {
  churn: 'came or went by themselves',
  counters: 'only counted on',
  ofProcesses: 'came or went with their process',
};

/** What differs and is not listed, as sentences. */
export function foldedTexts(tables: readonly TableDiff[]): string[] {
  return tables.flatMap(({ plugin, folded }) => {
    const parts = (Object.keys(FOLDINGS) as Folding[]).flatMap((folding) =>
      folded[folding] > 0 ? [`${folded[folding]} ${FOLDINGS[folding]}`] : [],
    );
    return parts.length === 0 ? [] : [`${plugin}: ${parts.join(', ')}`];
  });
}

/** What may differ, and what was not compared, as sentences that may quote the evidence. */
export function uncertainTexts(tables: readonly TableDiff[]): string[] {
  return tables.flatMap(({ plugin, unsure, notes }) => {
    const count = (side: 'before' | 'after'): number => unsure.filter((row) => row.side === side).length;
    return [
      ...(count('after') > 0
        ? [
            `${plugin}: ${count('after')} rows are in the second snapshot only, and the first was not read whole`,
          ]
        : []),
      ...(count('before') > 0
        ? [
            `${plugin}: ${count('before')} rows are in the first snapshot only, and the second was not read whole`,
          ]
        : []),
      ...notes.map((note) => `${plugin}: ${note}`),
    ];
  });
}

/** Differing rows as rows of a table of their own. */
export interface DiffColumns extends Pick<AnyPlugin, 'uncut' | 'paths' | 'ends'> {
  /** `±` and the question's own; those with a changed value hold text. */
  readonly columns: AnyPlugin['columns'];
  readonly rows: readonly Row[];
  readonly dispensable: readonly string[];
}

/** The differing rows of one question: `+` is new, `-` is gone, `~` has changed, with both values in a cell. */
export function diffColumns(plugin: AnyPlugin, diff: TableDiff): DiffColumns {
  const { added, removed, changed, unsure } = diff;
  const touched = new Set(changed.flatMap(({ columns }) => columns));
  const marked = (mark: string, row: Row): Row => ({ ...textCells(plugin, row, touched), '±': mark });
  const rows = [
    ...added.map((row) => marked('+', row)),
    ...removed.map((row) => marked('-', row)),
    ...changed.map(({ before, after, columns }) => ({
      ...marked('~', after),
      ...Object.fromEntries(
        columns.map((name) => [
          name,
          `${word(plugin, name, before[name]!)} → ${word(plugin, name, after[name]!)}`,
        ]),
      ),
    })),
    ...unsure.map(({ row, side }) => marked(side === 'after' ? '+?' : '-?', row)),
  ];
  const names = ['±', ...Object.keys(plugin.columns)];
  const columns = Object.fromEntries(
    names.map((name) => [
      name,
      name === '±' || touched.has(name) ? { text: () => null } : plugin.columns[name]!,
    ]),
  ) as AnyPlugin['columns'];
  // What has changed is what the reader is here for: it is hidden last.
  const dispensable = (plugin.dispensable ?? []).filter((name) => !touched.has(name));
  const { uncut = [], paths = [], ends } = plugin;
  const isTouched = ends !== undefined && [...ends.local, ...ends.remote].some((name) => touched.has(name));
  return { columns, rows, dispensable, uncut, paths, ...(ends === undefined || isTouched ? {} : { ends }) };
}

/** The differing rows of one question as lines: of a table, or `vertical` as records. */
export function diffTable(
  plugin: AnyPlugin,
  diff: TableDiff,
  options: TableOptions & { readonly vertical?: boolean },
): readonly string[] {
  const { rows, ...drawn } = diffColumns(plugin, diff);
  const shape = { plugin: drawn, columns: Object.keys(drawn.columns), named: false, sorted: true };
  const { lines, hidden } = (options.vertical === true ? drawRecords : drawTable)(shape, rows, options);
  return [
    ...lines,
    ...hiddenLines(hidden, '--vertical shows them', options.width).map((line) => options.style.faint(line)),
  ];
}

/** The cells of touched columns as text, since they stand below pairs of values. */
const textCells = (plugin: AnyPlugin, row: Row, touched: ReadonlySet<string>): Row =>
  Object.fromEntries(
    Object.entries(row).map(([name, cell]) => [
      name,
      touched.has(name) && !isAbsent(cell) && cell !== null ? word(plugin, name, cell) : cell,
    ]),
  );

/** A cell as it stands beside another; strings are escaped when the table is drawn. */
const word = (plugin: AnyPlugin, name: string, cell: Cell): string =>
  typeof cell === 'string' ? cell : cell === null ? 'none' : cellText(kindOf(plugin.columns[name]!), cell);

/** A comparison as plain JSON data. */
export function diffJson(
  { before, after }: Sides,
  { relation, story, tables }: Comparison,
  plugins: readonly AnyPlugin[],
): Readonly<Record<string, unknown>> {
  return {
    before,
    after,
    relation,
    story,
    results: tables.map(({ plugin: name, added, removed, changed, unsure, ...rest }) => {
      const plugin = plugins.find((candidate) => candidate.name === name)!;
      const write = rowWriter({ plugin, columns: Object.keys(plugin.columns) });
      return {
        plugin: name,
        version: plugin.version,
        added: added.map(write),
        removed: removed.map(write),
        changed: changed.map((row) => ({
          columns: row.columns,
          before: write(row.before),
          after: write(row.after),
        })),
        unsure: unsure.map(({ row, side }) => ({ side, row: write(row) })),
        ...rest,
      };
    }),
  };
}
