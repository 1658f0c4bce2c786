import { type Comparison, type Expectation, judge } from './expect.ts';
import {
  anything,
  excusesOfThread,
  nameOfThread,
  setOf,
  type ThreadRecord,
  tellsOfThreads,
  threadRecords,
} from './thread-records.ts';

export const signals: Comparison = {
  plugin: 'signals',
  isTold: tellsOfThreads,
  *expected({ truth }) {
    for (const record of threadRecords(truth)) {
      const excuses = excusesOfThread(record, truth, ['name', 'pending', 'blocked']);
      for (const { number, cells } of expectedSignals(record)) {
        const { process, thread } = record;
        yield {
          key: `${thread.tid} ${number}`,
          label: `pid ${process.pid} thread ${thread.tid} signal ${number}`,
          ...excuses,
          cells: { pid: process.pid, tid: thread.tid, name: nameOfThread(record), ...cells },
        };
      }
    }
  },
  keyOf: ({ tid, number }) => `${String(tid)} ${String(number)}`,
  labelOf: ({ tid, number }) => `thread ${String(tid)} signal ${String(number)}`,
  mayBeInvented: ({ pid }, { truth }) => (pid === truth.recorder.pid ? 'recorder' : undefined),
};

function* expectedSignals(
  record: ThreadRecord,
): Generator<{ number: number; cells: Record<string, Expectation> }> {
  const set = (name: string): bigint => setOf(record.status(name)) ?? 0n;
  const [blocked, pending, shared, ignored, caught] = ['SigBlk', 'SigPnd', 'ShdPnd', 'SigIgn', 'SigCgt'].map(
    set,
  ) as [bigint, bigint, bigint, bigint, bigint];
  const handled = record.stat.isKernelThread ? caught : ignored | caught;
  const all = blocked | pending | (record.isFirst ? handled | shared : 0n);
  const has = (bits: bigint, number: number): boolean => ((bits >> BigInt(number - 1)) & 1n) === 1n;
  for (let number = 1; number <= 64; number++) {
    if (!has(all, number)) continue;
    const isCaught = has(caught, number);
    yield {
      number,
      cells: {
        number,
        signal: signalText(number),
        action: isCaught ? 'handler' : has(ignored, number) ? 'ignore' : 'default',
        handler: isCaught ? judge('an address', (cell) => typeof cell === 'bigint' && cell > 1n) : null,
        flags: isCaught ? anything : null,
        blocked: has(blocked, number),
        pending: has(pending, number),
        pendingForProcess: has(shared, number),
      },
    };
  }
}

/** What `kill -l` prints. */
const KILL = (
  'HUP INT QUIT ILL TRAP ABRT BUS FPE KILL USR1 SEGV USR2 PIPE ALRM TERM STKFLT CHLD CONT STOP TSTP TTIN TTOU URG XCPU XFSZ ' +
  'VTALRM PROF WINCH IO PWR SYS'
).split(' ');
const signalText = (number: number): Expectation =>
  number <= KILL.length
    ? `SIG${KILL[number - 1]}`
    : judge(`SIGRT… of ${number}`, (cell) => /^(?:3[23]|SIGRTM(?:IN(?:\+\d+)?|AX))$/.test(String(cell)));
