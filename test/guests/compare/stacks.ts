import type { Row } from '../../../src/plugin/cell.ts';
import type { Truth } from '../truth.ts';
import { type Comparison, type Context, type Expected, judge } from './expect.ts';
import { parseStat } from './proc.ts';
import { excusesOf } from './recorder.ts';
import {
  nameOfThread,
  type ThreadRecord,
  tellsOfThreads,
  threadRecords,
  workerCame,
} from './thread-records.ts';
import type { ToleranceName } from './tolerances.ts';

/** A line of /proc/PID/stack: `[<0>] do_wait+0x60/0x110`, of a module with ` [ext4]`. */
const LINE = /^\[<[0-9a-fx]+>\] (\S+?)\/0x[0-9a-f]+(?: \[(\S+)\])?$/;

/** Functions that /proc leaves out, wherever they are in a stack: in_sched_functions of kernel/sched/core.c. */
const OF_SCHEDULER =
  /^(?:__switch_to|__schedule|preempt_schedule|schedule|io_schedule|do_nanosleep|wait_for_|__wait_for_|do_wait_for_|bit_wait|(?:__)?(?:mutex|down|rt_mutex|rwsem))/;

const frameOf = ({ pid, tid, symbol }: Row): string => `${String(pid)} ${String(tid)} ${String(symbol)}`;

export const stacks: Comparison = {
  plugin: 'stacks',
  isTold: tellsOfThreads,
  *expected({ truth }) {
    for (const record of threadRecords(truth)) {
      const lines = (record.thread.stack ?? '').split('\n').filter((line) => line !== '');
      for (const line of lines) yield expectedFrame(record, line, truth);
    }
  },
  keyOf: frameOf,
  labelOf: ({ pid, tid, name, position, symbol, how }) =>
    `pid ${String(pid)} thread ${String(tid)} (${String(name)}) ${String(position)} ${String(symbol)} by ${String(how)}`,
  mayBeInvented: excuseOf,
  whole: (rows) => rowsOutOfPlace(rows),
};

/** Each thread's frames are counted from 0, one after the other. */
function* rowsOutOfPlace(rows: readonly Row[]): Generator<string> {
  let [thread, next] = ['', 0];
  for (const { pid, tid, position } of rows) {
    if (position === null) continue;
    const own = `${String(pid)} ${String(tid)}`;
    if (own !== thread) [thread, next] = [own, 0];
    if (position !== next++) yield `frame ${String(position)} of ${own} is out of place`;
  }
}

/** Why a frame may be gone: its thread went on. */
function movedSince(
  { process, stat }: ThreadRecord,
  truth: Truth,
): Pick<Expected, 'mayBeMissing' | 'mayDiffer'> {
  if (stat.isKernelThread) return { mayBeMissing: 'kernelThreadMoved' };
  return stat.state === 'R' && process.pid !== truth.recorder.pid
    ? { mayBeMissing: 'ranOn' }
    : excusesOf(process.pid, truth);
}

/** The scheduler's own, and those of what moved. */
function excuseOf(row: Row, { truth }: Context): ToleranceName | undefined {
  if (OF_SCHEDULER.test(String(row['symbol']))) return 'schedulerFrame';
  const process = truth.processes.find(({ pid }) => pid === row['pid']);
  if (process === undefined) return workerCame(row);
  if (process.pid === truth.recorder.pid) return 'recorder';
  const thread = process.threads.find(({ tid }) => tid === row['tid']);
  const stat = parseStat(thread?.stat || process.stat);
  if (stat.isKernelThread) return 'kernelThreadMoved';
  return stat.state === 'R' ? 'ranOn' : undefined;
}

function expectedFrame(record: ThreadRecord, line: string, truth: Truth): Expected {
  const { process, thread } = record;
  const [, symbol = line, module = null] = LINE.exec(line) ?? [];
  const label = `pid ${process.pid} thread ${thread.tid} ${line}`;
  const moved = movedSince(record, truth);
  return {
    key: `${process.pid} ${thread.tid} ${symbol}`,
    label,
    ...moved,
    cells: {
      pid: process.pid,
      tid: thread.tid,
      name: nameOfThread(record),
      position: judge('a whole number', Number.isSafeInteger),
      address: judge('an address', (cell) => typeof cell === 'bigint'),
      symbol,
      module,
      how: judge(
        'how frames are found',
        (cell) => cell === 'orc' || cell === 'frame-pointer' || cell === 'saved',
      ),
    },
  };
}
