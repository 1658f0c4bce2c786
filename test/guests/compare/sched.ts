import type { Truth } from '../truth.ts';
import { type Comparison, type Expected, judge, oneOf } from './expect.ts';
import {
  anything,
  atLeast,
  excusesOfThread,
  nameOfThread,
  stateOfThread,
  type ThreadRecord,
  tellsOfThreads,
  threadRecords,
  workerCame,
} from './thread-records.ts';
import { bounds } from './tolerances.ts';

/** By the number in /proc/PID/stat: sched(7). */
const POLICIES = ['other', 'fifo', 'rr', 'batch', '', 'idle', 'deadline', 'ext'];
/** SCHED_RESET_ON_FORK, which /proc shows apart. */
const MOVING = ['state', 'priority', 'cpu', 'running', 'queued', 'cpuTime', 'voluntary', 'involuntary'];

export const sched: Comparison = {
  plugin: 'sched',
  isTold: tellsOfThreads,
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
    ...excusesOfThread(record, truth, [...MOVING, 'name']),
    cells: {
      pid: process.pid,
      tid: thread.tid,
      name: nameOfThread(record),
      state: stateOfThread(record),
      policy: POLICIES[stat.policy] ?? '?',
      // A real-time thread, or one that borrows its priority from a lock, has another for a moment.
      priority: stat.priority + 100,
      realTimePriority: stat.realTimePriority,
      nice: stat.nice,
      cpu: stat.isKernelThread
        ? judge(String(stat.processor), (cell) => (cell === stat.processor ? true : 'kernelThreadMoved'))
        : stat.processor,
      running: stat.isKernelThread ? oneOf(true, false, null) : oneOf(false, null),
      queued: stat.isKernelThread ? oneOf(true, false) : false,
      cpus: record.status('Cpus_allowed_list')?.[0] ?? anything,
      cpuTime: ownSecondsOf(record),
      voluntary: switchesOf(record, 'voluntary_ctxt_switches'),
      involuntary: switchesOf(record, 'nonvoluntary_ctxt_switches'),
      ...deadlineOf(record),
    },
  };
}

function switchesOf(record: ThreadRecord, name: string) {
  const said = record.status(name)?.[0];
  return said === undefined ? anything : atLeast(Number(said), record);
}

/** The first number of schedstat is exact, in nanoseconds; older records have none. */
export function ownSecondsOf(record: ThreadRecord) {
  const { schedstat } = record.thread;
  if (schedstat === undefined || schedstat === null || schedstat === '') return anything;
  const said = Number(schedstat.split(' ')[0]) / 1e9;
  return judge(`${said} s`, (cell) => {
    if (typeof cell !== 'number') return false;
    if (Math.abs(cell - said) < 1e-6) return true;
    return record.stat.isKernelThread && cell > said && cell < said + bounds.kernelThreadSeconds
      ? 'kernelThreadMoved'
      : false;
  });
}

/** What the workload asks for: sched_setattr of inside/controls.py. */
function deadlineOf({ stat, process }: ThreadRecord) {
  if (POLICIES[stat.policy] !== 'deadline') return { runtime: null, deadline: null, period: null };
  void process;
  return { runtime: 0.001, deadline: 0.05, period: 0.1 };
}
