// Watches of inotify and marks of fanotify on drawn kernels: what they are on, and what damage costs.
import { describe, expect, it } from 'vitest';
import inotify from '../../plugins/inotify.ts';
import { linuxWith } from '../support/drawn-symbols.ts';
import { DrawnFiles } from '../support/files.ts';
import { fakeKernel } from '../support/kernel.ts';
import { DrawnMounts } from '../support/mounts.ts';
import { ask, column } from '../support/rows.ts';

const OLD = ['super_block.s_fsnotify_info', 'fsnotify_sb_info'];
const NEW = ['super_block.s_fsnotify_marks'];
const AUDIT = 0xffff_ffff_8170_0000n;

/** A process with two descriptors of one inotify group and one of fanotify; marks on a file, a mount and a file system. */
function drawn(isOld = false) {
  const kernel = fakeKernel('init(1)  watcher(200 < 1)', { without: isOld ? OLD : NEW });
  const files = new DrawnFiles(kernel);
  const note = files.entry(files.root, 'note');
  const { dentry, inode } = note;
  kernel.image.put64(
    kernel.physical(kernel.member(inode, 'inode', 'i_dentry')),
    kernel.member(dentry, 'dentry', 'd_alias'),
  );
  const root = files.root;
  kernel.write(root.block, 'super_block', { s_root: root.dentry });
  const rootNames = kernel.physical(kernel.member(root.inode, 'inode', 'i_dentry'));
  kernel.image.put64(rootNames, kernel.member(root.dentry, 'dentry', 'd_alias'));
  kernel.write(kernel.member(root.dentry, 'dentry', 'd_name'), 'qstr', { name: files.text('/'), len: 1 });
  const anonymous = files.mount('anon_inodefs', 9);
  const member = (address: bigint, name: string): bigint => kernel.member(address, 'fsnotify_mark', name);
  const word = (at: bigint, value: bigint): void => kernel.image.put64(kernel.physical(at), value);

  const group = (): bigint => kernel.draw('fsnotify_group', { ops: 0x1234n });
  const open = (name: string, private_data: bigint): bigint =>
    files.open(files.entry(anonymous, name, 0o100600, { named: true }), { private_data });
  /** Marks of one object, whose own pointer to them is at `place`. */
  const connect = (type: number, object: bigint, place: bigint, marks: readonly bigint[]): bigint => {
    const connector = kernel.draw('fsnotify_mark_connector', { type, obj: isOld ? place : object });
    word(place, connector);
    word(kernel.member(connector, 'fsnotify_mark_connector', 'list'), member(marks[0]!, 'obj_list'));
    for (const [nth, mark] of marks.entries()) {
      kernel.write(mark, 'fsnotify_mark', { connector });
      const next = marks[nth + 1];
      word(member(mark, 'obj_list'), next === undefined ? 0n : member(next, 'obj_list'));
    }
    return connector;
  };
  const watch = (own: bigint, mask: number, flags = 0): bigint => {
    const address = kernel.draw('inotify_inode_mark', { wd: 7 });
    const mark = kernel.member(address, 'inotify_inode_mark', 'fsn_mark');
    kernel.write(mark, 'fsnotify_mark', { mask, flags, group: own });
    return mark;
  };
  const [own, other, kernels] = [group(), group(), group()];
  kernel.write(kernels, 'fsnotify_group', { ops: AUDIT });
  const onFile = watch(own, 0x0800_6002, 0x10);
  const onMount = kernel.draw('fsnotify_mark', { mask: 0x20, group: other });
  const onAll = kernel.draw('fsnotify_mark', { mask: 0x1_0000, ignore_mask: 0x1, group: other });
  const ofKernel = kernel.draw('fsnotify_mark', { mask: 0x100, group: kernels });
  const heads = (from: bigint, marks: readonly bigint[]): void =>
    kernel.link([
      kernel.member(from, 'fsnotify_group', 'marks_list'),
      ...marks.map((mark) => member(mark, 'g_list')),
    ]);
  heads(own, [onFile]);
  heads(other, [onMount, onAll]);
  connect(0, inode, kernel.member(inode, 'inode', 'i_fsnotify_marks'), [onFile, ofKernel]);
  const mnt = kernel.member(root.mount, 'mount', 'mnt');
  connect(1, mnt, kernel.member(root.mount, 'mount', 'mnt_fsnotify_marks'), [onMount]);
  if (isOld) connect(2, root.block, kernel.member(root.block, 'super_block', 's_fsnotify_marks'), [onAll]);
  else {
    const info = kernel.draw('fsnotify_sb_info');
    kernel.write(root.block, 'super_block', { s_fsnotify_info: info });
    connect(2, root.block, kernel.member(info, 'fsnotify_sb_info', 'sb_marks'), [onAll]);
  }
  files.give(200, {
    3: open('inotify', own),
    4: open('inotify', own),
    5: open('[fanotify]', other),
    6: open('[eventfd]', 0n),
  });
  const world = new DrawnMounts(files);
  world.namespace(1, [[root, { id: 31 }]]);
  const symbols = {
    ...world.publish(new Map([[root.block, [root.inode, inode]]])),
    audit_watch_fsnotify_ops: AUDIT,
  };
  return { kernel, heads, own, onFile, onMount, member, word, linux: () => linuxWith(kernel, symbols) };
}

describe.each([
  ['lead to pointers', true],
  ['lead to objects', false],
])('watches of kernels whose marks %s', (_, isOld) => {
  it('tells who is told of what, once for each descriptor', async () => {
    const { rows, notes } = await ask(inotify, drawn(isOld).linux());
    const shown = rows.map(({ address, instance, ...row }) => row);
    const all = {
      pid: 200,
      process: 'watcher',
      watch: null,
      ignored: null,
      device: 'fe:01',
      inode: null,
      mount: null,
      container: null,
    };
    const first = {
      ...all,
      kind: 'inotify',
      watch: 7,
      target: 'file',
      path: '/note',
      events: 'modify,excl_unlink',
      inode: 2,
    };
    expect(shown).toEqual([
      { ...first, fd: 3 },
      { ...first, fd: 4 },
      { ...all, fd: 5, kind: 'fanotify', target: 'mount', path: '/', events: 'open', mount: 31 },
      {
        ...all,
        fd: 5,
        kind: 'fanotify',
        target: 'filesystem',
        path: '/',
        events: 'open_perm',
        ignored: 'access',
      },
      { ...first, pid: null, process: null, fd: null, kind: 'audit', watch: null, events: 'create' },
    ]);
    expect(notes).toEqual([]);
  });
});

describe('watches', () => {
  it('has a row for a group that watches nothing', async () => {
    const world = drawn();
    world.heads(world.own, []);
    const answer = await ask(inotify, world.linux());
    expect(column(answer, 'events').slice(0, 2)).toEqual([null, null]);
    // The file still leads to the mark, but its group is known.
    expect(answer.rows).toHaveLength(5);
  });

  it('loses a mark as cells, and a broken list as a note', async () => {
    const lost = drawn();
    lost.kernel.lose(lost.onMount);
    const { rows, notes } = await ask(inotify, lost.linux());
    expect(rows.map(({ events }) => events)).toContainEqual({ absent: 'not-in-snapshot' });
    expect(notes.join()).toMatch(/fsnotify_mark.g_list list breaks/);
  });

  it('ends where marks are in a ring, and believes in no object of an unknown kind', async () => {
    const ring = drawn();
    ring.word(ring.member(ring.onFile, 'obj_list'), ring.member(ring.onFile, 'obj_list'));
    const looped = await ask(inotify, ring.linux());
    expect(looped.notes.join()).toMatch(/marks on a file break: the chain loops/);
    const odd = drawn();
    const connector = odd.kernel.read(odd.onFile, 'fsnotify_mark', 'connector');
    odd.kernel.write(connector, 'fsnotify_mark_connector', { type: 9 });
    expect(column(await ask(inotify, odd.linux()), 'target')[0]).toEqual({ absent: 'corrupt-structure' });
  });
});
