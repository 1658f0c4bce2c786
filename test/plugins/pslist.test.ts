import { describe, expect, it } from 'vitest';
import pslist from '../../plugins/pslist.ts';
import pstree from '../../plugins/pstree.ts';
import { DrawnFiles, type EntryTraits } from '../support/files.ts';
import { BOOTED, fakeKernel, type KernelWishes, STACK } from '../support/kernel.ts';
import { ask, column } from '../support/rows.ts';
import { drawStacks } from '../support/stacks.ts';

const UNDRAWN = { absent: 'corrupt-structure' };
const DRAWING = 'init(1)  [kthreadd](2)  sshd(200 < 1)  bash(201 < 200)';

describe('pslist', () => {
  it.each([
    ['a new kernel, 4 levels', {}],
    ['a new kernel, 5 levels', { levels: 5 }],
    ['an old kernel, 4 levels', { old: true }],
    ['an old kernel, 5 levels', { old: true, levels: 5 }],
  ] as const)('shows every process of %s', async (_, wishes: KernelWishes) => {
    const drawn = fakeKernel(DRAWING, {
      ...wishes,
      traits: {
        201: {
          uid: 1000,
          euid: 0,
          gid: 100,
          state: 0,
          nice: -5,
          threads: [1_500_000_000n, 250_000_000n],
          endedThreads: 250_000_000n,
          started: 60_123_456_789n,
          args: '-bash\0-c\0ls /tmp\0',
          pages: [10, 20, 30],
        },
      },
    });
    const answer = await ask(pslist, drawn.linux());
    expect(answer.notes).toEqual([]);
    expect(column(answer, 'pid')).toEqual([1, 2, 200, 201]);
    expect(column(answer, 'kernel')).toEqual([false, true, false, false]);
    expect(answer.rows[1]).toMatchObject({ name: 'kthreadd', rss: null, args: null });
    expect(answer.rows[3]).toEqual({
      pid: 201,
      ppid: 200,
      name: 'bash',
      threads: 2,
      uid: 1000,
      euid: 0,
      gid: 100,
      state: 'R',
      nice: -5,
      started: new Date(Number(BOOTED / 1_000_000n) + 60_123),
      cpuTime: 2,
      rss: 240,
      kernel: false,
      exe: null,
      args: '-bash -c ls /tmp',
      task: drawn.task(201),
      hidden: false,
      views: 'list,pids,children',
      kernelFlag: false,
      // Of these nothing is drawn.
      ...{ terminal: null, cwd: null, root: null, container: null, seccomp: null, oomScoreAdj: 0 },
      ...{ session: UNDRAWN, group: UNDRAWN, capabilities: UNDRAWN },
    });
  });

  it('has its columns in the order that others rely on', () => {
    expect(Object.keys(pslist.columns).join(' ')).toBe(
      'pid ppid name threads uid euid gid state nice started cpuTime rss kernel exe args task hidden views kernelFlag ' +
        'terminal session group cwd root container capabilities seccomp oomScoreAdj',
    );
  });

  it('loses one cell to a damaged page, and no row', async () => {
    const drawn = fakeKernel(DRAWING);
    drawn.lose(drawn.read(drawn.task(200), 'task_struct', 'real_cred'));
    const { rows, notes } = await ask(pslist, drawn.linux());
    expect(notes).toEqual([]);
    expect(rows.map(({ pid }) => pid)).toEqual([1, 2, 200, 201]);
    const lost = { absent: 'not-in-snapshot' };
    expect(rows[2]).toMatchObject({
      pid: 200,
      name: 'sshd',
      uid: lost,
      euid: lost,
      gid: lost,
      args: 'drawn',
    });
    expect(rows[3]).toMatchObject({ pid: 201, uid: 0 });
  });

  it('goes on past a task of which only the page with the list is left', async () => {
    const drawn = fakeKernel(DRAWING, { at: { 'task_struct.comm': 5000, 'task_struct.tgid': 5100 } });
    drawn.lose(drawn.member(drawn.task(200), 'task_struct', 'comm'));
    const { rows, notes } = await ask(pslist, drawn.linux());
    expect(notes).toEqual([]);
    const lost = { absent: 'not-in-snapshot' };
    expect(rows).toHaveLength(4);
    expect(rows[2]).toMatchObject({ pid: lost, name: lost, ppid: 1, uid: 0 });
    expect(rows[3]).toMatchObject({ pid: 201, ppid: lost, name: 'bash' });
  });

  it('ends a looped task list with a note and shows each task once', async () => {
    const drawn = fakeKernel(DRAWING);
    const back = drawn.member(drawn.task(2), 'task_struct', 'tasks');
    drawn.write(drawn.task(201), 'task_struct', { tasks: back });
    const answer = await ask(pslist, drawn.linux());
    expect(column(answer, 'pid')).toEqual([1, 2, 200, 201]);
    expect(answer.notes).toEqual(['task_struct.tasks list loops after 4 entries']);
  });

  it('lacks no process but the one whose page is lost', async () => {
    const drawn = fakeKernel(DRAWING);
    drawn.lose(drawn.task(200));
    const answer = await ask(pslist, drawn.linux());
    expect(column(answer, 'pid')).toEqual([1, 2, { absent: 'not-in-snapshot' }, 201]);
    expect(answer.notes).toEqual([
      `task_struct.tasks list breaks after 3 entries: physical page 0x${drawn.physical(drawn.task(200)).toString(16)} is not in the snapshot; 1 more are found from its end`,
    ]);
  });

  it('counts the time of threads until their list breaks', async () => {
    const drawn = fakeKernel('init(1)', { traits: { 1: { threads: [1_000_000_000n, 2_000_000_000n] } } });
    const signal = drawn.read(drawn.task(1), 'task_struct', 'signal');
    drawn.write(signal, 'signal_struct', { thread_head: 0x10n });
    const { rows, notes } = await ask(pslist, drawn.linux());
    expect(rows[0]).toMatchObject({ cpuTime: 0, threads: 2 });
    expect(notes).toEqual([
      'task_struct.thread_node list breaks after 0 entries: 0x10 is not mapped: level 4 entry is not present; entries between may be lost (2 times)',
    ]);
  });

  it('says what the kernel told before where the clock has not moved since', async () => {
    const drawn = fakeKernel('init(1)', { traits: { 1: { threads: [1_000_000_000n] } } });
    const signal = drawn.read(drawn.task(1), 'task_struct', 'signal');
    const told = drawn.member(signal, 'signal_struct', 'prev_cputime');
    drawn.write(told, 'prev_cputime', { utime: 900_000_000n, stime: 200_000_000n });
    expect((await ask(pslist, drawn.linux())).rows[0]).toMatchObject({ cpuTime: 1.1 });
  });

  it.each([
    ['R', 0x0, 0],
    ['S', 0x1, 0],
    ['S', 0x2001, 0],
    ['D', 0x2, 0],
    ['D', 0x102, 0],
    ['T', 0x104, 0],
    ['t', 0x8, 0],
    ['X', 0x80, 0x10],
    ['Z', 0x80, 0x20],
    ['P', 0x40, 0],
    ['I', 0x402, 0],
    ['I', 0x2402, 0],
    ['D', 0x1000, 0],
    ['D', 0x8000, 0],
  ])('shows the letter %s for state %#x and exit state %#x', async (letter, state, exitState) => {
    const drawn = fakeKernel('init(1)', { traits: { 1: { state, exitState } } });
    expect((await ask(pslist, drawn.linux())).rows[0]).toMatchObject({ state: letter });
  });

  it('has neither memory nor arguments of a zombie', async () => {
    const drawn = fakeKernel('init(1)', { traits: { 1: { exitState: 0x20 } } });
    expect((await ask(pslist, drawn.linux())).rows[0]).toMatchObject({ state: 'Z', rss: null, args: null });
  });
});

describe('a machine that is not up and running', () => {
  const drawn = (drawing: string, state: number) => {
    const kernel = fakeKernel(drawing);
    kernel.image.put32(kernel.physical(kernel.symbol('system_state')), state);
    return kernel.linux();
  };

  it('says so with its processes, however few', async () => {
    expect((await ask(pslist, drawn('init(1)', 0))).notes).toEqual(['the machine was still starting']);
    expect((await ask(pslist, drawn('init(1)', 5))).notes).toEqual(['the machine was shutting down']);
    expect((await ask(pslist, drawn('init(1)', 3))).notes).toEqual([]);
  });

  it('says nothing of a panic, after which all processes are still there', async () => {
    const kernel = fakeKernel('init(1)');
    kernel.image.put32(kernel.physical(kernel.symbol('panic_cpu')), 0);
    expect((await ask(pslist, kernel.linux())).notes).toEqual([]);
  });

  it('says so in place of an empty table, whatever was asked', async () => {
    for (const plugin of [pslist, pstree])
      expect(await ask(plugin, drawn('', 1))).toEqual({
        rows: [],
        notes: ['the machine was still starting'],
      });
  });
});

describe("a process's command line", () => {
  const argsOf = async (args: string, environment?: string) => {
    const traits = environment === undefined ? { args } : { args, environment };
    return (await ask(pslist, fakeKernel('init(1)', { traits: { 1: traits } }).linux())).rows[0]?.['args'];
  };

  it('joins arguments by spaces, empty ones in between too', async () => {
    expect(await argsOf('a\0\0b c\0\0\0')).toBe('a  b c');
  });

  it('is empty for a process started with none', async () => {
    expect(await argsOf('')).toBe('');
    expect(await argsOf('\0')).toBe('');
  });

  it('spells bytes that are no text', async () => {
    expect(await argsOf('caf\xc3\xa9\0\xff\xfe\0')).toBe('café \\xff\\xfe');
  });

  it('of a process that wrote a title over it ends at the first NUL', async () => {
    expect(await argsOf('nginx: master', ' process\0EFT=OVER\0')).toBe('nginx: master process');
    expect(await argsOf('short\0junk', '\0')).toBe('short');
  });

  it('of a title without end is cut after one page', async () => {
    const title = await argsOf('x'.repeat(3000), 'y'.repeat(3000));
    expect(title).toBe('x'.repeat(3000) + 'y'.repeat(1096));
  });

  it('runs over several pages', async () => {
    const words = Array.from({ length: 3000 }, (_, i) => `w${i}`);
    expect(await argsOf(`${words.join('\0')}\0`)).toBe(words.join(' '));
  });

  it.each([
    ['not-present', 0n],
    ['swapped', (2n << 59n) | (0x3ffn << 9n)],
  ])('is absent where a page of it is %s', async (reason, entry) => {
    const drawn = fakeKernel('init(1)', { traits: { 1: { args: `${'x'.repeat(5000)}\0` } } });
    drawn.image.put64(drawn.image.entry(STACK + 0x1000n, 1, drawn.rootOf(1)), entry);
    expect((await ask(pslist, drawn.linux())).rows[0]).toMatchObject({
      pid: 1,
      args: { absent: reason },
      rss: 24,
    });
  });

  it('is absent where its length is nonsense', async () => {
    const drawn = fakeKernel('init(1)');
    drawn.write(drawn.read(drawn.task(1), 'task_struct', 'mm'), 'mm_struct', { arg_end: STACK + 2n ** 40n });
    expect((await ask(pslist, drawn.linux())).rows[0]).toMatchObject({
      args: { absent: 'corrupt-structure' },
    });
  });
});

describe("a process's executable", () => {
  const gone = { deleted: true };
  const unnamed = { deleted: true, named: true };

  /** A process 9 that runs what `name` in `/usr/bin` is. */
  function running(name: string, traits: EntryTraits = {}) {
    const drawn = fakeKernel('init(1)  x(9)');
    const world = new DrawnFiles(drawn);
    const usr = world.entry(world.root, 'usr', 0o040755);
    const file = world.entry(world.entry(usr, 'bin', 0o040755), name, 0o100755, traits);
    const mm = drawn.read(drawn.task(9), 'task_struct', 'mm');
    drawn.write(mm, 'mm_struct', { exe_file: world.open(file) });
    return { drawn, world, file, mm };
  }
  const rowOf = async (drawn: ReturnType<typeof fakeKernel>) => (await ask(pslist, drawn.linux())).rows[1];

  it.each<[what: string, name: string, EntryTraits, exe: string]>([
    ['by its path', 'sleep', {}, '/usr/bin/sleep'],
    ['as deleted', 'x', gone, '/usr/bin/x (deleted)'],
    ['by a name that only looks deleted', 'x (deleted)', {}, '/usr/bin/x (deleted)'],
    ['in memory without a folder', 'memfd:', unnamed, '/memfd: (deleted)'],
    ['with bytes that are no text', '\xff\x1b[2J', {}, '/usr/bin/\\xff\x1b[2J'],
  ])('is named %s', async (_, name, traits, exe) => {
    expect(await rowOf(running(name, traits).drawn)).toMatchObject({ pid: 9, exe });
  });

  it('is the same in the tree of processes', async () => {
    const { rows } = await ask(pstree, running('sleep').drawn.linux());
    expect(rows.map(({ pid, exe }) => [pid, exe])).toEqual([
      [1, null],
      [9, '/usr/bin/sleep'],
    ]);
  });

  it('that lies in a mount which is gone begins at its root', async () => {
    const { drawn, world, mm } = running('sleep');
    const stick = world.mount('tmpfs', 0x30);
    drawn.write(mm, 'mm_struct', { exe_file: world.open(world.entry(stick, 'from-a-stick')) });
    expect(await rowOf(drawn)).toMatchObject({ exe: '/from-a-stick' });
  });

  it('is none where the kernel keeps none, and of zombies and kernel threads', async () => {
    const drawn = fakeKernel('init(1)  [kthreadd](2)  gone(3)', { traits: { 3: { exitState: 0x20 } } });
    expect(column(await ask(pslist, drawn.linux()), 'exe')).toEqual([null, null, null]);
    // While it works for a process, a kernel thread has that one's memory.
    const borrowed = drawn.read(drawn.task(1), 'task_struct', 'mm');
    drawn.write(borrowed, 'mm_struct', { exe_file: new DrawnFiles(drawn).root.dentry });
    drawn.write(drawn.task(2), 'task_struct', { mm: borrowed });
    drawStacks(drawn, [1]);
    drawStacks(drawn, [2], {});
    expect(column(await ask(pslist, drawn.linux()), 'exe').slice(1)).toEqual([null, null]);
  });

  it('is absent where its page is lost, and nothing else is', async () => {
    const { drawn, file } = running('sleep');
    drawn.lose(file.dentry);
    expect(await rowOf(drawn)).toMatchObject({
      exe: { absent: 'not-in-snapshot' },
      args: 'drawn',
      name: 'x',
    });
  });

  it('is absent of a kernel whose profile does not have it', async () => {
    const drawn = fakeKernel('init(1)', { without: ['mm_struct.exe_file'] });
    const { rows } = await ask(pslist, drawn.linux());
    expect(rows[0]).toMatchObject({ exe: { absent: 'not-in-kernel' }, args: 'drawn' });
  });

  it('reads what processes share once', async () => {
    const drawing = Array.from({ length: 50 }, (_, nth) => `p(${nth + 1})`).join(' ');
    const megabyte = 'x'.repeat(2 ** 20);
    const kernel = fakeKernel(drawing, { packed: true, traits: { 1: { args: `${megabyte}\0` } } }).linux();
    const { memory } = kernel.space;
    memory.limits = { ...memory.limits, reads: 20 * 65_536 };
    const { rows, notes } = await ask(pslist, kernel);
    expect(rows).toHaveLength(50);
    expect(new Set(rows.map(({ args }) => args)).size).toBe(1);
    expect(notes).toEqual(['args: 50 texts of more than 65536 bytes are cut, the longest of 1048576']);
  });
});
