// The answers about a snapshot as conditions see them.
// Everything is made when it is first asked for.
import type { Side } from '../diff/tables.ts';
import { isAbsent } from '../plugin/cell.ts';
import { AbsentRead, NullRead } from './reading.ts';
import { ROW, type RowView } from './rows.ts';
import type { Rows } from './shelves.ts';
import type { Vocabulary } from './vocabulary.ts';

/** The answers about one snapshot as conditions see them. Everything is made when it is first asked for. */
export class World implements Rows {
  readonly #answers: ReadonlyMap<string, Side>;
  readonly #vocabulary: Vocabulary;
  readonly #views = new Map<string, readonly RowView[]>();
  readonly #ofProcesses = new Map<string, ProcessIndex>();

  constructor(answers: ReadonlyMap<string, Side>, vocabulary: Vocabulary) {
    this.#answers = answers;
    this.#vocabulary = vocabulary;
  }

  has(plugin: string): boolean {
    return this.#answers.has(plugin);
  }

  all(plugin: string): readonly RowView[] {
    const made = this.#views.get(plugin);
    if (made !== undefined) return made;
    const answer = this.#answers.get(plugin);
    if (answer === undefined) throw new AbsentRead(`${plugin} gave no answer`);
    const { ctor: View } = this.#vocabulary.rows.get(plugin)!;
    const views = answer.rows.map((row) => new View(row));
    this.#views.set(plugin, views);
    return views;
  }

  ofProcess(plugin: string, pid: number): readonly RowView[] {
    let index = this.#ofProcesses.get(plugin);
    if (index === undefined) {
      index = indexOf(this.all(plugin), this.#vocabulary.processColumns.get(plugin) ?? '');
      this.#ofProcesses.set(plugin, index);
    }
    return index.rows.get(pid) ?? [];
  }

  /** The row of a process. @throws AbsentRead where the list of processes lacks it */
  process(pid: number): RowView {
    const { processes } = this.#vocabulary;
    const [found] = processes === undefined ? [] : this.ofProcess(processes, pid);
    if (found === undefined) throw new AbsentRead(`process ${pid} is not in ${processes}`);
    return found;
  }

  /** What is missing of a plugin's answer: where there is anything, a row that was not found proves nothing. */
  gapsOf(plugin: string): readonly string[] {
    const answer = this.#answers.get(plugin);
    if (answer === undefined) return [`${plugin} gave no answer`];
    const { unplaced = 0 } = this.#ofProcesses.get(plugin) ?? {};
    const shown = answer.notes.slice(0, MOST_NOTES).map((note) => `${plugin}: ${note}`);
    const rest = answer.notes.length - shown.length;
    if (rest > 0) shown.push(`${plugin}: ${rest} more notes`);
    if (unplaced > 0) shown.push(`${plugin}: the process of ${unplaced} rows could not be read`);
    return shown;
  }
}

const MOST_NOTES = 3;

/** Rows by their process. */
interface ProcessIndex {
  readonly rows: ReadonlyMap<number, readonly RowView[]>;
  /** Rows whose process could not be read. */
  readonly unplaced: number;
}

function indexOf(views: readonly RowView[], column: string): ProcessIndex {
  const rows = new Map<number, RowView[]>();
  let unplaced = 0;
  for (const view of views) {
    const pid = view[ROW][column] ?? null;
    if (isAbsent(pid)) unplaced++;
    if (typeof pid !== 'number') continue;
    const others = rows.get(pid);
    if (others === undefined) rows.set(pid, [view]);
    else others.push(view);
  }
  return { rows, unplaced };
}

/** The variables of one expression, while it is evaluated. */
export class Variables {
  readonly sets: object;
  readonly all: object;
  readonly snapshot: object;
  row: RowView | undefined;
  before: RowView | undefined;
  changed: readonly string[] | undefined;
  count: bigint | undefined;
  groupValue: unknown;
  readonly #world: World;
  readonly #vocabulary: Vocabulary;
  readonly #process: string;

  /**
   * @param own the answers that the row is from
   * @param all those of the snapshot that is judged
   * @param process the column of the row that names its process
   */
  constructor(own: World, all: World, vocabulary: Vocabulary, snapshot: object, process: string) {
    this.#process = process;
    this.#world = own;
    this.#vocabulary = vocabulary;
    this.sets = vocabulary.sets;
    this.all = new vocabulary.allRows(all);
    this.snapshot = snapshot;
  }

  /** What a count is of. */
  get group(): unknown {
    if (this.groupValue === null) throw new NullRead('group');
    return this.groupValue;
  }

  get process(): RowView {
    return this.#world.process(this.#pid('process'));
  }

  get its(): object {
    return new this.#vocabulary.ofProcess(this.#world, this.#pid('its'));
  }

  #pid(name: string): number {
    const pid = this.row?.[ROW][this.#process] ?? null;
    if (isAbsent(pid)) throw new AbsentRead(`${this.#process} could not be read (${pid.absent})`);
    if (typeof pid !== 'number') throw new NullRead(name);
    return pid;
  }
}
