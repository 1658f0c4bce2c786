// A process whose number cannot be read: what is said of it is said without that number, and no other process is lost.
// Each case damages something that a note is made of, in the one process of three whose pid is on a lost page.

import { describe, expect, it } from 'vitest';
import env from '../../plugins/env.ts';
import files from '../../plugins/files.ts';
import maps from '../../plugins/maps.ts';
import pslist from '../../plugins/pslist.ts';
import pstree from '../../plugins/pstree.ts';
import { physical } from '../../src/base/address.ts';
import { frameOwners } from '../../src/kernel/linux/process/frame-owners.ts';
import { tasks } from '../../src/kernel/linux/process/processes.ts';
import { DrawnAreas } from '../support/areas.ts';
import { DrawnFiles } from '../support/files.ts';
import { type FakeKernel, fakeKernel, STACK } from '../support/kernel.ts';
import { ask, column } from '../support/rows.ts';

/** Process 200 has lost its number; 1 and 201 have a file and a mapping each. */
function drawn(): FakeKernel {
  const kernel = fakeKernel('init(1)  sshd(200)  bash(201)', { at: { 'task_struct.tgid': 5100 } });
  kernel.lose(kernel.member(kernel.task(200), 'task_struct', 'tgid'));
  const world = new DrawnFiles(kernel);
  const areas = new DrawnAreas(kernel);
  for (const pid of [1, 200, 201]) {
    world.give(pid, { 3: world.open(world.entry(world.root, `of-${pid}`)) });
    areas.giveTree(pid, [areas.area(0x1000n, 0x2000n)]);
  }
  return kernel;
}

const LOST = { absent: 'not-in-snapshot' };

describe('a process whose number is lost', () => {
  it('keeps its place in the list and in the tree', async () => {
    const linux = drawn().linux();
    expect(column(await ask(pslist, linux), 'pid')).toEqual([1, LOST, 201]);
    expect(column(await ask(pstree, linux), 'pid')).toEqual([1, LOST, 201]);
  });

  it('costs no file of another where its table is broken', async () => {
    const kernel = drawn();
    const table = kernel.read(kernel.task(200), 'task_struct', 'files');
    kernel.write(table, 'files_struct', { fdt: 0x10n });
    const answer = await ask(files, kernel.linux());
    expect(column(answer, 'path')).toEqual(['/of-1', '/of-201']);
    expect(answer.notes).toEqual([
      `open files of the process at 0x${kernel.task(200).toString(16)}: 0x18 is not mapped: level 4 entry is not present`,
    ]);
  });

  it('costs no mapping of another where its tree is broken', async () => {
    const kernel = drawn();
    kernel.lose(kernel.read(kernel.task(200), 'task_struct', 'mm'));
    const answer = await ask(maps, kernel.linux());
    expect(column(answer, 'pid')).toEqual([1, 201]);
    expect(answer.notes).toHaveLength(1);
    expect(answer.notes[0]).toMatch(/^mappings of the process at 0x/);
  });

  it('costs no variable of another where its environment is too long', async () => {
    const kernel = drawn();
    const mm = kernel.read(kernel.task(200), 'task_struct', 'mm');
    kernel.write(mm, 'mm_struct', { env_end: STACK + 2n ** 40n });
    const answer = await ask(env, kernel.linux());
    expect(column(answer, 'pid').filter((pid) => pid === 1 || pid === 201)).toEqual([1, 201]);
    expect(answer.notes[0]).toMatch(/^environment of the process at 0x/);
  });

  it('owns its frames by its address where page tables are lost', async () => {
    const kernel = drawn();
    const linux = kernel.linux();
    const owned = [1, 201].map((pid) => {
      const { memory } = [...tasks(linux)].find((task) => task.label === `process ${pid}`)!;
      return memory!.space.translate(STACK);
    });
    const lost = kernel.read(kernel.task(200), 'task_struct', 'mm');
    kernel.write(lost, 'mm_struct', { pgd: 0x10n });
    const owners = frameOwners(kernel.linux(), new Set(owned.map((at) => physical(at))));
    expect([...owners.values()].flat().map(({ task }) => task.pid)).toEqual([1, 201]);
  });
});
