// Threads of the kernel on drawn memory: whose function each runs, what workers work on, and what is left of damaged ones.
import { describe, expect, it } from 'vitest';
import kthreads from '../../plugins/kthreads.ts';
import type { Linux } from '../../src/kernel/linux/linux.ts';
import { linuxListing } from '../support/drawn-symbols.ts';
import { type FakeKernel, fakeKernel, type KernelWishes } from '../support/kernel.ts';
import { ask, column } from '../support/rows.ts';
import { drawStacks } from '../support/stacks.ts';

const TEXT = 0xffff_ffff_8110_0000n;
const MODULE = 0xffff_ffff_c000_0000n;
const FUNCTIONS = { kauditd: 0x100n, worker_thread: 0x200n, flush: 0x300n, drain: 0x400n } as const;
const at = (name: keyof typeof FUNCTIONS): bigint => TEXT + FUNCTIONS[name];
const PF_KTHREAD = 0x20_0000;
const PF_WQ_WORKER = 0x20;

const DRAWING = 'init(1) [kauditd](3) [jbd2](4) [kworker/0:1](5) [evil](6)';
const WITHOUT = ['module.mem', 'module_memory', 'module.data_layout', 'module_kobject'];

interface Drawn {
  readonly kernel: FakeKernel;
  /** The `struct kthread` of each. */
  readonly kthread: ReadonlyMap<number, bigint>;
  readonly worker: bigint;
  readonly module: bigint;
  readonly workQueue: bigint;
  linux(): Linux;
}

/** Threads of the kernel, of a module and of nobody, and a worker that works. */
function drawn(wishes: KernelWishes = {}): Drawn {
  const kernel = fakeKernel(DRAWING, { ...wishes, without: [...WITHOUT, ...(wishes.without ?? [])] });
  const kthread = new Map<number, bigint>();
  const isOld = wishes.without?.includes('task_struct.worker_private') === true;
  const make = (pid: number, values: Readonly<Record<string, bigint | number>>): void => {
    const { members } = kernel.profile.types['kthread']!;
    const drawable = Object.entries(values).filter(([member]) => members[member] !== undefined);
    const address = kernel.draw('kthread', Object.fromEntries(drawable));
    kthread.set(pid, address);
    kernel.write(kernel.task(pid), 'task_struct', {
      [isOld ? 'set_child_tid' : 'worker_private']: address,
    });
  };
  const name = kernel.virtual(kernel.image.take(4096, 4096));
  kernel.image.write(kernel.physical(name), 'jbd2/a-long-name-8\0');
  const workQueue = kernel.draw('workqueue_struct', { name: 'events\0' });
  const worker = kernel.draw('worker', {
    ...{ task: kernel.task(5), current_work: 1n, current_func: at('flush'), last_func: at('drain') },
    ...{ flags: 1 << 7, desc: 'events\0', pool: kernel.draw('worker_pool', { cpu: 0, id: 7 }) },
    current_pwq: kernel.draw('pool_workqueue', { wq: workQueue }),
  });
  make(3, { threadfn: at('kauditd'), data: 0n });
  make(4, { threadfn: MODULE + 0x10n, data: 0x1234n, full_name: isOld ? 0n : name });
  make(5, { threadfn: at('worker_thread'), data: worker, flags: 1n, cpu: 0 });
  make(6, { threadfn: 0xffff_ffff_d000_0000n, flags: 2n });
  kernel.write(kernel.task(5), 'task_struct', { flags: PF_KTHREAD | PF_WQ_WORKER });
  const module = kernel.draw('module', { name: 'jbd2\0' });
  kernel.write(kernel.member(module, 'module', 'core_layout'), 'module_layout', {
    ...{ base: MODULE, size: 0x2000, text_size: 0x1000 },
  });
  const head = kernel.virtual(kernel.image.take(4096, 4096));
  kernel.link([head, kernel.member(module, 'module', 'list')]);
  const names = Object.keys(FUNCTIONS) as (keyof typeof FUNCTIONS)[];
  const symbols = { _stext: TEXT, _etext: TEXT + 0x4000n, modules: head };
  const listed = names.map((name) => ({ name, address: at(name) }));
  const linux = (): Linux => linuxListing(kernel, symbols, listed);
  return { kernel, kthread, worker, module, workQueue, linux };
}

describe('kthreads', () => {
  it('shows which function each thread of the kernel runs, and no other process', async () => {
    const answer = await ask(kthreads, drawn().linux());
    expect(answer.notes).toEqual([]);
    expect(column(answer, 'pid')).toEqual([3, 4, 5, 6]);
    expect(answer.rows).toMatchObject([
      { name: 'kauditd', fullName: 'kauditd', symbol: 'kauditd', module: null, data: null, known: true },
      {
        fullName: 'jbd2/a-long-name-8',
        module: 'jbd2',
        data: 0x1234n,
        how: 'kthread',
        known: true,
        boundCpu: null,
      },
      {
        ...{ fullName: 'kworker/0:1+events', symbol: 'worker_thread', work: 'flush', lastWork: 'drain' },
        ...{ queue: 'events', pool: 7, boundCpu: 0, flags: 'per-cpu,unbound', known: true, workModule: null },
      },
      { symbol: null, module: null, address: 0xffff_ffff_d000_0000n, flags: 'should-stop', known: false },
    ]);
    expect(answer.rows.map((row) => kthreads.why!(row as never, undefined as never))).toEqual([
      ...[[], [], []],
      ['runs code that is neither the kernel’s nor a module’s'],
    ]);
  });

  it('finds what older kernels keep in place of a pointer of programs', async () => {
    const answer = await ask(kthreads, drawn({ without: ['task_struct.worker_private'] }).linux());
    expect(column(answer, 'symbol').slice(0, 1)).toEqual(['kauditd']);
    expect(column(answer, 'fullName').slice(0, 2)).toEqual(['kauditd', 'jbd2']);
  });

  it('says of a kernel that keeps no functions that it does not', async () => {
    const answer = await ask(kthreads, drawn({ without: ['kthread.threadfn'] }).linux());
    expect(column(answer, 'symbol')[0]).toEqual({ absent: 'not-in-kernel' });
    expect(column(answer, 'known')[0]).toEqual({ absent: 'not-in-kernel' });
  });

  it('tells the work of a worker that is in nobody’s code', async () => {
    const { kernel, worker, linux } = drawn();
    kernel.write(worker, 'worker', { current_func: 0xffff_ffff_d000_0000n });
    const row = (await ask(kthreads, linux())).rows[2]!;
    expect(row).toMatchObject({ symbol: 'worker_thread', work: null, known: false });
    expect(kthreads.why!(row as never, undefined as never)).toEqual([
      'works on code that is neither the kernel’s nor a module’s',
    ]);
  });

  it('shows what a worker did last once it is idle, or was made to rescue', async () => {
    const { kernel, worker, workQueue, linux } = drawn();
    kernel.write(worker, 'worker', { current_work: 0n, flags: 1 << 2 });
    expect((await ask(kthreads, linux())).rows[2]).toMatchObject({
      ...{
        fullName: 'kworker/0:1-events',
        work: null,
        lastWork: 'drain',
        queue: null,
        flags: 'per-cpu,idle',
      },
    });
    kernel.write(worker, 'worker', { rescue_wq: workQueue, pool: 0n });
    expect((await ask(kthreads, linux())).rows[2]).toMatchObject({
      ...{ fullName: 'kworker/0:1', queue: 'events', pool: null },
    });
  });

  it('believes no worker that is another thread’s', async () => {
    const { kernel, worker, linux } = drawn();
    kernel.write(worker, 'worker', { task: kernel.task(3) });
    expect((await ask(kthreads, linux())).rows[2]).toMatchObject({
      ...{ name: 'kworker/0:1', symbol: 'worker_thread', work: { absent: 'corrupt-structure' } },
      ...{ fullName: { absent: 'corrupt-structure' }, known: { absent: 'corrupt-structure' } },
    });
  });

  it('loses cells of a thread whose struct is lost, and not its row', async () => {
    const { kernel, kthread, linux } = drawn();
    kernel.lose(kthread.get(4)!);
    const answer = await ask(kthreads, linux());
    expect(column(answer, 'pid')).toEqual([3, 4, 5, 6]);
    expect(answer.rows[1]).toMatchObject({
      ...{ name: 'jbd2', symbol: { absent: 'not-in-snapshot' }, known: { absent: 'not-in-snapshot' } },
    });
  });

  it('calls no code unknown where a module may be missing', async () => {
    const { kernel, module, linux } = drawn();
    kernel.lose(module);
    const answer = await ask(kthreads, linux());
    expect(column(answer, 'known')).toEqual([
      true,
      { absent: 'walk-incomplete' },
      true,
      { absent: 'walk-incomplete' },
    ]);
    expect(answer.notes).not.toEqual([]);
  });

  it('leaves out a process that only passes for one', async () => {
    const { kernel, linux } = drawn();
    kernel.write(kernel.task(1), 'task_struct', { flags: PF_KTHREAD });
    drawStacks(kernel, [1]);
    expect(column(await ask(kthreads, linux()), 'pid')).toEqual([3, 4, 5, 6]);
  });

  it('says of a thread that kthread_create did not make, and whose stack is nowhere, why its function is not told', async () => {
    const { kernel, linux } = drawn();
    kernel.write(kernel.task(3), 'task_struct', { worker_private: 0n, stack: kernel.task(1) });
    const row = (await ask(kthreads, linux())).rows[0]!;
    expect(row).toMatchObject({ name: 'kauditd', symbol: { absent: expect.any(String) as string } });
  });
});
