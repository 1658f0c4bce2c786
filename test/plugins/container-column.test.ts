// The container of a row's process, which questions have without a word: on drawn control groups, and on damaged ones.
import { describe, expect, it } from 'vitest';
import containers from '../../plugins/containers.ts';
import limits from '../../plugins/limits.ts';
import modules from '../../plugins/modules.ts';
import pslist from '../../plugins/pslist.ts';
import threads from '../../plugins/threads.ts';
import { NotInSnapshot } from '../../src/base/errors.ts';
import { ContainersByPid } from '../../src/kernel/linux/process/containers-by-pid.ts';
import type { Cell } from '../../src/plugin/cell.ts';
import { definePlugin } from '../../src/plugin/contract.ts';
import { type FakeKernel, fakeKernel } from '../support/kernel.ts';
import { type Answer, ask } from '../support/rows.ts';

const ID = 'd'.repeat(64);
const DRAWING = 'init(1)  sshd(200 < 1)  bash(201 < 200)';

/** A control group with this name, below others, that a css_set leads to. */
function groupOf(drawn: FakeKernel, ...names: string[]): bigint {
  let node = drawn.draw('kernfs_node', { name: textAt(drawn, '') });
  for (const name of names) {
    const parent = node;
    node = drawn.draw('kernfs_node', { name: textAt(drawn, name) });
    const member = drawn.linux().types.has('kernfs_node', 'parent') ? 'parent' : '__parent';
    drawn.write(node, 'kernfs_node', { [member]: parent });
  }
  const set = drawn.draw('css_set', { dfl_cgrp: drawn.draw('cgroup', { kn: node }) });
  for (const list of ['cgrp_links', 'tasks', 'mg_tasks', 'dying_tasks'] as const)
    if (drawn.linux().types.has('css_set', list)) drawn.link([drawn.member(set, 'css_set', list)]);
  return set;
}

function textAt(drawn: FakeKernel, text: string): bigint {
  const at = drawn.virtual(drawn.image.take(text.length + 1));
  drawn.image.write(drawn.physical(at), Buffer.from(`${text}\0`, 'latin1'));
  return at;
}

/** A kernel in which 201 is in a container and the others are in none. */
function drawnContainer(): { drawn: FakeKernel; inside: bigint } {
  const drawn = fakeKernel(DRAWING);
  const [inside, outside] = [groupOf(drawn, 'system.slice', `docker-${ID}.scope`), groupOf(drawn)];
  for (const pid of [0, 1, 200]) drawn.write(drawn.task(pid), 'task_struct', { cgroups: outside });
  drawn.write(drawn.task(201), 'task_struct', { cgroups: inside });
  return { drawn, inside };
}

/** What each process has, once. */
const byPid = ({ rows }: Answer): Record<string, Cell> =>
  Object.fromEntries(rows.map(({ pid, container }) => [String(pid), container!]));

describe('container', () => {
  it('is that of the process, in every question that has one', async () => {
    const { drawn } = drawnContainer();
    for (const question of [pslist, threads, limits])
      expect(byPid(await ask(question, drawn.linux())), question.name).toEqual({
        1: null,
        200: null,
        201: ID,
      });
  });

  it('is read of no process but the one that is asked for', () => {
    const { drawn, inside } = drawnContainer();
    drawn.lose(drawn.read(drawn.task(200), 'task_struct', 'cgroups'));
    expect(new ContainersByPid(drawn.linux()).of(201)).toBe(ID);
    drawn.lose(inside);
    expect(() => new ContainersByPid(drawn.linux()).of(201)).toThrow(NotInSnapshot);
  });

  it('is absent where what tells it is lost, and of no other process', async () => {
    const { drawn, inside } = drawnContainer();
    drawn.lose(inside);
    const cells = byPid(await ask(limits, drawn.linux()));
    expect(cells['201']).toEqual({ absent: 'not-in-snapshot' });
  });

  it('is absent where its group is below itself', async () => {
    const { drawn, inside } = drawnContainer();
    const group = drawn.read(inside, 'css_set', 'dfl_cgrp');
    const node = drawn.read(group, 'cgroup', 'kn');
    const member = drawn.linux().types.has('kernfs_node', 'parent') ? 'parent' : '__parent';
    drawn.write(node, 'kernfs_node', { [member]: node });
    expect(byPid(await ask(limits, drawn.linux()))['201']).toEqual({ absent: 'corrupt-structure' });
  });

  it('is absent, and not empty, where no process of that ID or more than one was found', async () => {
    const { drawn } = drawnContainer();
    const question = definePlugin({
      ...{ name: 'things', summary: 'Draw', example: '', version: 1, identity: ['pid'], process: 'pid' },
      subjects: () => [0, 1, 201, 999, null],
      columns: { pid: { int: (pid: number | null) => pid } },
    });
    const cells = async () => (await ask(question, drawn.linux())).rows.map(({ container }) => container);
    expect(await cells()).toEqual([null, null, ID, { absent: 'walk-incomplete' }, null]);
    drawn.write(drawn.task(200), 'task_struct', { pid: 201, tgid: 201 });
    expect((await cells())[2]).toEqual({ absent: 'corrupt-structure' });
  });

  it('is nowhere that rows are of no process, and not in the list of containers', () => {
    expect([modules, containers].map(({ columns }) => 'container' in columns)).toEqual([false, false]);
    expect(
      [threads.filters, threads.dispensable].every((names) => names!.includes('container' as never)),
    ).toBe(true);
  });
});
