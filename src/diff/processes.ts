// Says which process a process ID means in each of two snapshots.
// IDs are used again, so a process is known by its ID and its start time.
import { type Cell, isAbsent, type Row } from '../plugin/cell.ts';
import { cellKey } from './keys.ts';

/**
 * Which process a process ID means in each snapshot: IDs are used again, start times are not. Without a list of
 * processes an ID is taken to mean the same process for as long as the machine runs.
 */
export class Processes {
  readonly #before: ReadonlyMap<number, string>;
  readonly #after: ReadonlyMap<number, string>;
  readonly #setMs: number;
  readonly #starts = new Starts();

  /**
   * Rows of the question that lists processes.
   *
   * @param setMs by how much the wall clock was set in between, in milliseconds: the times of all starts moved with it
   */
  constructor(before: readonly Row[] = [], after: readonly Row[] = [], setMs = 0) {
    this.#setMs = setMs;
    this.#before = startsOf(before, (pid, started) => this.startOf(pid, started, 'before'));
    this.#after = startsOf(after, (pid, started) => this.startOf(pid, started, 'after'));
  }

  /** Whether the process with this ID is in one of the snapshots only. False where it is in neither: rows without a process. */
  isNew(pid: number): boolean {
    const after = this.#after.get(pid);
    return after !== undefined && this.#before.get(pid) !== after;
  }

  isGone(pid: number): boolean {
    const before = this.#before.get(pid);
    return before !== undefined && this.#after.get(pid) !== before;
  }

  /** Whether each process ID means the same in both snapshots. */
  get areAlike(): boolean {
    if (this.#before.size !== this.#after.size) return false;
    return [...this.#before].every(([pid, start]) => this.#after.get(pid) === start);
  }

  /** A start as the clock of the snapshot before would tell it: the same for the same one. */
  startOf(pid: Cell | undefined, started: Cell | undefined, side: 'before' | 'after'): Cell | undefined {
    if (this.#setMs === 0 || typeof pid !== 'number' || !(started instanceof Date)) return started;
    return this.#starts.nameOf(pid, started.getTime() - (side === 'before' ? 0 : this.#setMs));
  }

  /** What stands for a process ID in the identity of a row: the same text for the same process. */
  nameOf(pid: number, side: 'before' | 'after'): string {
    const start = (side === 'before' ? this.#before : this.#after).get(pid);
    return `${pid} ${start ?? ''}`;
  }
}

/** Starts of processes, by texts that are the same for the same one. A clock that was set moves them by a millisecond more or less. */
export class Starts {
  readonly #known = new Map<number, number[]>();

  /** @param start in milliseconds since a moment that no clock moves */
  nameOf(pid: number, start: number): string {
    const known = this.#known.get(pid) ?? [];
    const same = known.find((other) => Math.abs(other - start) <= ROUNDING_MS);
    if (same === undefined) this.#known.set(pid, [...known, start]);
    return String(same ?? start);
  }
}

/** Moments are cut to the millisecond, and so is the boot that they are reckoned from. */
const ROUNDING_MS = 1;

function startsOf(
  rows: readonly Row[],
  startOf: (pid: number, started: Cell) => Cell | undefined,
): Map<number, string> {
  const starts = new Map<number, string>();
  for (const { pid, started } of rows) {
    if (typeof pid !== 'number' || started === undefined || isAbsent(started)) continue;
    const start = cellKey(startOf(pid, started));
    if (start !== undefined) starts.set(pid, start);
  }
  return starts;
}
