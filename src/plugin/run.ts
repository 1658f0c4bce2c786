// Runs a question over a kernel: finds its things, reads each cell by itself, and bounds the work.
// A fault of the evidence costs one cell, or ends the walk with a note.
import { Budget, BudgetExceeded } from '../base/budget.ts';
import { EvidenceFault } from '../base/errors.ts';
import type { Linux } from '../kernel/linux/linux.ts';
import { type Absent, type Cell, type Row, soundCell } from './cell.ts';
import { CONTAINER, containerColumn } from './container-column.ts';
import {
  type AnyPlugin,
  type Column,
  type ColumnKind,
  kindOf,
  type Progress,
  processColumn,
} from './contract.ts';
import { LongTexts } from './long-text.ts';
import { noteMachineState } from './machine-state.ts';
import { completedOptions, REVEAL } from './options.ts';
import { SharedSweep } from './shared-sweep.ts';

/** What of all reads a single cell may have. */
const CELL_SHARE = 1 / 16;

/** A fault is made and thrown in the time of so many reads. */
const FAULT_COST = 100;

/** What of a plugin's answer is wanted. */
export interface Request {
  /** The plugin's own options, parsed. */
  readonly options: Readonly<Record<string, unknown>>;
  /** Columns to read, in this order; all where it is left out. Cells of other columns are never read. */
  readonly columns?: readonly string[];
  readonly progress?: Progress;
  /** What sweeps memory for this question and for others of the snapshot; one of its own where it is left out. */
  readonly sweep?: SharedSweep;
  /** Is told what each row is about, for who wants more of some of them. */
  readonly subjects?: WeakMap<Row, unknown>;
}

/**
 * Runs a plugin, settling every cell to a value or to the reason it is absent. What the evidence lacked is in
 * `kernel.notes` afterwards. An answer that reaches the limits of `kernel.space.memory` ends there, with a note. One
 * question of a memory at a time.
 */
export async function* runPlugin(plugin: AnyPlugin, kernel: Linux, request: Request): AsyncGenerator<Row> {
  const { memory } = kernel.space;
  const budget = new Budget(memory.limits);
  const texts = new LongTexts(budget);
  memory.chargeTo(budget);
  try {
    yield* rowsOf(plugin, kernel, request, budget, texts);
  } catch (fault) {
    // A generator that faults cannot be resumed. What it gave stands; that it stopped is said.
    if (!(fault instanceof EvidenceFault || fault instanceof BudgetExceeded)) throw fault;
    if (fault instanceof BudgetExceeded) memory.discardRecord();
    kernel.note(`${plugin.name} stopped early: ${fault.message}`);
  } finally {
    memory.chargeTo(null);
    for (const sentence of texts.notes()) kernel.note(sentence);
  }
}

async function* rowsOf(
  plugin: AnyPlugin,
  kernel: Linux,
  request: Request,
  budget: Budget,
  texts: LongTexts,
): AsyncGenerator<Row> {
  const { options, columns, subjects } = request;
  const chosen = completedOptions(plugin, options);
  const readers = await readersOf(plugin, kernel, columns, chosen[REVEAL] === true);
  let isEmpty = true;
  for await (const subject of await subjectsOf(plugin, kernel, { ...request, options: chosen }, budget)) {
    isEmpty = false;
    const row: Record<string, Cell> = {};
    let textBytes = 0;
    for (const reader of readers) {
      const cell = settle(reader, subject, budget);
      if (typeof cell !== 'string') row[reader.name] = cell;
      else textBytes += (row[reader.name] = texts.fitted(cell, reader.name)).length;
    }
    budget.row(textBytes);
    subjects?.set(row, subject);
    yield row;
  }
  if (isEmpty) await noteMachineState(kernel);
}

async function subjectsOf(
  plugin: AnyPlugin,
  kernel: Linux,
  { options, progress, sweep = new SharedSweep() }: Request,
  budget: Budget,
): Promise<Iterable<unknown> | AsyncIterable<unknown>> {
  const { name, walker, subjects, scans } = plugin;
  if (subjects !== undefined) {
    const finds = scans === undefined ? {} : await sweep.findsFor(plugin, kernel, budget, progress);
    return subjects(kernel, options, { finds, ...(progress === undefined ? {} : { progress }) });
  }
  if (walker === undefined) throw new Error(`${name} has neither a walker nor subjects`);
  const { walkers } = await import('../kernel/linux/walkers.ts');
  return (await walkers[walker]())(kernel);
}

interface Reader {
  readonly name: string;
  readonly kind: ColumnKind;
  readonly read: (subject: unknown) => Exclude<Cell, Absent>;
}

async function readersOf(
  plugin: AnyPlugin,
  kernel: Linux,
  columns: readonly string[] = Object.keys(plugin.columns),
  isRevealed: boolean,
): Promise<Reader[]> {
  const readers = columns.map((name) => readerOf(plugin, name, isRevealed));
  const at = columns.indexOf(CONTAINER);
  if (at !== -1 && plugin.columns[CONTAINER] === containerColumn)
    readers[at] = await containerReader(plugin, kernel);
  return readers;
}

/** Reads the container of a row's process. */
async function containerReader(plugin: AnyPlugin, kernel: Linux): Promise<Reader> {
  const { ContainersByPid } = await import('../kernel/linux/process/containers-by-pid.ts');
  const containers = new ContainersByPid(kernel);
  const process = readerOf(plugin, processColumn(plugin)!, false);
  const read = (subject: unknown): string | null => {
    const pid = process.read(subject);
    return typeof pid === 'number' || typeof pid === 'bigint' ? containers.of(Number(pid)) : null;
  };
  return { name: CONTAINER, kind: 'text', read };
}

/** What stands for a cell that is secret. */
const HIDDEN = 'hidden';

function readerOf(plugin: AnyPlugin, name: string, isRevealed: boolean): Reader {
  const column = plugin.columns[name] as Column<unknown>;
  const kind = kindOf(column);
  const read = (column as Readonly<Record<ColumnKind, Reader['read']>>)[kind];
  if (isRevealed || !('secret' in column)) return { name, kind, read };
  return { name, kind, read: (subject) => (read(subject) === null ? null : HIDDEN) };
}

function settle({ read, kind }: Reader, subject: unknown, budget: Budget): Cell {
  try {
    return soundCell(
      budget.within(CELL_SHARE, () => read(subject)),
      kind,
    );
  } catch (fault) {
    if (!(fault instanceof EvidenceFault)) throw fault;
    budget.spend(FAULT_COST);
    return { absent: fault.code };
  }
}
