// The answers about a snapshot as conditions see them.
// Everything is made when it is first asked for.
import type { Side } from '../diff/tables.ts';
import { type Cell, isAbsent } from '../plugin/cell.ts';
import type { Reference } from '../plugin/references.ts';
import type { Rows } from './condition-variables.ts';
import { AbsentRead, NullRead } from './reading.ts';
import { ROW, type RowView } from './rows.ts';
import type { Vocabulary } from './vocabulary.ts';

/** The answers about one snapshot as conditions see them. Everything is made when it is first asked for. */
export class World implements Rows {
  readonly #answers: ReadonlyMap<string, Side>;
  readonly #vocabulary: Vocabulary;
  readonly #views = new Map<string, readonly RowView[]>();
  readonly #indexes = new Map<string, RowIndex>();

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
    return this.#indexOf(plugin, this.#vocabulary.processColumns.get(plugin) ?? '').rows.get(pid) ?? [];
  }

  /**
   * The row that a cell names. @throws AbsentRead where nobody knows which that is, if any @throws NullRead where there is
   * none for sure
   */
  referred({ column, question, of }: Reference, cell: Cell): RowView {
    if (cell === null) throw new NullRead(column);
    if (isAbsent(cell)) throw new AbsentRead(`${column} could not be read (${cell.absent})`);
    const { rows, unplaced } = this.#indexOf(question, of);
    const [found, another] = rows.get(keyOf(cell)) ?? [];
    if (another !== undefined) throw new AbsentRead(`${column} names several rows of ${question}`);
    if (found !== undefined) return found;
    if (unplaced > 0 || this.#answers.get(question)!.notes.length > 0)
      throw new AbsentRead(`${column} names no row of ${question}, which is not complete`);
    throw new NullRead(column);
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
    const process = this.#vocabulary.processColumns.get(plugin) ?? '';
    const { unplaced = 0 } = this.#indexes.get(`${plugin}.${process}`) ?? {};
    const shown = answer.notes.slice(0, MOST_NOTES).map((note) => `${plugin}: ${note}`);
    const rest = answer.notes.length - shown.length;
    if (rest > 0) shown.push(`${plugin}: ${rest} more notes`);
    if (unplaced > 0) shown.push(`${plugin}: the process of ${unplaced} rows could not be read`);
    return shown;
  }

  #indexOf(plugin: string, column: string): RowIndex {
    const key = `${plugin}.${column}`;
    const made = this.#indexes.get(key) ?? indexOf(this.all(plugin), column);
    this.#indexes.set(key, made);
    return made;
  }
}

const MOST_NOTES = 3;

/** Rows by what one of their columns holds: by their process, or by what cells of other questions name. */
interface RowIndex {
  readonly rows: ReadonlyMap<Key, readonly RowView[]>;
  /** Rows whose cell could not be read. */
  readonly unplaced: number;
}

/** A cell as the key of a map: the same for the same value. */
type Key = Exclude<Cell, object | null>;
const keyOf = (cell: Exclude<Cell, null | { readonly absent: string }>): Key =>
  cell instanceof Date ? cell.getTime() : cell;

function indexOf(views: readonly RowView[], column: string): RowIndex {
  const rows = new Map<Key, RowView[]>();
  let unplaced = 0;
  for (const view of views) {
    const cell = view[ROW][column] ?? null;
    if (isAbsent(cell)) unplaced++;
    else if (cell !== null) {
      const key = keyOf(cell);
      const others = rows.get(key);
      if (others === undefined) rows.set(key, [view]);
      else others.push(view);
    }
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
  readonly #plugin: string;
  readonly #process: string;

  /**
   * @param own the answers that the row is from
   * @param all those of the snapshot that is judged
   * @param plugin the question that the row answers
   */
  constructor(own: World, all: World, vocabulary: Vocabulary, snapshot: object, plugin: string) {
    this.#plugin = plugin;
    this.#process = vocabulary.processColumns.get(plugin) ?? '';
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

  get ref(): object {
    const { ctor: Referred } = this.#vocabulary.references.get(this.#plugin)!;
    return new Referred(this.#world, this.row![ROW]);
  }

  #pid(name: string): number {
    const pid = this.row?.[ROW][this.#process] ?? null;
    if (isAbsent(pid)) throw new AbsentRead(`${this.#process} could not be read (${pid.absent})`);
    if (typeof pid !== 'number') throw new NullRead(name);
    return pid;
  }
}
