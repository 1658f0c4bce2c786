import type { Cell } from '../../../src/plugin/cell.ts';
import type { Truth } from '../truth.ts';
import { type Comparison, type Expected, judge, kernelAddress, numberOrNone, textOrNone } from './expect.ts';
import { statusLine, textOf } from './proc.ts';
import {
  anything,
  excusesOfThread,
  nameOfThread,
  type ThreadRecord,
  threadRecords,
  workerCame,
} from './thread-records.ts';

/** What is known of threads without the guest's stacks: each of Linux's has its function for a name, or nearly. */
const FUNCTIONS: readonly (readonly [name: RegExp, symbol: string, module?: string])[] = [
  [/^kthreadd$/, 'kthreadd'],
  [/^kworker\/R-/, 'rescuer_thread'],
  [/^kworker\//, 'worker_thread'],
  [/^(?:ksoftirqd|migration|cpuhp|idle_inject)\//, 'smpboot_thread_fn'],
  [/^kauditd$/, 'kauditd_thread'],
  [/^kswapd\d/, 'kswapd'],
  [/^kcompactd\d/, 'kcompactd'],
  [/^khungtaskd$/, 'watchdog'],
  [/^oom_reaper$/, 'oom_reaper'],
  [/^ksmd$/, 'ksm_scan_thread'],
  [/^jbd2\//, 'kjournald2'],
  [/^rcu_(?:preempt|sched)$/, 'rcu_gp_kthread'],
  // Its last act is a call of another, which alone is on the stack (drivers/block/loop.c until v5.13).
  [/^loop\d+$/, 'loop_kthread_worker_fn', 'loop'],
];

/** A line of /proc/PID/stack: `[<0>] kjournald2+0x60/0x110 [jbd2]`. */
const LINE = /^\[<[0-9a-fx]+>\] (\S+?)\+0x[0-9a-f]+\/0x[0-9a-f]+(?: \[(\S+)\])?$/;
/** TASK_COMM_LEN, without its NUL. */
const MOST_SHORT = 15;
const BEGINNING = /^ret_from_/;

export const kthreads: Comparison = {
  plugin: 'kthreads',
  *expected({ truth }) {
    for (const record of threadRecords(truth))
      if (record.stat.isKernelThread) yield expectedThread(record, truth);
  },
  keyOf: ({ pid }) => String(pid),
  labelOf: ({ pid, name, symbol }) => `pid ${String(pid)} (${String(name)}) ${String(symbol)}`,
  mayBeInvented: workerCame,
};

function expectedThread(record: ThreadRecord, truth: Truth): Expected {
  const { process, stat } = record;
  const [symbol, module] = functionOf(record) ?? [];
  // Until v6.9 a rescuer is called as its queue is.
  const isWorker = stat.comm.startsWith('kworker/') || symbol === 'rescuer_thread';
  // Where neither name nor stack tells the function, it may be a rescuer: its queue is then called as it is.
  const unlessWorker = symbol === undefined ? queueOf('rescuer_thread', stat.comm, true) : null;
  const onlyWorkers = (judged: Expected['cells'][string]) =>
    isWorker ? judged : symbol === undefined ? anything : null;
  return {
    key: String(process.pid),
    label: `pid ${process.pid} (${stat.comm})`,
    ...excusesOfThread(record, truth, []),
    cells: {
      pid: process.pid,
      name: nameOfThread(record),
      fullName: fullNameOf(record),
      symbol: symbol ?? anything,
      module: symbol === undefined ? textOrNone : (module ?? null),
      address: kernelCode,
      how: judge(
        'kthread, but of kthreadd alone its stack',
        (cell) => (cell === 'kthread') === (process.pid !== 2),
      ),
      data: judge('an address or nothing', (cell) => cell === null || typeof cell === 'bigint'),
      work: onlyWorkers(textOrNone),
      workModule: onlyWorkers(textOrNone),
      lastWork: onlyWorkers(textOrNone),
      queue: isWorker ? queueOf(symbol, stat.comm) : unlessWorker,
      pool: onlyWorkers(numberOrNone),
      boundCpu: boundTo(process.status),
      flags: judge('flags', (cell) => /^[a-z,-]*$/.test(String(cell))),
      known: true,
      task: kernelAddress(truth),
    },
  };
}

const kernelCode = judge('an address of code', (cell) => typeof cell === 'bigint' && cell > 0xbfff_ffffn);

/** The function that begins the stack: the one that `kthread` calls, or of kthreadd itself the outermost. */
function functionOf({
  process,
  thread,
  stat,
}: ThreadRecord): readonly [symbol: string, module?: string] | undefined {
  const known = FUNCTIONS.find(([name]) => name.test(stat.comm));
  if (known?.[2] !== undefined) return [known[1], known[2]];
  const frames = (thread.stack ?? '').split('\n').flatMap((line) => {
    const [, symbol, module] = LINE.exec(line) ?? [];
    return symbol === undefined ? [] : [[symbol, module] as const];
  });
  const end = frames.findIndex(([symbol]) =>
    process.pid === 2 ? BEGINNING.test(symbol) : symbol === 'kthread',
  );
  const found = end > 0 ? frames[end - 1] : undefined;
  if (found === undefined) return known === undefined ? undefined : [known[1]];
  const [symbol, module] = found;
  return module === undefined ? [symbol] : [symbol, module];
}

/** What /proc shows; a worker that has worked since shows what it worked on. */
function fullNameOf({ process, stat }: ThreadRecord) {
  const said = textOf(process.comm.replace(/\n$/, ''));
  return judge(JSON.stringify(said), (cell: Cell) => {
    if (cell === said) return true;
    // Until v6.10 /proc has no more of a rescuer's name than its first bytes.
    if (said.length === MOST_SHORT && String(cell).startsWith(said)) return true;
    const own = /^kworker\/[^-+]*/.exec(stat.comm)?.[0];
    return own !== undefined && String(cell).startsWith(own) ? 'kernelThreadMoved' : false;
  });
}

/** A rescuer's queue is its name, as far as there was room. */
const queueOf = (symbol: string | undefined, comm: string, isOptional = false) => {
  if (symbol !== 'rescuer_thread') return textOrNone;
  const rescued = comm.replace(/^kworker\/R-/, '');
  return judge(rescued, (cell) =>
    cell === null ? isOptional : String(cell).startsWith(rescued) || rescued.startsWith(String(cell)),
  );
};

/** A thread that is bound may run on no other CPU. */
const boundTo = (status: string) =>
  judge('the one CPU that it may run on, or nothing', (cell) => {
    if (cell === null) return true;
    return statusLine(status, 'Cpus_allowed_list')?.[0] === String(cell);
  });
