// Locks on files on drawn kernels: both generations of structs, who waits for whom, and what damage costs.
import { describe, expect, it } from 'vitest';
import locks from '../../plugins/locks.ts';
import { linuxWith } from '../support/drawn-symbols.ts';
import { DrawnFiles } from '../support/files.ts';
import { fakeKernel } from '../support/kernel.ts';
import { DrawnMounts } from '../support/mounts.ts';
import { ask, column } from '../support/rows.ts';

const FLOCK = 2;
const POSIX = 1;
const LEASE = 32;
const UNLOCK_PENDING = 512;
const OFDLCK = 1024;
const END = 2n ** 63n - 1n;
/** Members of locks before they had a struct in common. */
const OLD = ['file_lock_core', 'file_lock.c'];
const COMMON = [
  'blocker',
  'list',
  'link',
  'blocked_requests',
  'blocked_member',
  'flags',
  'type',
  'pid',
  'file',
];
const NEW = COMMON.map((name) => `file_lock.fl_${name}`);

/** Two CPUs, a file with a lock by flock that somebody waits for, and one by fcntl on another CPU's list. */
function drawn(isOld = false) {
  const kernel = fakeKernel('init(1)  sshd(200 < 1)  bash(201 < 200)', { without: isOld ? OLD : NEW });
  const files = new DrawnFiles(kernel);
  const spot = files.entry(files.root, 'database');
  const file = files.open(spot);
  const member = (lock: bigint, name: string): bigint =>
    isOld
      ? kernel.member(lock, 'file_lock', `fl_${name}`)
      : kernel.member(kernel.member(lock, 'file_lock', 'c'), 'file_lock_core', `flc_${name}`);
  const put = (lock: bigint, values: Readonly<Record<string, bigint | number>>): void => {
    const prefix = isOld ? 'fl_' : 'flc_';
    const own = Object.fromEntries(Object.entries(values).map(([name, value]) => [prefix + name, value]));
    if (isOld) kernel.write(lock, 'file_lock', own);
    else kernel.write(kernel.member(lock, 'file_lock', 'c'), 'file_lock_core', own);
  };
  const lock = (
    values: Readonly<Record<string, bigint | number>>,
    range: readonly [bigint, bigint],
  ): bigint => {
    const address = kernel.draw('file_lock', { fl_start: range[0], fl_end: range[1] });
    put(address, { file, type: 1, ...values });
    kernel.link([member(address, 'blocked_requests')]);
    return address;
  };
  const word = (at: bigint, value: bigint): void => kernel.image.put64(kernel.physical(at), value);

  const whole = lock({ flags: FLOCK, pid: 200 }, [0n, END]);
  const waiter = lock({ flags: FLOCK, pid: 201, type: 0, blocker: whole }, [0n, END]);
  const range = lock({ flags: POSIX, pid: 201 }, [10n, 19n]);
  kernel.link([member(whole, 'blocked_requests'), member(waiter, 'blocked_member')]);
  const lists = kernel.takePerCpu(kernel.profile.types['file_lock_list_struct']!.size);
  const head = (cpu: number): bigint =>
    kernel.member(kernel.virtual(lists.places[cpu]!), 'file_lock_list_struct', 'hlist');
  for (const [cpu, held] of [whole, range].entries()) word(head(cpu), member(held, 'link'));
  const context = kernel.draw('file_lock_context');
  const heads = (name: string, own: readonly bigint[]): void =>
    kernel.link([
      kernel.member(context, 'file_lock_context', name),
      ...own.map((held) => member(held, 'list')),
    ]);
  heads('flc_flock', [whole]);
  heads('flc_posix', [range]);
  heads('flc_lease', []);
  kernel.write(spot.inode, 'inode', { i_flctx: context });
  const world = new DrawnMounts(files);
  world.namespace(1, [[files.root, { id: 1 }]]);
  const symbols = {
    ...world.publish(new Map([[files.root.block, [spot.inode]]])),
    file_lock_list: lists.pointer,
  };
  return {
    kernel,
    member,
    put,
    lock,
    word,
    head,
    whole,
    waiter,
    range,
    linux: () => linuxWith(kernel, symbols),
    symbols,
  };
}

describe.each([
  ['one struct for all', true],
  ['a struct in common', false],
])('locks of kernels with %s', (_, isOld) => {
  it('tells who has and who waits for a lock', async () => {
    const { linux, whole, waiter, range } = drawn(isOld);
    const { rows, notes } = await ask(locks, linux());
    const all = {
      container: null,
      lease: null,
      path: '/database',
      device: 'fe:01',
      inode: 2,
      end: null,
      start: 0,
    };
    expect(rows).toEqual([
      {
        ...{ ...all, pid: 200, process: 'sshd', kind: 'FLOCK', mode: 'WRITE', waits: false, waitsFor: null },
        ...{ blocker: null, address: whole, views: 'list,inode' },
      },
      {
        ...{ ...all, pid: 201, process: 'bash', kind: 'FLOCK', mode: 'READ', waits: true, waitsFor: 200 },
        ...{ blocker: whole, address: waiter, views: 'waiting' },
      },
      {
        ...{ ...all, pid: 201, process: 'bash', kind: 'POSIX', mode: 'WRITE', waits: false, waitsFor: null },
        ...{ start: 10, end: 19, blocker: null, address: range, views: 'list,inode' },
      },
    ]);
    expect(notes).toEqual([]);
  });
});

describe('locks', () => {
  it('knows leases that are to be given up, whoever waits for that, and locks of open files', async () => {
    const world = drawn();
    world.put(world.whole, { flags: LEASE | UNLOCK_PENDING });
    world.put(world.waiter, { flags: LEASE, type: 1, file: 0n });
    world.put(world.range, { flags: POSIX | OFDLCK, pid: 999 });
    const answer = await ask(locks, world.linux());
    expect(column(answer, 'kind')).toEqual(['LEASE', 'LEASE', 'OFDLCK']);
    expect(column(answer, 'mode')).toEqual(['UNLCK', 'WRITE', 'WRITE']);
    expect(column(answer, 'lease')).toEqual(['breaking', 'breaker', null]);
    expect(column(answer, 'path')).toEqual(['/database', '/database', '/database']);
    expect(column(answer, 'process')).toEqual(['sshd', 'bash', null]);
  });

  it('finds by inodes what the list of a CPU lacks, and does without lists', async () => {
    const world = drawn();
    world.word(world.head(1), 0n);
    expect(column(await ask(locks, world.linux()), 'views')).toEqual(['list,inode', 'waiting', 'inode']);
    const { super_blocks } = drawn().symbols;
    const bare = drawn();
    expect(column(await ask(locks, linuxWith(bare.kernel, { super_blocks })), 'views')).toEqual([
      'inode',
      'waiting',
      'inode',
    ]);
  });

  it('ends where locks wait for themselves and where a list loops, and says so', async () => {
    const ring = drawn();
    const { kernel, member, whole, waiter } = ring;
    kernel.link([member(waiter, 'blocked_requests'), member(whole, 'blocked_member')]);
    expect((await ask(locks, ring.linux())).rows).toHaveLength(3);
    const loop = drawn();
    loop.word(loop.member(loop.whole, 'link'), loop.member(loop.whole, 'link'));
    const answer = await ask(locks, loop.linux());
    expect(answer.rows).toHaveLength(3);
    expect(answer.notes.join()).toMatch(/locks of CPU 0 break: the chain loops/);
  });

  it('loses a page as cells or with a note', async () => {
    const lost = drawn();
    lost.kernel.lose(lost.waiter);
    const { rows, notes } = await ask(locks, lost.linux());
    expect(rows.map(({ kind }) => kind)).toEqual(['FLOCK', { absent: 'not-in-snapshot' }, 'POSIX']);
    expect(notes.join()).toMatch(/list breaks|waiters/);
    const odd = drawn();
    odd.put(odd.range, { flags: 0, type: 3 });
    const answer = await ask(locks, odd.linux());
    expect(column(answer, 'kind').at(-1)).toEqual({ absent: 'corrupt-structure' });
    expect(column(answer, 'mode').at(-1)).toEqual({ absent: 'corrupt-structure' });
  });
});
