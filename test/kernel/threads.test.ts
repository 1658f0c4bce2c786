// A process is all of its threads: what its first thread gave back at its end, the others still have.
import { describe, expect, it } from 'vitest';
import env from '../../plugins/env.ts';
import files from '../../plugins/files.ts';
import maps from '../../plugins/maps.ts';
import pslist from '../../plugins/pslist.ts';
import { DrawnAreas } from '../support/areas.ts';
import { DrawnFiles } from '../support/files.ts';
import { type FakeKernel, fakeKernel } from '../support/kernel.ts';
import { ask, column, observed } from '../support/rows.ts';

const ZOMBIE = 0x20;

/** Process 10, whose first thread has ended; 11 and 12 go on. */
function drawn(): { kernel: FakeKernel; world: DrawnFiles } {
  const kernel = fakeKernel('init(1)  evil(10 < 1)', {
    traits: {
      10: { exitState: ZOMBIE, threads: [1n, 2n, 3n], args: 'evil\0run\0', environment: 'LD_PRELOAD=/x\0' },
    },
  });
  return { kernel, world: new DrawnFiles(kernel) };
}

describe('a process whose first thread has ended', () => {
  it('has the arguments, the executable and the environment of those that go on, and a sentence', async () => {
    const { kernel, world } = drawn();
    const mm = kernel.read(kernel.task(11), 'task_struct', 'mm');
    kernel.write(mm, 'mm_struct', { exe_file: world.open(world.entry(world.root, 'evil')) });
    const answer = await ask(pslist, kernel.linux());
    expect(answer.rows[1]).toMatchObject({
      pid: 10,
      state: 'Z',
      threads: 3,
      args: 'evil run',
      exe: '/evil',
      rss: 24,
    });
    expect(answer.notes).toEqual([]);
    expect(observed(pslist, answer)).toEqual([
      expect.stringMatching(/^the first thread has ended .*: 10 \(.*, 2 left\)$/),
    ]);
    expect((await ask(env, kernel.linux())).rows[1]).toEqual({
      ...{ pid: 10, name: 'LD_PRELOAD', value: '/x', container: null },
    });
  });

  it('has their mappings and their descriptors', async () => {
    const { kernel, world } = drawn();
    const areas = new DrawnAreas(kernel);
    const mm = kernel.read(kernel.task(11), 'task_struct', 'mm');
    kernel.write(kernel.task(10), 'task_struct', { mm });
    areas.giveTree(10, [areas.area(0x1000n, 0x2000n)]);
    kernel.write(kernel.task(10), 'task_struct', { mm: 0n });
    expect(column(await ask(maps, kernel.linux()), 'pid')).toEqual([10]);
    world.give(11, { 3: world.open(world.entry(world.root, 'loot')) });
    const table = kernel.read(kernel.task(11), 'task_struct', 'files');
    kernel.write(kernel.task(12), 'task_struct', { files: table });
    expect((await ask(files, kernel.linux())).rows).toMatchObject([
      { pid: 10, tid: null, fd: 3, path: '/loot' },
    ]);
  });

  it('has nothing, and no note, where it had no other', async () => {
    const kernel = fakeKernel('init(1)  gone(10 < 1)', { traits: { 10: { exitState: ZOMBIE } } });
    const answer = await ask(pslist, kernel.linux());
    expect(answer.rows[1]).toMatchObject({ pid: 10, state: 'Z', args: null, exe: null });
    expect(answer.notes).toEqual([]);
  });

  it('says why there is nothing where the others cannot be read', async () => {
    const { kernel } = drawn();
    for (const tid of [11, 12]) kernel.lose(kernel.task(tid));
    expect((await ask(pslist, kernel.linux())).rows[1]).toMatchObject({
      args: { absent: 'not-in-snapshot' },
    });
  });
});

describe('a thread with descriptors of its own', () => {
  it('has them listed behind those of its process, with its number', async () => {
    const kernel = fakeKernel('init(1)  server(10 < 1)', { traits: { 10: { threads: [1n, 2n, 3n] } } });
    const world = new DrawnFiles(kernel);
    world.give(10, { 0: world.open(world.entry(world.root, 'shared')) });
    kernel.write(kernel.task(11), 'task_struct', {
      files: kernel.read(kernel.task(10), 'task_struct', 'files'),
    });
    world.give(12, { 0: world.open(world.entry(world.root, 'own')) });
    const answer = await ask(files, kernel.linux());
    expect(answer.rows.map(({ pid, tid, fd, path }) => [pid, tid, fd, path])).toEqual([
      [10, null, 0, '/shared'],
      [10, 12, 0, '/own'],
    ]);
    expect(answer.notes).toEqual([]);
  });
});

describe('a process whose first thread is lost', () => {
  it('has the memory of another', async () => {
    const kernel = fakeKernel('init(1)  server(10 < 1)', {
      traits: { 10: { threads: [1n, 2n] } },
      at: { 'task_struct.mm': 5100 },
    });
    kernel.lose(kernel.member(kernel.task(10), 'task_struct', 'mm'));
    expect((await ask(pslist, kernel.linux())).rows[1]).toMatchObject({ pid: 10, args: 'drawn' });
  });
});

describe('a descriptor whose bitmap is lost', () => {
  it('costs its flags and no other row', async () => {
    const kernel = fakeKernel('init(1)  server(10 < 1)');
    const world = new DrawnFiles(kernel);
    world.give(10, {
      0: world.open(world.entry(world.root, 'a')),
      1: world.open(world.entry(world.root, 'b')),
    });
    const table = kernel.read(kernel.read(kernel.task(10), 'task_struct', 'files'), 'files_struct', 'fdt');
    kernel.lose(kernel.read(table, 'fdtable', 'close_on_exec'));
    const answer = await ask(files, kernel.linux());
    expect(column(answer, 'path')).toEqual(['/a', '/b']);
    expect(column(answer, 'flags')).toEqual([{ absent: 'not-in-snapshot' }, { absent: 'not-in-snapshot' }]);
  });
});
