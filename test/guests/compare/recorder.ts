import type { Row } from '../../../src/plugin/cell.ts';
import type { Truth } from '../truth.ts';
import type { Context, Expected } from './expect.ts';
import type { ToleranceName } from './tolerances.ts';

/**
 * Asked to live for so many seconds (`python3 /guest/record.py 20`), the recorder becomes a smaller program when it
 * has written: nothing of its memory and files stays, and so far more is excused than of one that only sleeps.
 */
function becomesAnother({ recorder, processes }: Truth): boolean {
  const cmdline = processes.find(({ pid }) => pid === recorder.pid)?.cmdline ?? '';
  return /\/record\.py\0\d+\0$/.test(cmdline);
}

const reasonOf = (truth: Truth): ToleranceName =>
  becomesAnother(truth) ? 'recorderBecameAnother' : 'recorder';

/** Cells of a sleeping recorder that may have moved in a list of processes; one that became another has new names too. */
export function movedOfRecorder(truth: Truth): { as: ToleranceName; only: readonly string[] } {
  const moving = ['state', 'cpuTime', 'rss'];
  return { as: reasonOf(truth), only: becomesAnother(truth) ? [...moving, 'name', 'exe', 'args'] : moving };
}

/**
 * What is excused of things that a process has: nothing, but of the recorder that they are gone or differ; where
 * `only` names columns, these are all that a sleeping one may move.
 */
export function excusesOf(
  pid: number | null,
  truth: Truth,
  only?: readonly string[],
): Pick<Expected, 'mayBeMissing' | 'mayDiffer'> {
  if (pid !== truth.recorder.pid) return {};
  const reason = reasonOf(truth);
  if (only !== undefined && !becomesAnother(truth)) return { mayDiffer: { as: reason, only } };
  return { mayBeMissing: reason, mayDiffer: { as: reason } };
}

/** Why a row may be there that the guest does not know: it is of what the recorder became. */
export const newOfAnother = ({ pid }: Row, { truth }: Context): ToleranceName | undefined =>
  pid === truth.recorder.pid && becomesAnother(truth) ? reasonOf(truth) : undefined;

/** The same for what a sleeping recorder may get more of: its memory and sockets. */
export const newOfRecorder = ({ pid }: Row, { truth }: Context): ToleranceName | undefined =>
  pid === truth.recorder.pid ? reasonOf(truth) : undefined;
