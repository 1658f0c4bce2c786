// Tasks found by their shape on drawn memory: what is on no list, what has ended, what only looks like one, and damage.
import { describe, expect, it } from 'vitest';
import psscan from '../../plugins/psscan.ts';
import { type FakeKernel, fakeKernel } from '../support/kernel.ts';
import { ask, column, observed } from '../support/rows.ts';

const DRAWING = 'init(1) [kthreadd](2) sshd(200 < 1) rootkit(300 < 200)';
const EXIT_DEAD = 0x10;
const EXIT_ZOMBIE = 0x20;
const TASK_NEW = 0x800;

const asked = async (change: (drawn: FakeKernel) => void = () => undefined) => {
  const drawn = fakeKernel(DRAWING);
  change(drawn);
  const answer = await ask(psscan, drawn.linux());
  return { drawn, answer, row: answer.rows.find(({ pid }) => pid === 300) };
};

/** Takes a process off everything that leads to it. */
function unlinked(drawn: FakeKernel): void {
  const task = drawn.task(300);
  drawn.unlink(task, 'tasks');
  drawn.unlink(task, 'sibling');
  drawn.detach(300);
}

describe('psscan', () => {
  it('finds every process, and not the tasks that CPUs idle in', async () => {
    const { answer } = await asked();
    expect(column(answer, 'pid')).toEqual([1, 2, 200, 300]);
    expect(column(answer, 'live')).toEqual([true, true, true, true]);
    expect(column(answer, 'listed')).toEqual([true, true, true, true]);
    expect(column(answer, 'hidden')).toEqual([false, false, false, false]);
    expect(answer.notes).toEqual([]);
  });

  it('finds threads', async () => {
    const drawn = fakeKernel('init(1)', { traits: { 1: { threads: [1n, 2n, 3n] } } });
    const answer = await ask(psscan, drawn.linux());
    expect(column(answer, 'tid')).toEqual([1, 2, 3]);
    expect(column(answer, 'views')).toEqual(['list,pids,threads,children', 'pids,threads', 'pids,threads']);
  });

  it('alone finds a process that is on no list, and names it', async () => {
    const { answer, row, drawn } = await asked(unlinked);
    expect(row).toMatchObject({ name: 'rootkit', live: true, listed: false, hidden: true, views: null });
    expect(row).toMatchObject({ task: drawn.task(300), physical: BigInt(drawn.physical(drawn.task(300))) });
    expect(observed(psscan, answer)).toEqual([
      `1 task lives and the kernel lists it nowhere: 300 (rootkit; at 0x${drawn.physical(drawn.task(300)).toString(16)})`,
    ]);
    expect(answer.rows.filter(({ hidden }) => hidden === true)).toHaveLength(1);
    expect(answer.notes).toEqual([]);
  });

  it('tells what has ended, how, and calls it not hidden', async () => {
    const { answer, row } = await asked((drawn) => {
      unlinked(drawn);
      drawn.write(drawn.task(300), 'task_struct', {
        ...{ exit_state: EXIT_DEAD, exit_code: 3 << 8, usage: 0, real_cred: 0n, signal: 0n },
      });
    });
    expect(row).toMatchObject({ live: false, exitState: 'dead', exitCode: 3, exitSignal: null, uid: null });
    expect(row).toMatchObject({ state: 'X', listed: false, hidden: false });
    expect(observed(psscan, answer)).toEqual([]);
  });

  it('tells the signal that ended a process whose parent has not asked', async () => {
    const { row } = await asked((drawn) =>
      drawn.write(drawn.task(300), 'task_struct', { exit_state: EXIT_ZOMBIE, exit_code: 9, __state: 0x80 }),
    );
    expect(row).toMatchObject({ live: true, exitState: 'zombie', exitCode: null, exitSignal: 'SIGKILL' });
    expect(row).toMatchObject({ listed: true, hidden: false });
  });

  it('does not call hidden what is being made', async () => {
    const { row } = await asked((drawn) => {
      unlinked(drawn);
      drawn.write(drawn.task(300), 'task_struct', { __state: TASK_NEW });
    });
    expect(row).toMatchObject({ live: false, hidden: false });
  });

  it('does not call hidden what a list lacks that breaks', async () => {
    const { row, answer } = await asked((drawn) => {
      unlinked(drawn);
      drawn.lose(drawn.pid(200));
    });
    expect(row).toMatchObject({
      listed: { absent: 'walk-incomplete' },
      hidden: { absent: 'walk-incomplete' },
    });
    expect(answer.notes.join('\n')).toContain('table of process IDs');
  });

  it('says which listed task it did not find for a lost page', async () => {
    const { answer } = await asked((drawn) => drawn.lose(drawn.task(200)));
    expect(column(answer, 'pid')).toEqual([1, 2, 300]);
    expect(answer.notes.join('\n')).toMatch(/1 task that the kernel lists does not look like one, or/);
  });

  it('takes no copy for a task: a dump in a dump, a page of a guest inside', async () => {
    const { answer, drawn } = await asked();
    const size = drawn.profile.types['task_struct']!.size;
    const bytes = new Uint8Array(size);
    const from = drawn.physical(drawn.task(300));
    for (let at = 0; at + 8 <= size; at += 8)
      new DataView(bytes.buffer).setBigUint64(at, drawn.image.get64(from + at), true);
    for (let page = 0; page < 8; page++) drawn.image.write(drawn.image.takePages(1), bytes);
    expect(await ask(psscan, drawn.linux())).toEqual(answer);
  });

  it('shows a few of many forged tasks, and counts the rest', async () => {
    const drawn = fakeKernel(DRAWING);
    const text = drawn.symbol('_text');
    for (let count = 0; count < 100; count++) {
      const task = drawn.draw('task_struct', {
        ...{ pid: 5000 + count, tgid: 5000 + count, comm: 'forged\0', usage: 1, sched_class: text + 8n },
      });
      drawn.write(task, 'task_struct', { group_leader: task, real_parent: task });
      const place = (member: string): bigint => drawn.member(task, 'task_struct', member);
      for (const head of [
        ...['children', 'sibling', 'ptraced', 'ptrace_entry'].map(place),
        drawn.member(place('rt'), 'sched_rt_entity', 'run_list'),
        drawn.member(place('se'), 'sched_entity', 'group_node'),
      ])
        drawn.link([head]);
    }
    const kernel = drawn.linux();
    kernel.space.memory.limits = { ...kernel.space.memory.limits, rows: 20 };
    const { rows, notes } = await ask(psscan, kernel);
    expect(rows).toHaveLength(20);
    expect(notes.join('\n')).toContain('84 more tasks are left out than the 20 first');
  });

  it('finds nothing in what has a name and a number and no more', async () => {
    const { answer, drawn } = await asked();
    drawn.draw('task_struct', { pid: 7, tgid: 7, comm: 'nobody\0', sched_class: drawn.symbol('_text') });
    expect((await ask(psscan, drawn.linux())).rows).toEqual(answer.rows);
  });
});
