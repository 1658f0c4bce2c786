import type { ProcessTruth, ThreadTruth, Truth } from '../truth.ts';
import { type Expected, judge } from './expect.ts';
import { parseStat, type Stat, statusLine, textOf } from './proc.ts';
import { excusesOf } from './recorder.ts';

/** The record does not tell this, and the cell is there. */
export const anything = judge(
  'nothing, but there is an answer',
  (cell) => !(typeof cell === 'object' && cell !== null && 'absent' in cell),
);

/** A thread as the guest has it. */
export interface ThreadRecord {
  readonly process: ProcessTruth;
  readonly thread: ThreadTruth;
  readonly stat: Stat;
  readonly isFirst: boolean;
  /** The words behind `NAME:` in its status; undefined where there is no such line, or an older record has no status of it. */
  status(name: string): readonly string[] | undefined;
}

/** Every thread of every process, in the order of the record. */
export function* threadRecords({ processes }: Truth): Generator<ThreadRecord> {
  for (const process of processes) for (const thread of process.threads) yield recordOf(process, thread);
}

/** The first thread of every process, whose status an older record has too. */
export function* firstThreads(truth: Truth): Generator<ThreadRecord> {
  for (const process of truth.processes) {
    const own = process.threads.find(({ tid }) => tid === process.pid);
    yield recordOf(process, own ?? { tid: process.pid, comm: process.comm, stat: process.stat });
  }
}

function recordOf(process: ProcessTruth, thread: ThreadTruth): ThreadRecord {
  const isFirst = thread.tid === process.pid;
  const status = thread.status ?? (isFirst ? process.status : undefined);
  return {
    process,
    thread,
    stat: parseStat(thread.stat === '' ? process.stat : thread.stat),
    isFirst,
    status: (name) => (status === undefined ? undefined : statusLine(status, name)),
  };
}

const isKworker = (name: unknown): boolean => typeof name === 'string' && name.startsWith('kworker/');

/** What is excused of rows about a thread: workers of the kernel come and go, and the recorder went on. */
export function excusesOfThread(
  { process, stat }: ThreadRecord,
  truth: Truth,
  moving: readonly string[] = [],
): Pick<Expected, 'mayBeMissing' | 'mayDiffer'> {
  if (isKworker(stat.comm)) return { mayBeMissing: 'kworkerCameOrWent' };
  return excusesOf(process.pid, truth, moving);
}

/** Why a row may be there that the guest does not know. */
export const workerCame = ({ name }: Readonly<Record<string, unknown>>): 'kworkerCameOrWent' | undefined =>
  isKworker(name) ? 'kworkerCameOrWent' : undefined;

/** A thread's name has 15 bytes; /proc gives kernel threads longer ones, and workers that of what they last worked on. */
export const nameOfThread = ({ stat }: ThreadRecord) =>
  stat.isKernelThread
    ? judge(
        JSON.stringify(stat.comm),
        (cell) => typeof cell === 'string' && (stat.comm.startsWith(cell) || isKworker(cell)),
      )
    : textOf(stat.comm);

/** A kernel thread that was at work when it was recorded has gone to sleep since, and one that slept may be at work. */
export const stateOfThread = ({ stat: { state, isKernelThread } }: ThreadRecord) =>
  isKernelThread
    ? judge(JSON.stringify(state), (cell) => {
        if (cell === state) return true;
        return [state, cell].includes('R') ? 'kernelThreadMoved' : false;
      })
    : state;

/** What a status has as one number in hex, as a set of bits. */
export const setOf = (words: readonly string[] | undefined): bigint | undefined =>
  words === undefined ? undefined : BigInt(`0x${words[0]}`);

/** A number that only grows: the same for what sleeps, more for a kernel thread that worked. */
export const atLeast = (said: number, { stat }: ThreadRecord) =>
  judge(String(said), (cell) => {
    if (Number(cell) === said) return true;
    return stat.isKernelThread && Number(cell) > said ? 'kernelThreadMoved' : false;
  });

/** Whether the record has more of each thread than its `stat`. */
export const tellsOfThreads = ({ processes }: Truth): boolean =>
  processes.some(({ threads }) => threads.some(({ status }) => typeof status === 'string'));
