import { describe, expect, it } from 'vitest';
import pstree from '../../plugins/pstree.ts';
import { fakeKernel } from '../support/kernel.ts';
import { type Answer, ask, observed } from '../support/rows.ts';

const shape = ({ rows }: Answer): string[] =>
  rows.map(({ pid, depth }) => `${'  '.repeat(Number(depth))}${String(pid)}`);

describe('pstree', () => {
  it('shows parents before their children, siblings in the order of the task list', async () => {
    const drawn = fakeKernel(
      'init(1) [kthreadd](2) cron(50 < 1) [kworker](3 < 2) sshd(60 < 1) job(70 < 50) bash(80 < 60)',
    );
    const answer = await ask(pstree, drawn.linux());
    expect(shape(answer)).toEqual(['1', '  50', '    70', '  60', '    80', '2', '  3']);
    expect(answer.notes).toEqual([]);
    expect(answer.rows[2]).toMatchObject({
      pid: 70,
      ppid: 50,
      name: 'job',
      threads: 1,
      uid: 0,
      state: 'S',
      args: 'drawn',
    });
  });

  it('shows one process and its descendants on request', async () => {
    const drawn = fakeKernel('init(1) sshd(60 < 1) bash(80 < 60) cron(50 < 1)');
    expect(shape(await ask(pstree, drawn.linux(), { root: 60 }))).toEqual(['60', '  80']);
    const none = await ask(pstree, drawn.linux(), { root: 61 });
    expect(none).toEqual({ rows: [], notes: ['there is no process 61'] });
  });

  it('shows a process that is hidden from the task list where it belongs, and says so', async () => {
    const drawn = fakeKernel('init(1) hidden(66 < 1) shell(70 < 66)');
    drawn.unlink(drawn.task(66), 'tasks');
    const answer = await ask(pstree, drawn.linux());
    expect(shape(answer)).toEqual(['1', '  66', '    70']);
    expect(observed(pstree, answer)).toEqual([
      '1 process is hidden, and not in the task list: 66 (hidden; pids,children)',
    ]);
  });

  it('puts a process whose parent is in no view at the root', async () => {
    const drawn = fakeKernel('init(1) shell(70 < 1)');
    drawn.write(drawn.task(70), 'task_struct', {
      real_parent: drawn.draw('task_struct', { pid: 66, tgid: 66 }),
    });
    const answer = await ask(pstree, drawn.linux());
    expect(shape(answer)).toEqual(['1', '70']);
    expect(answer.rows[1]).toMatchObject({ ppid: 66 });
  });

  it('shows processes that are their own ancestors once, with a note', async () => {
    const drawn = fakeKernel('init(1) one(10) two(11 < 10) three(12 < 11)');
    drawn.write(drawn.task(10), 'task_struct', { real_parent: drawn.task(12) });
    const answer = await ask(pstree, drawn.linux());
    expect(shape(answer)).toEqual(['1', '10', '  11', '    12']);
    expect(answer.notes).toEqual(['process 10 is its own ancestor']);
  });

  it('finds the process of a child that a thread started', async () => {
    const drawn = fakeKernel('init(1) server(10 < 1) worker(20 < 10)', {
      traits: { 10: { threads: [1n, 1n] } },
    });
    const thread = drawn.draw('task_struct', { pid: 11, tgid: 10 });
    drawn.write(drawn.task(20), 'task_struct', { real_parent: thread });
    expect(shape(await ask(pstree, drawn.linux()))).toEqual(['1', '  10', '    20']);
  });

  it('goes ten thousand deep', async () => {
    const deep = Array.from({ length: 10_000 }, (_, i) => `p(${i + 1}${i === 0 ? '' : ` < ${i}`})`).join(' ');
    const { rows } = await ask(pstree, fakeKernel(deep, { packed: true }).linux());
    expect(rows.at(-1)).toMatchObject({ pid: 10_000, depth: 9_999 });
  });

  it('keeps a process whose parent cannot be read', async () => {
    const drawn = fakeKernel('init(1) orphan(10 < 1)');
    drawn.write(drawn.task(10), 'task_struct', { real_parent: 0x10n });
    const answer = await ask(pstree, drawn.linux());
    expect(shape(answer)).toEqual(['1', '10']);
    expect(answer.rows[1]).toMatchObject({ ppid: { absent: 'not-present' }, name: 'orphan' });
  });
});
