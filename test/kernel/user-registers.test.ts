// Who is a thread of the kernel: told by what a program needs to run, not by a flag, a parent or a pointer to memory.

import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import pslist from '../../plugins/pslist.ts';
import type { Linux } from '../../src/kernel/linux/linux.ts';
import { tasks as tasksOf } from '../../src/kernel/linux/process/processes.ts';
import type { Task } from '../../src/kernel/linux/process/task.ts';
import { userRegistersOf } from '../../src/kernel/linux/process/user-registers.ts';
import { startSession } from '../../src/session/session.ts';
import { openSnapshot, type Snapshot } from '../../src/snapshot/open.ts';
import { type FakeKernel, fakeKernel } from '../support/kernel.ts';
import { Overlay } from '../support/overlay.ts';
import { ask, observed } from '../support/rows.ts';
import { drawStacks } from '../support/stacks.ts';

const PF_KTHREAD = 0x0020_0000;

/** kthreadd, a thread of the kernel, and a shell; each with a kernel stack, the programs' with registers of user mode. */
function drawn(): { kernel: FakeKernel; registers: bigint } {
  const kernel = fakeKernel('init(1) [kthreadd](2) [worker](9 < 2) bash(10 < 1)', {
    traits: { 10: { args: 'bash\0-i\0' } },
  });
  drawStacks(kernel, [2, 9], {});
  const [, registers] = drawStacks(kernel, [1, 10]);
  return { kernel, registers: registers! };
}

const shell = async (kernel: FakeKernel) => {
  const answer = await ask(pslist, kernel.linux());
  return { row: answer.rows.find(({ pid }) => pid === 10), said: observed(pslist, answer), answer };
};

describe('a process that is marked as a thread of the kernel', () => {
  it('is one that came from user mode, though kthreadd is its parent: shown, marked and said', async () => {
    const { kernel } = drawn();
    kernel.adopt(10, 2);
    kernel.write(kernel.task(10), 'task_struct', { flags: PF_KTHREAD });
    const { row, said, answer } = await shell(kernel);
    expect(row).toMatchObject({ ppid: 2, kernel: false, kernelFlag: true, args: 'bash -i' });
    expect(said).toEqual([
      '1 process passes for a thread of the kernel (PF_KTHREAD), and came from user mode: 10 (bash)',
    ]);
    expect(answer.rows.map(({ kernel: isKernels }) => isKernels)).toEqual([false, true, true, false]);
  });

  it('is read by the page tables that it runs with where it has lost the pointer to its memory', async () => {
    const { kernel } = drawn();
    const task = kernel.task(10);
    const active_mm = kernel.read(task, 'task_struct', 'mm');
    const files = kernel.draw('files_struct');
    kernel.write(task, 'task_struct', { flags: PF_KTHREAD, mm: 0n, active_mm, files });
    expect((await shell(kernel)).row).toMatchObject({ kernel: false, args: 'bash -i' });
  });

  it('is a thread of the kernel that borrows memory where its stack has no such registers', async () => {
    const { kernel } = drawn();
    kernel.write(kernel.task(9), 'task_struct', { mm: kernel.read(kernel.task(10), 'task_struct', 'mm') });
    const { answer, said } = await shell(kernel);
    expect(answer.rows[2]).toMatchObject({ pid: 9, kernel: true, args: null });
    expect(said).toEqual([]);
  });

  it('is not known where its stack is lost, and is shown with what it has', async () => {
    const { kernel, registers } = drawn();
    kernel.write(kernel.task(10), 'task_struct', { flags: PF_KTHREAD });
    kernel.lose(registers);
    expect((await shell(kernel)).row).toMatchObject({
      kernel: { absent: 'not-in-snapshot' },
      args: 'bash -i',
    });
  });

  it('is not known where no process shows where such registers are', async () => {
    const kernel = fakeKernel('init(1) [kthreadd](2) [worker](9 < 2) bash(10 < 2)');
    kernel.write(kernel.task(10), 'task_struct', { flags: PF_KTHREAD });
    const { row, answer } = await shell(kernel);
    expect(row).toMatchObject({ kernel: { absent: 'not-in-kernel' }, args: 'drawn' });
    expect(answer.rows[2]).toMatchObject({ kernel: true });
  });
});

describe('a real machine', () => {
  const PAGE = 4096;
  let snapshot: Snapshot;
  let overlay: Overlay;
  beforeAll(() => {
    snapshot = openSnapshot('samples/web-1/after.kdump');
    overlay = new Overlay(snapshot.contents.source);
  });
  afterEach(() => overlay.mend());
  afterAll(() => snapshot.file.close());
  const linux = (): Linux => startSession({ ...snapshot, memory: overlay.memory() }).kernel;

  it('has registers of user mode in every process, and in no thread of the kernel', () => {
    const kernel = linux();
    const of = (isKernels: boolean) =>
      new Set(
        [...tasksOf(kernel)]
          .filter((task) => task.isFlaggedAsKernels === isKernels)
          .map(({ raw }) => userRegistersOf(kernel).has(raw)),
      );
    expect(of(false)).toEqual(new Set([true]));
    expect(of(true)).toEqual(new Set([false]));
  });

  it('shows a process that somebody marked as a child of kthreadd and one of its kind', async () => {
    const kernel = linux();
    const tasks = new Map([...tasksOf(kernel)].map((task): [number, Task] => [task.pid, task]));
    const victim = [...tasks.values()].find(({ name, memory }) => memory !== null && name !== 'init')!;
    const args = victim.memory!.commandLine;
    const put = (member: 'flags' | 'real_parent', bytes: number, word: bigint): void => {
      const address = victim.address + BigInt(kernel.types.offsetOf('task_struct', member));
      const at = Number(kernel.space.translate(address));
      const page = overlay.page(at - (at % PAGE));
      const view = Buffer.from(page.buffer);
      view.writeUIntLE(Number(word & 0xffff_ffffn), at % PAGE, 4);
      if (bytes === 8) view.writeUInt32LE(Number(word >> 32n), (at % PAGE) + 4);
      overlay.damage(at - (at % PAGE), page);
    };
    put('flags', 4, BigInt(victim.raw.flags | PF_KTHREAD));
    put('real_parent', 8, tasks.get(2)!.address);
    const answer = await ask(pslist, linux());
    expect(answer.rows.find(({ pid }) => pid === victim.pid)).toMatchObject({
      ...{ ppid: 2, kernel: false, kernelFlag: true, args },
    });
    expect(observed(pslist, answer)).toContainEqual(
      expect.stringMatching(/^1 process passes for a thread of the kernel/),
    );
  });
});
