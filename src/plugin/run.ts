import { EvidenceFault } from '../base/errors.ts';
import type { Linux } from '../kernel/linux/linux.ts';
import { type Absent, type Cell, isAbsent, type Row } from './cell.ts';
import type { AnyPlugin, Column, Progress } from './contract.ts';

/** What of a plugin's answer is wanted. */
export interface Request {
  /** The plugin's own options, parsed. */
  readonly options: Readonly<Record<string, unknown>>;
  /** Columns to read, in this order; all where it is left out. Cells of other columns are never read. */
  readonly columns?: readonly string[];
  /** Column → does this cell pass? A row is kept when all pass. */
  readonly filters?: ReadonlyMap<string, (cell: Cell) => boolean>;
  readonly progress?: Progress;
}

/**
 * Runs a plugin, settling every cell to a value or to the reason it is absent. What the evidence lacked is in
 * `kernel.notes` afterwards. A row whose filter cell is absent is left out, and the notes say how many were.
 */
export async function* runPlugin(plugin: AnyPlugin, kernel: Linux, request: Request): AsyncGenerator<Row> {
  const { filters = new Map<string, (cell: Cell) => boolean>(), progress } = request;
  const readers = (request.columns ?? Object.keys(plugin.columns)).map((name) => readerOf(plugin, name));
  const tests = [...filters].map(([name, passes]) => ({ ...readerOf(plugin, name), passes }));
  let undecided = 0;
  for await (const subject of endingWithNote(plugin, kernel, request.options, progress)) {
    let kept = true;
    for (const { read, passes } of tests) {
      const cell = settle(read, subject);
      if (isAbsent(cell)) undecided++;
      if (isAbsent(cell) || !passes(cell)) {
        kept = false;
        break;
      }
    }
    if (!kept) continue;
    const row: Record<string, Cell> = {};
    for (const { name, read } of readers) row[name] = settle(read, subject);
    yield row;
  }
  if (undecided > 0) kernel.note(`${plugin.name}: ${undecided} rows left out, the cell to filter by could not be read`);
}

interface Reader {
  readonly name: string;
  readonly read: (subject: unknown) => Exclude<Cell, Absent>;
}

function readerOf(plugin: AnyPlugin, name: string): Reader {
  const column = plugin.columns[name] as Column<unknown>;
  const [read] = Object.values(column) as [Reader['read']];
  return { name, read };
}

function settle(read: Reader['read'], subject: unknown): Cell {
  try {
    return read(subject);
  } catch (fault) {
    if (!(fault instanceof EvidenceFault)) throw fault;
    return { absent: fault.code };
  }
}

/** A generator that faults cannot be resumed. What it gave stands; that it stopped is said. */
async function* endingWithNote(
  plugin: AnyPlugin,
  kernel: Linux,
  options: Request['options'],
  progress: Progress | undefined,
): AsyncGenerator<unknown> {
  try {
    yield* plugin.subjects(kernel, options, progress);
  } catch (fault) {
    if (!(fault instanceof EvidenceFault)) throw fault;
    kernel.note(`${plugin.name} stopped early: ${fault.message}`);
  }
}
