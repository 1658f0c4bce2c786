// Kernel stacks of drawn threads: unwound by tables, scanned where those do not tell, and never past what is there.
import { describe, expect, it } from 'vitest';
import stacks from '../../plugins/stacks.ts';
import threads from '../../plugins/threads.ts';
import type { Linux } from '../../src/kernel/linux/linux.ts';
import { linuxListing } from '../support/drawn-symbols.ts';
import { type FakeKernel, fakeKernel } from '../support/kernel.ts';
import { ask, column } from '../support/rows.ts';

const TEXT = 0xffff_ffff_8110_0000n;
const FUNCTIONS = { schedule: 0x100n, do_wait: 0x2000n, sys_wait: 0x2800n, entry: 0x3000n } as const;
type Name = keyof typeof FUNCTIONS;
const STACK_BYTES = 0x4000;
/** ORC_REG_SP and ORC_TYPE_… as kernels of today have them. */
const [BY_STACK, UNDEFINED, END, CALL] = [3, 0, 1, 2];

const at = (name: Name, offset = 0n): bigint => TEXT + FUNCTIONS[name] + offset;

interface Drawn {
  readonly kernel: FakeKernel;
  readonly rules: ReadonlyMap<Name, bigint>;
  /** Where the words of the stack begin that its frames are in. */
  readonly frames: bigint;
  linux(): Linux;
}

/** A thread that waits: entry → sys_wait → do_wait → schedule. */
function drawWaiting(): Drawn {
  const kernel = fakeKernel('init(1)', {
    without: ['thread_struct.cpu_context', 'cpu_context', 'frame_record_meta', 'orc_entry.end'],
  });
  const names = Object.keys(FUNCTIONS) as Name[];
  // Distances have 32 bits: as in a kernel, the table lies in the image.
  const instructions = TEXT + 0x1_0000n;
  const size = kernel.profile.types['orc_entry']!.size;
  const entries = kernel.virtual(kernel.image.take(size * 8, 4096));
  const rules = new Map(names.map((name, nth) => [name, entries + BigInt(nth * size)]));
  for (const [nth, name] of names.entries()) {
    const place = instructions + BigInt(4 * nth);
    kernel.image.put32(kernel.physical(place), Number(BigInt.asIntN(32, at(name) - place)));
    const isEntry = name === 'entry';
    kernel.write(rules.get(name)!, 'orc_entry', {
      ...{ sp_offset: isEntry ? 0 : 16, bp_offset: 0, bp_reg: 0, signal: 0 },
      ...{ sp_reg: isEntry ? 0 : BY_STACK, type: isEntry ? END : CALL },
    });
  }
  const stack = kernel.virtual(kernel.image.take(STACK_BYTES, STACK_BYTES));
  const sp = stack + 0x3000n;
  kernel.write(sp, 'inactive_task_frame', { bp: 0n, ret_addr: at('schedule', 0x27n) });
  const frames = sp + BigInt(kernel.profile.types['inactive_task_frame']!.size);
  const returns = [at('do_wait', 0x60n), at('sys_wait', 0x9dn), at('entry', 0x76n)];
  for (const [nth, address] of returns.entries())
    kernel.image.put64(kernel.physical(frames) + 16 * nth + 8, address);
  const task = kernel.task(1);
  kernel.write(task, 'task_struct', { stack, on_cpu: 0, on_rq: 0 });
  kernel.write(kernel.member(task, 'task_struct', 'thread'), 'thread_struct', { sp });
  const symbols = {
    ...{ _stext: TEXT, _etext: TEXT + 0x4000n },
    ...{ __sched_text_start: TEXT, __sched_text_end: TEXT + 0x1000n },
    __start_orc_unwind_ip: instructions,
    __stop_orc_unwind_ip: instructions + BigInt(4 * names.length),
    __start_orc_unwind: entries,
  };
  const listed = names.map((name) => ({ name, address: at(name) }));
  const linux = (): Linux => linuxListing(kernel, symbols, listed);
  return { kernel, rules, frames, linux };
}

const WHOLE = ['schedule+0x27', 'do_wait+0x60', 'sys_wait+0x9d', 'entry+0x76'];

describe('a stack', () => {
  it('is unwound by the tables of the kernel', async () => {
    const answer = await ask(stacks, drawWaiting().linux());
    expect(column(answer, 'symbol')).toEqual(WHOLE);
    expect(column(answer, 'how')).toEqual(['saved', 'orc', 'orc', 'orc']);
    expect(column(answer, 'position')).toEqual([0, 1, 2, 3]);
    expect(answer.notes).toEqual([]);
  });

  it('tells the function that its thread waits in', async () => {
    const answer = await ask(threads, drawWaiting().linux());
    expect(column(answer, 'waitChannel')).toEqual(['do_wait']);
  });

  it('is scanned from where a table does not tell how to go on', async () => {
    const { kernel, rules, linux } = drawWaiting();
    kernel.write(rules.get('do_wait')!, 'orc_entry', { type: UNDEFINED });
    const answer = await ask(stacks, linux());
    expect(column(answer, 'symbol')).toEqual(WHOLE);
    expect(column(answer, 'how')).toEqual(['saved', 'orc', 'scan', 'scan']);
  });

  it('is scanned where the tables are lost', async () => {
    const { kernel, rules, linux } = drawWaiting();
    kernel.lose(rules.get('schedule')!);
    const answer = await ask(stacks, linux());
    expect(column(answer, 'how')).toEqual(['saved', 'scan', 'scan', 'scan']);
  });

  it.each([
    ['goes nowhere', { sp_offset: 0 }],
    ['goes back', { sp_offset: -64 }],
    ['goes to what is no stack', { sp_offset: 0x7ff8 }],
    ['counts from a register that is not saved', { sp_reg: 15 }],
  ])('ends where a rule %s', async (_, rule) => {
    const { kernel, rules, linux } = drawWaiting();
    for (const name of ['schedule', 'do_wait', 'sys_wait'] as const)
      kernel.write(rules.get(name)!, 'orc_entry', rule);
    const answer = await ask(stacks, linux());
    expect(column(answer, 'symbol')[0]).toBe('schedule+0x27');
    expect(new Set(column(answer, 'how').slice(1))).toEqual(new Set(['scan']));
  });

  it('that is lost costs a note', async () => {
    const { kernel, frames, linux } = drawWaiting();
    kernel.lose(frames);
    const answer = await ask(stacks, linux());
    expect(answer.rows).toEqual([]);
    expect(answer.notes.join('\n')).toMatch(/stack of process 1: .*not in the snapshot/);
  });

  it('whose pointer lies beside it costs a note', async () => {
    const { kernel, linux } = drawWaiting();
    const thread = kernel.member(kernel.task(1), 'task_struct', 'thread');
    kernel.write(thread, 'thread_struct', { sp: kernel.task(1) });
    const answer = await ask(stacks, linux());
    expect(answer.rows).toEqual([]);
    expect(answer.notes).toEqual(['stack of process 1: a stack pointer beside the stack']);
  });

  it('of a thread that has a CPU is not in memory, and a row says so', async () => {
    const { kernel, linux } = drawWaiting();
    kernel.write(kernel.task(1), 'task_struct', { on_cpu: 1 });
    const answer = await ask(stacks, linux());
    expect(answer.rows).toMatchObject([{ pid: 1, position: null, symbol: null, how: 'running' }]);
    expect(column(await ask(threads, linux()), 'waitChannel')).toEqual(['0']);
  });
});
