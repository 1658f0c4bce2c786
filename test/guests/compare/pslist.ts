import type { Cell } from '../../../src/plugin/cell.ts';
import type { ProcessTruth, Truth } from '../truth.ts';
import { expectedContainer } from './containers.ts';
import {
  type Comparison,
  type Expectation,
  type Expected,
  judge,
  kernelAddress,
  textOrNone,
} from './expect.ts';
import { bootOf, parseStat, type Stat, statusOf, textOf } from './proc.ts';
import { movedOfRecorder } from './recorder.ts';
import { bounds } from './tolerances.ts';

export const pslist: Comparison = {
  plugin: 'pslist',
  *expected({ truth }) {
    for (const process of truth.processes) yield expectedProcess(process, truth);
  },
  keyOf: (row) => String(row['pid']),
  labelOf: ({ pid, name }) => `pid ${String(pid)} (${String(name)})`,
  mayBeInvented: ({ name }) => (isKworker(name) ? 'kworkerCameOrWent' : undefined),
  *whole(rows) {
    const addresses = new Set(rows.map(({ task }) => task));
    if (addresses.size !== rows.length) yield 'two processes have one task_struct';
  },
};

function expectedProcess(process: ProcessTruth, truth: Truth): Expected {
  const stat = parseStat(process.stat);
  const [, euid] = ids(process, 'Uid');
  return {
    key: String(process.pid),
    label: labelOfProcess(process),
    ...excusesOf(process, truth),
    cells: {
      ...commonCells(process, truth),
      euid: euid ?? null,
      gid: ids(process, 'Gid')[0] ?? null,
      nice: stat.nice,
      cpuTime: cpuTimeOf(stat, truth),
      rss: residentOf(process),
      kernel: stat.isKernelThread,
      kernelFlag: stat.isKernelThread,
      task: kernelAddress(truth),
      ...confinementOf(process, truth),
    },
  };
}

/** What a process is held in; older records do not tell all of it. */
function confinementOf(process: ProcessTruth, truth: Truth): Record<string, Expectation> {
  const stat = parseStat(process.stat);
  const seccomp = statusOf(process, 'Seccomp')?.[0];
  const adjustment = process.oom_score_adj;
  const all = statusOf(truth.processes[0]!, 'CapBnd')?.[0];
  const effective = statusOf(process, 'CapEff')?.[0];
  return {
    terminal:
      stat.terminal === 0
        ? null
        : judge('a terminal', (cell) => /^(pts\/\d+|tty\w*|console)$/.test(String(cell))),
    session: stat.session,
    group: stat.group,
    cwd: process.cwd === null ? null : textOf(process.cwd),
    root: process.root === null ? null : textOf(process.root),
    container: expectedContainer(truth, process.pid)?.id ?? null,
    capabilities:
      effective === all && all !== undefined
        ? 'all'
        : judge(`names of ${effective}`, (cell) => typeof cell === 'string' && cell !== 'all'),
    seccomp:
      seccomp === undefined
        ? textOrNone
        : (([null, 'strict', 'filter'][Number(seccomp)] ?? null) as string | null),
    oomScoreAdj: adjustment === undefined || adjustment === null ? anyInteger : Number(adjustment),
  };
}

const anyInteger = judge('a whole number', (cell) => Number.isSafeInteger(cell));

/** VmRSS of /proc/PID/status in KiB; a few pages of files less where the machine was short of memory. */
function residentOf(process: ProcessTruth): Expectation {
  const said = Number(statusOf(process, 'VmRSS')?.[0] ?? Number.NaN) || noMemory(process, 0);
  if (typeof said !== 'number') return said;
  return judge(String(said), (cell) => {
    const less = said - Number(cell);
    if (less === 0) return true;
    return less > 0 && less <= bounds.reclaimedKiB ? 'pageReclaimed' : false;
  });
}

/** What is excused of a process in every list of processes. */
export function excusesOf(process: ProcessTruth, truth: Truth): Pick<Expected, 'mayBeMissing' | 'mayDiffer'> {
  return {
    mayBeMissing: isKworker(parseStat(process.stat).comm) ? 'kworkerCameOrWent' : undefined,
    mayDiffer: process.pid === truth.recorder.pid ? movedOfRecorder(truth) : undefined,
  };
}

export const labelOfProcess = (process: ProcessTruth): string =>
  `pid ${process.pid} (${textOf(parseStat(process.stat).comm)})`;

const isKworker = (name: Cell | undefined): boolean =>
  typeof name === 'string' && name.startsWith('kworker/');

/** The cells that `pslist` and `pstree` share. */
export function commonCells(process: ProcessTruth, truth: Truth) {
  const stat = parseStat(process.stat);
  return {
    pid: process.pid,
    ppid: stat.ppid,
    name: nameOf(stat),
    threads: stat.threads,
    uid: ids(process, 'Uid')[0] ?? null,
    state: stateOf(stat),
    started: startedOf(stat, truth),
    exe: process.exe === null ? null : textOf(process.exe),
    args: process.cmdline === null ? null : noMemory(process, joined(process.cmdline)),
    hidden: false,
    views: 'list,pids,children',
  } satisfies Record<string, Expectation>;
}

const ids = (process: ProcessTruth, name: 'Uid' | 'Gid'): number[] =>
  (statusOf(process, name) ?? []).map(Number);

/** `value`, but null of what has no memory of its own: kernel threads and zombies. */
const noMemory = <T>(process: ProcessTruth, value: T): T | null =>
  statusOf(process, 'VmRSS') === undefined ? null : value;

const joined = (cmdline: string): string => textOf(cmdline.replace(/\0+$/, '').replaceAll('\0', ' '));

/** A name has 15 bytes; /proc gives kernel threads longer ones, and workers that of what they last worked on. */
function nameOf({ comm, isKernelThread }: Stat): Expectation {
  if (!isKernelThread) return textOf(comm);
  return judge(JSON.stringify(comm), (cell) => {
    if (typeof cell !== 'string' || !comm.startsWith(cell)) return false;
    return cell === comm || cell.length === 15 || (isKworker(comm) && /^[-+]/.test(comm.slice(cell.length)));
  });
}

/** A kernel thread that was at work when it was recorded has gone to sleep since, and one that slept may be at work. */
function stateOf({ state, isKernelThread }: Stat): Expectation {
  if (!isKernelThread) return state;
  return judge(JSON.stringify(state), (cell) => {
    if (cell === state) return true;
    const [worker, sleeper] = state === 'R' ? [state, cell] : [cell, state];
    return worker === 'R' && ['S', 'D', 'I'].includes(String(sleeper)) ? 'kernelThreadRan' : false;
  });
}

function startedOf({ startTicks }: Stat, truth: Truth): Expectation {
  const tickMs = 1000 / truth.system.clockTicksPerSecond;
  const from = bootOf(truth) + startTicks * tickMs;
  return judge(`${new Date(from).toISOString()} to the tick`, (cell) => {
    if (!(cell instanceof Date)) return false;
    const late = cell.getTime() - from;
    return late >= -bounds.startSlackMs && late <= tickMs + bounds.startSlackMs;
  });
}

function cpuTimeOf({ cpuTicks, isKernelThread }: Stat, truth: Truth): Expectation {
  const perSecond = truth.system.clockTicksPerSecond;
  const told = cpuTicks / perSecond;
  return judge(`${told} s and at most ${bounds.cpuTicks} ticks more`, (cell) => {
    if (typeof cell !== 'number' || cell < told - 1e-6) return false;
    if (cell <= told + bounds.cpuTicks / perSecond) return true;
    return isKernelThread && cell <= told + bounds.kernelThreadSeconds ? 'kernelThreadRan' : false;
  });
}
