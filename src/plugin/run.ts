import { EvidenceFault } from '../base/errors.ts';
import type { Linux } from '../kernel/linux/linux.ts';
import { type Absent, type Cell, type Row, soundCell } from './cell.ts';
import { type AnyPlugin, type Column, type ColumnKind, kindOf, type Progress } from './contract.ts';

/** What of a plugin's answer is wanted. */
export interface Request {
  /** The plugin's own options, parsed. */
  readonly options: Readonly<Record<string, unknown>>;
  /** Columns to read, in this order; all where it is left out. Cells of other columns are never read. */
  readonly columns?: readonly string[];
  readonly progress?: Progress;
}

/**
 * Runs a plugin, settling every cell to a value or to the reason it is absent. What the evidence lacked is in
 * `kernel.notes` afterwards.
 */
export async function* runPlugin(plugin: AnyPlugin, kernel: Linux, request: Request): AsyncGenerator<Row> {
  const readers = (request.columns ?? Object.keys(plugin.columns)).map((name) => readerOf(plugin, name));
  for await (const subject of endingWithNote(plugin, kernel, request)) {
    const row: Record<string, Cell> = {};
    for (const reader of readers) row[reader.name] = settle(reader, subject);
    yield row;
  }
}

interface Reader {
  readonly name: string;
  readonly kind: ColumnKind;
  readonly read: (subject: unknown) => Exclude<Cell, Absent>;
}

function readerOf(plugin: AnyPlugin, name: string): Reader {
  const column = plugin.columns[name] as Column<unknown>;
  const [read] = Object.values(column) as [Reader['read']];
  return { name, kind: kindOf(column), read };
}

function settle({ read, kind }: Reader, subject: unknown): Cell {
  try {
    return soundCell(read(subject), kind);
  } catch (fault) {
    if (!(fault instanceof EvidenceFault)) throw fault;
    return { absent: fault.code };
  }
}

/** A generator that faults cannot be resumed. What it gave stands; that it stopped is said. */
async function* endingWithNote(
  plugin: AnyPlugin,
  kernel: Linux,
  { options, progress }: Request,
): AsyncGenerator<unknown> {
  try {
    yield* plugin.subjects(kernel, options, progress);
  } catch (fault) {
    if (!(fault instanceof EvidenceFault)) throw fault;
    kernel.note(`${plugin.name} stopped early: ${fault.message}`);
  }
}
