import { isAbsent, type Row } from '../plugin/cell.ts';
import { cellKey } from './keys.ts';

/**
 * Which process a process ID means in each snapshot: IDs are used again, start times are not. Without a list of
 * processes an ID is taken to mean the same process for as long as the machine runs.
 */
export class Processes {
  readonly #before: ReadonlyMap<number, string>;
  readonly #after: ReadonlyMap<number, string>;

  /** Rows of `pslist`. */
  constructor(before: readonly Row[] = [], after: readonly Row[] = []) {
    this.#before = startsOf(before);
    this.#after = startsOf(after);
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

  /** What stands for a process ID in the identity of a row: the same text for the same process. */
  nameOf(pid: number, side: 'before' | 'after'): string {
    const start = (side === 'before' ? this.#before : this.#after).get(pid);
    return `${pid} ${start ?? ''}`;
  }
}

function startsOf(rows: readonly Row[]): Map<number, string> {
  const starts = new Map<number, string>();
  for (const { pid, started } of rows) {
    const start = started === undefined || isAbsent(started) ? undefined : cellKey(started);
    if (typeof pid === 'number' && start !== undefined) starts.set(pid, start);
  }
  return starts;
}
