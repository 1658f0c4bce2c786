// Names that disagree in drawn memory: what is read of the kernel and of the process's own memory.
import { describe, expect, it } from 'vitest';
import spoofed from '../../plugins/spoofed.ts';
import { DrawnAreas } from '../support/areas.ts';
import { DrawnFiles } from '../support/files.ts';
import { fakeKernel, STACK } from '../support/kernel.ts';
import { ask } from '../support/rows.ts';

function drawn(args: string) {
  const kernel = fakeKernel('init(1) [kthreadd](2) bash(9)', { traits: { 9: { args } } });
  const [areas, files] = [new DrawnAreas(kernel), new DrawnFiles(kernel)];
  const exe_file = files.open(files.entry(files.root, 'bash'));
  for (const pid of [1, 9]) kernel.write(areas.memoryOf(pid), 'mm_struct', { exe_file });
  kernel.write(kernel.task(1), 'task_struct', { comm: 'bash\0' });
  kernel.write(areas.memoryOf(1), 'mm_struct', { arg_start: 0n, arg_end: 0n });
  return { kernel, areas };
}

describe('spoofed', () => {
  it('shows a process that calls itself otherwise, and no thread of the kernel', async () => {
    const { rows, notes } = await ask(spoofed, drawn('[kthreadd]\0-x\0').kernel.linux());
    expect(notes).toEqual([]);
    expect(rows).toMatchObject([
      {
        ...{ pid: 9, name: 'bash', argv0: '[kthreadd]', exe: '/bash', disagree: 'argv0' },
        ...{ explained: null, kernelLike: true, spoofed: true },
      },
    ]);
  });

  it('tells triage of a name that is no thread’s of the kernel', async () => {
    const { rows } = await ask(spoofed, drawn('/usr/sbin/sshd\0').kernel.linux());
    expect(spoofed.why!(rows[0] as never, undefined as never)).toEqual([
      'calls itself /usr/sbin/sshd, which it does not run',
    ]);
  });

  it('says that arguments are lost, and judges the rest', async () => {
    const { kernel } = drawn('sshd\0');
    kernel.image.lose(kernel.image.entry(STACK, 1, kernel.rootOf(9)));
    const { rows, notes } = await ask(spoofed, kernel.linux());
    expect(rows).toEqual([]);
    expect(notes).toEqual([expect.stringMatching(/^arguments of process 9: /)]);
  });

  it('does not call honest what it cannot read to the end', async () => {
    const { kernel } = drawn('bash\0');
    kernel.write(kernel.task(9), 'task_struct', { comm: 'other\0' });
    expect((await ask(spoofed, kernel.linux())).rows).toMatchObject([
      { explained: 'renamed', spoofed: false },
    ]);
    kernel.image.lose(kernel.image.entry(STACK, 1, kernel.rootOf(9)));
    expect((await ask(spoofed, kernel.linux())).rows).toMatchObject([
      {
        name: 'other',
        argv0: { absent: expect.any(String) as string },
        spoofed: { absent: 'walk-incomplete' },
      },
    ]);
  });

  it('reads no arguments that end before they begin', async () => {
    const { kernel, areas } = drawn('sshd\0');
    kernel.write(areas.memoryOf(9), 'mm_struct', { arg_end: STACK - 1n });
    expect((await ask(spoofed, kernel.linux())).notes).toEqual([
      'arguments of process 9: arguments that end before they begin, or never',
    ]);
  });
});
