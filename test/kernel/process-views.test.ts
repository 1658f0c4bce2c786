// Processes that an intruder hides by changing the kernel's own structures, and structures that are merely damaged:
// whoever is in one view is found, and only those are called hidden that a view lacks in which nothing is missing.
import { describe, expect, it } from 'vitest';
import env from '../../plugins/env.ts';
import pslist from '../../plugins/pslist.ts';
import { type FakeKernel, fakeKernel, type KernelWishes } from '../support/kernel.ts';
import { type Answer, ask, observed } from '../support/rows.ts';

const DRAWING = 'init(1) [kthreadd](2) sshd(200 < 1) rootkit(300 < 200) child(400 < 300)';
const EXIT_DEAD = 0x10;
const TASK_NEW = 0x800;

/** What pslist says of process 300 after `change`. */
async function asked(change: (drawn: FakeKernel) => void, wishes: KernelWishes = {}) {
  const drawn = fakeKernel(DRAWING, wishes);
  change(drawn);
  const answer = await ask(pslist, drawn.linux());
  return { drawn, answer, row: answer.rows.find(({ pid }) => pid === 300) };
}
const pidsOf = ({ rows }: Answer) => rows.map(({ pid }) => pid);

const offList = (drawn: FakeKernel): void => drawn.unlink(drawn.task(300), 'tasks');
const offPids = (drawn: FakeKernel): void => drawn.detach(300);
const offChildren = (drawn: FakeKernel): void => drawn.unlink(drawn.task(300), 'sibling');
/** Nobody's parent: 400 is given to init. */
const orphaned = (drawn: FakeKernel): void => drawn.adopt(400, 1);
const all =
  (...changes: readonly ((drawn: FakeKernel) => void)[]) =>
  (drawn: FakeKernel): void => {
    for (const change of changes) change(drawn);
  };

describe('a process that is taken off', () => {
  it.each<[what: string, change: (drawn: FakeKernel) => void, views: string, told: string]>([
    ['the task list', offList, 'pids,children', 'the task list:'],
    ['the table of process IDs', offPids, 'list,children', 'the table of process IDs:'],
    ["its parent's children", offChildren, 'list,pids', "the list of its parent's children:"],
    ['list and table', all(offList, offPids), 'children', 'the table of process IDs:'],
    ['list and children', all(offList, offChildren), 'pids', 'the task list:'],
    ['all three', all(offList, offPids, offChildren), 'parents', 'the task list:'],
  ])('%s is shown, marked and named', async (_, change, views, told) => {
    const { answer, row } = await asked(change);
    expect(row).toMatchObject({ pid: 300, name: 'rootkit', hidden: true, views });
    expect(answer.rows.filter(({ hidden }) => hidden === true)).toHaveLength(1);
    expect(observed(pslist, answer).join('\n')).toContain(
      `1 process is hidden, and not in ${told} 300 (rootkit; ${views})`,
    );
    expect(answer.notes).toEqual([]); // nothing is missing from the rows
  });

  it('the task list in one direction only is marked too', async () => {
    const { row, answer } = await asked((drawn) => {
      const link = drawn.member(drawn.task(400), 'task_struct', 'tasks');
      drawn.image.put64(drawn.physical(drawn.member(drawn.task(200), 'task_struct', 'tasks')), link);
    });
    expect(row).toMatchObject({ hidden: true, views: 'list backwards,pids,children' });
    expect(observed(pslist, answer)).toHaveLength(1);
  });

  it('everything is found by one of its threads', async () => {
    const traits = { 300: { threads: [1n, 2n] } };
    const { row } = await asked(all(offList, offPids, offChildren, orphaned), { traits });
    expect(row).toMatchObject({ hidden: true, views: 'leaders' });
  });

  it('everything is found by the group that it is in', async () => {
    const { row } = await asked((drawn) => {
      all(offList, offPids, offChildren, orphaned)(drawn);
      const link = (pid: number): bigint => drawn.member(drawn.task(pid), 'task_struct', 'pid_links') + 32n;
      drawn.image.put64(drawn.physical(link(200)), link(300));
    });
    expect(row).toMatchObject({ hidden: true, views: 'groups' });
  });

  it('the list is in the answer of every question', async () => {
    const drawn = fakeKernel(DRAWING);
    offList(drawn);
    expect((await ask(env, drawn.linux())).rows.map(({ pid }) => pid)).toContain(300);
  });

  it('the list is found though the kernel counts it no more', async () => {
    const { row } = await asked((drawn) => {
      offList(drawn);
      const count = drawn.physical(drawn.symbol('nr_threads'));
      drawn.image.put32(count, Number(drawn.image.get64(count) & 0xffff_ffffn) - 1);
    });
    expect(row).toMatchObject({ hidden: true });
  });
});

describe('a process is not called hidden', () => {
  it('where the list lacks it because it breaks', async () => {
    const { answer, row } = await asked((drawn) => {
      drawn.lose(drawn.task(200));
      drawn.lose(drawn.task(400));
    });
    expect(pidsOf(answer)).toContain(300);
    expect(row).toMatchObject({ hidden: { absent: 'walk-incomplete' }, views: 'pids' });
    expect(answer.notes.join('\n')).toMatch(
      /300 \(rootkit; pids\); it breaks, so they may well have been in it/,
    );
  });

  it('where the table of process IDs lacks it because a node of it is lost', async () => {
    const { answer, row } = await asked((drawn) => drawn.lose(drawn.pid(300)));
    expect(row).toMatchObject({ hidden: { absent: 'walk-incomplete' }, views: 'list,children' });
    expect(answer.rows.filter(({ hidden }) => hidden === false)).toHaveLength(4);
    expect(answer.notes).toHaveLength(1);
  });

  it('where a page of the table holds zeros', async () => {
    const { row } = await asked((drawn) => {
      const root = drawn.member(
        drawn.member(drawn.symbol('init_pid_ns'), 'pid_namespace', 'idr'),
        'idr',
        'idr_rt',
      );
      const node = drawn.read(root, 'xarray', 'xa_head') - 2n;
      drawn.image.write(drawn.physical(node), new Uint8Array(drawn.profile.types['xa_node']!.size));
    });
    expect(row).toMatchObject({ hidden: { absent: 'walk-incomplete' } });
  });

  it('where the whole table of process IDs is zeros', async () => {
    const { answer, row } = await asked((drawn) => {
      const size = drawn.profile.types['pid_namespace']!.size;
      drawn.image.write(drawn.physical(drawn.symbol('init_pid_ns')), new Uint8Array(size));
    });
    expect(row).toMatchObject({ hidden: { absent: 'walk-incomplete' } });
    expect(answer.notes).toEqual([
      'processes by pids: the table of process IDs is empty, and no kernel has it so',
    ]);
  });

  it.each([
    ['is being let go', { exitState: EXIT_DEAD }],
    ['is being made', { state: TASK_NEW }],
  ])('while it %s', async (_, trait) => {
    const { answer, row } = await asked(all(offList, offChildren), { traits: { 300: trait } });
    expect(row).toMatchObject({ hidden: false });
    expect(answer.notes).toEqual([]);
  });

  it('where the kernel has no table of process IDs that is known of', async () => {
    const { answer, row } = await asked(() => {}, { without: ['pid'] });
    expect(row).toMatchObject({ hidden: false, views: 'list,children' });
    expect(answer.notes).toEqual([]);
  });
});

describe('what the kernel counts', () => {
  it('is said where a number is no more in the table', async () => {
    const { answer } = await asked((drawn) => {
      const namespace = drawn.symbol('init_pid_ns');
      drawn.write(namespace, 'pid_namespace', { pid_allocated: 0x8000_0006 });
    });
    expect(answer.notes).toEqual(['the kernel counts 6 process and thread IDs, and 5 are found']);
  });

  it('is said where it is not what is found', async () => {
    const { answer } = await asked((drawn) => all(offList, offPids, offChildren, orphaned)(drawn));
    expect(pidsOf(answer)).not.toContain(300);
    expect(answer.notes).toEqual([
      'the kernel counts 5 processes, and 4 are found',
      'the kernel counts 5 threads, and 4 are found',
    ]);
  });
});
