// Which structures have a task, on drawn memory: whoever is taken off one lacks that one alone, and nothing is false where
// a walk broke.
import { describe, expect, it } from 'vitest';
import psxview from '../../plugins/psxview.ts';
import { type FakeKernel, fakeKernel } from '../support/kernel.ts';
import { ask, column } from '../support/rows.ts';

const DRAWING = 'init(1) [kthreadd](2) sshd(200 < 1) rootkit(300 < 200)';

const asked = async (change: (drawn: FakeKernel) => void = () => undefined) => {
  const drawn = fakeKernel(DRAWING);
  change(drawn);
  const answer = await ask(psxview, drawn.linux());
  return { answer, row: answer.rows.find(({ pid }) => pid === 300) };
};

describe('psxview', () => {
  it('has a row for each task, and all views have it', async () => {
    const { answer } = await asked();
    expect(column(answer, 'pid')).toEqual([1, 2, 200, 300]);
    for (const view of ['taskList', 'pids', 'threads', 'children', 'carved'])
      expect(column(answer, view)).toEqual([true, true, true, true]);
  });

  it('tells what lacks a process', async () => {
    const { row } = await asked((drawn) => drawn.unlink(drawn.task(300), 'tasks'));
    expect(row).toMatchObject({ taskList: false, pids: true, threads: true, children: true, carved: true });
  });

  it('has a process that only its shape tells', async () => {
    const { row } = await asked((drawn) => {
      drawn.unlink(drawn.task(300), 'tasks');
      drawn.unlink(drawn.task(300), 'sibling');
      drawn.detach(300);
    });
    expect(row).toMatchObject({
      taskList: false,
      pids: false,
      threads: false,
      children: false,
      carved: true,
    });
  });

  it('says no more than it knows of a table that breaks', async () => {
    const { row } = await asked((drawn) => {
      drawn.detach(300);
      drawn.lose(drawn.pid(200));
    });
    expect(row).toMatchObject({ taskList: true, pids: { absent: 'walk-incomplete' } });
  });
});
