import type { Row } from '../../../src/plugin/cell.ts';
import type { Truth } from '../truth.ts';
import { type Comparison, type Context, type Expected, judge, kernelAddress, showCell } from './expect.ts';
import { bootOf, statusLine } from './proc.ts';
import {
  anything,
  excusesOfThread,
  nameOfThread,
  stateOfThread,
  type ThreadRecord,
  threadRecords,
  workerCame,
} from './thread-records.ts';
import { startedOf } from './threads.ts';
import { bounds } from './tolerances.ts';

/** PID_MAX_LIMIT of include/linux/threads.h. */
const MAXIMUM_PID = 4_194_304;

const somePlace = judge(
  'a physical address at a cache line',
  (cell) => typeof cell === 'bigint' && cell > 0n && cell % 64n === 0n,
);

/** Every thread of the record lies somewhere; what else is found has ended. */
export const psscan: Comparison = {
  plugin: 'psscan',
  *expected({ truth }) {
    for (const record of threadRecords(truth)) yield expectedThread(record, truth);
  },
  // One that has ended may have had the number of one that lives.
  keyOf: ({ pid, tid, live }) => (live === false ? 'ended' : `${String(pid)} ${String(tid)}`),
  labelOf: ({ pid, tid, name, live }) =>
    `pid ${String(pid)} thread ${String(tid)} (${String(name)}), live: ${String(live)}`,
  mayBeInvented: (row) => (row['live'] === false ? 'endedTask' : workerCame(row)),
  *whole(rows, context) {
    if (new Set(rows.map(({ physical }) => physical)).size !== rows.length)
      yield 'two tasks lie in one place';
    for (const row of rows) if (row['live'] === false) yield* wrongOfEnded(row, context);
  },
};

function expectedThread(record: ThreadRecord, truth: Truth): Expected {
  const { process, thread, stat } = record;
  const isZombie = stat.state === 'Z';
  const uid = record.status('Uid')?.[0] ?? statusLine(process.status, 'Uid')?.[0];
  return {
    key: `${process.pid} ${thread.tid}`,
    label: `pid ${process.pid} thread ${thread.tid}`,
    ...excusesOfThread(record, truth, ['state', 'name', 'views']),
    cells: {
      physical: somePlace,
      task: kernelAddress(truth),
      pid: process.pid,
      tid: thread.tid,
      ppid: stat.ppid,
      name: nameOfThread(record),
      uid: uid === undefined ? anything : Number(uid),
      state: stateOfThread(record),
      exitState: isZombie ? 'zombie' : null,
      exitCode: isZombie ? anything : null,
      exitSignal: isZombie ? anything : null,
      started: startedOf(record, truth),
      live: true,
      listed: true,
      hidden: false,
      views: judge('the table of process IDs among others', (cell) =>
        String(cell).split(',').includes('pids'),
      ),
    },
  };
}

/** What must hold of every task that was let go, though nobody recorded it. */
function* wrongOfEnded(row: Row, { truth, uptime }: Context): Generator<string> {
  const { pid, tid, started, exitState, exitCode, exitSignal, listed, hidden } = row;
  const label = `ended ${String(pid)}/${String(tid)}`;
  const now = bootOf(truth) + (uptime + bounds.clockSeconds) * 1000;
  const isInRange = (number: unknown): boolean => Number(number) > 0 && Number(number) <= MAXIMUM_PID;
  if (!isInRange(pid) || !isInRange(tid)) yield `${label}: no such number`;
  if (!(started instanceof Date) || started.getTime() < bootOf(truth) - 1000 || started.getTime() > now)
    yield `${label}: started ${showCell(started ?? null)}`;
  if (exitState !== 'dead') yield `${label}: exitState is ${showCell(exitState ?? null)}`;
  if ((exitCode === null) === (exitSignal === null)) yield `${label}: it ended by code or by signal`;
  if (listed !== false || hidden !== false) yield `${label}: it is listed, or called hidden`;
}
