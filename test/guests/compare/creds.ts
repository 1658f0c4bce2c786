import type { Row } from '../../../src/plugin/cell.ts';
import type { Truth } from '../truth.ts';
import { type Comparison, type Context, type Expectation, kernelAddress, numberOrNone } from './expect.ts';
import {
  anything,
  excusesOfThread,
  firstThreads,
  nameOfThread,
  type ThreadRecord,
  threadRecords,
  workerCame,
} from './thread-records.ts';
import type { ToleranceName } from './tolerances.ts';

/** (uid_t)-1 of /proc/PID/loginuid. */
const NOBODY = 4294967295;

export const creds: Comparison = {
  plugin: 'creds',
  *expected({ truth }) {
    for (const record of firstThreads(truth)) {
      const { pid } = record.process;
      yield {
        key: `${pid} ${pid}`,
        label: `pid ${pid}`,
        ...excusesOfThread(record, truth, ['name']),
        cells: rightsOf(record, truth),
      };
    }
  },
  keyOf: ({ pid, tid }) => `${String(pid)} ${String(tid)}`,
  labelOf: ({ pid, tid }) => `pid ${String(pid)} thread ${String(tid)}`,
  mayBeInvented: threadOfItsOwn,
  *whole(rows, { truth }) {
    yield* ofThreads(rows, truth, (record) => rightsOf(record, truth));
  },
};

/** A thread that is no first one may have a row: its cells are compared all the same, by `ofThreads`. */
export function threadOfItsOwn(row: Row, _: Context): ToleranceName | undefined {
  return row['tid'] === row['pid'] ? workerCame(row) : 'ownRights';
}

/** Differences of the rows that are of threads. */
export function* ofThreads(
  rows: readonly Row[],
  truth: Truth,
  cellsOf: (record: ThreadRecord) => Readonly<Record<string, Expectation>>,
): Generator<string> {
  const records = new Map([...threadRecords(truth)].map((record) => [record.thread.tid, record]));
  for (const row of rows) {
    if (row['tid'] === row['pid']) continue;
    const record = records.get(Number(row['tid']));
    if (record === undefined) {
      yield `thread ${String(row['tid'])}: the guest has none`;
      continue;
    }
    for (const [column, said] of Object.entries(cellsOf(record))) {
      const cell = row[column] ?? null;
      const isRight = typeof said === 'object' && said !== null ? said.judge(cell) !== false : said === cell;
      if (!isRight) yield `thread ${record.thread.tid}: ${column} is ${String(cell)}`;
    }
  }
}

function rightsOf(record: ThreadRecord, truth: Truth): Record<string, Expectation> {
  const { process, thread } = record;
  const ids = (name: string, at: number): Expectation => {
    const said = record.status(name)?.[at];
    return said === undefined ? anything : Number(said);
  };
  const login =
    process.loginuid === undefined || process.loginuid === null ? anything : Number(process.loginuid);
  const user = process.namespaces['user'] ?? truth.processes[0]!.namespaces['user'];
  return {
    pid: process.pid,
    tid: thread.tid,
    name: nameOfThread(record),
    uid: ids('Uid', 0),
    euid: ids('Uid', 1),
    suid: ids('Uid', 2),
    fsuid: ids('Uid', 3),
    gid: ids('Gid', 0),
    egid: ids('Gid', 1),
    sgid: ids('Gid', 2),
    fsgid: ids('Gid', 3),
    groups:
      record
        .status('Groups')
        ?.filter((word) => word !== '')
        .join(',') ?? anything,
    loginUid: login === NOBODY ? null : login,
    loginSession: numberOrNone,
    userNamespace: user === undefined ? anything : Number(/\d+/.exec(user)![0]),
    overridden: false,
    sharedWith: null,
    cred: kernelAddress(truth),
  };
}
