import type { Truth } from '../truth.ts';
import { type Comparison, type Expected, judge, kernelAddress } from './expect.ts';
import { bootOf } from './proc.ts';
import { ownSecondsOf } from './sched.ts';
import {
  anything,
  excusesOfThread,
  nameOfThread,
  stateOfThread,
  type ThreadRecord,
  threadRecords,
  workerCame,
} from './thread-records.ts';
import { bounds } from './tolerances.ts';

export const threads: Comparison = {
  plugin: 'threads',
  *expected({ truth }) {
    for (const record of threadRecords(truth)) yield expectedThread(record, truth);
  },
  keyOf: ({ pid, tid }) => `${String(pid)} ${String(tid)}`,
  labelOf: ({ pid, tid, name }) => `pid ${String(pid)} thread ${String(tid)} (${String(name)})`,
  mayBeInvented: workerCame,
};

function expectedThread(record: ThreadRecord, truth: Truth): Expected {
  const { process, thread, stat } = record;
  return {
    key: `${process.pid} ${thread.tid}`,
    label: `pid ${process.pid} thread ${thread.tid}`,
    ...excusesOfThread(record, truth, ['state', 'waitChannel', 'cpu', 'cpuTime', 'name']),
    cells: {
      pid: process.pid,
      tid: thread.tid,
      name: nameOfThread(record),
      state: stateOfThread(record),
      waitChannel: waitChannelOf(record, truth),
      cpu: stat.isKernelThread
        ? judge(String(stat.processor), (cell) => (cell === stat.processor ? true : 'kernelThreadMoved'))
        : stat.processor,
      nice: stat.nice,
      started: startedOf(record, truth),
      cpuTime: ownSecondsOf(record),
      kernel: stat.isKernelThread,
      task: kernelAddress(truth),
    },
  };
}

/**
 * Before v5.16 a kernel of x86-64 with ORC finds none (arch/x86/kernel/process.c, get_wchan): /proc has 0 for every thread.
 */
function waitChannelOf({ thread: { wchan }, stat }: ThreadRecord, { processes }: Truth) {
  const isTold = processes.some(({ threads }) => threads.some((other) => (other.wchan ?? '0') !== '0'));
  if (wchan === undefined || wchan === null || !isTold) return anything;
  return judge(JSON.stringify(wchan), (cell) => {
    if (cell === wchan) return true;
    if (stat.isKernelThread) return 'kernelThreadMoved';
    return stat.state === 'R' ? 'ranOn' : false;
  });
}

/** When the thread was forked, to the tick. */
export function startedOf({ stat }: ThreadRecord, truth: Truth) {
  const tickMs = 1000 / truth.system.clockTicksPerSecond;
  const from = bootOf(truth) + stat.startTicks * tickMs;
  return judge(`${new Date(from).toISOString()} to the tick`, (cell) => {
    if (!(cell instanceof Date)) return false;
    const late = cell.getTime() - from;
    return late >= -bounds.startSlackMs && late <= tickMs + bounds.startSlackMs;
  });
}
