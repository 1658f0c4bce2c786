// Trees of drawn file systems as archives: what the system's tar unpacks of them, and what damage costs.
import { spawnSync } from 'node:child_process';
import {
  existsSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  rmSync,
  statSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { RecoveredTrees } from '../../src/cli/commands/recovered-trees.ts';
import { TarArchive } from '../../src/extract/tar-archive.ts';
import type { Linux } from '../../src/kernel/linux/linux.ts';
import { CHAINS_ONLY, DentryTree } from '../support/dentry-tree.ts';
import { linuxWith } from '../support/drawn-symbols.ts';
import { DrawnFiles, type Spot } from '../support/files.ts';
import { fakeKernel } from '../support/kernel.ts';
import { DrawnMounts } from '../support/mounts.ts';
import { DrawnPages } from '../support/page-cache.ts';

const PAGE = 4096;
const scratch = mkdtempSync(join(tmpdir(), 'vestige-trees-'));
afterAll(() => rmSync(scratch, { recursive: true, force: true }));

interface Line {
  readonly archived: string;
  readonly path: string | null;
  readonly bytes?: number;
  readonly missing?: Readonly<Record<string, number>>;
  readonly linkTo?: string;
  readonly leftOut?: string;
}

/** A disk with a folder of files: one cached in part, with two names; a link, a pipe, a socket, and names that lead elsewhere. */
function drawn() {
  const kernel = fakeKernel('init(1)', { without: CHAINS_ONLY });
  const files = new DrawnFiles(kernel);
  const tree = new DentryTree(files);
  const pages = new DrawnPages(kernel);
  const { root } = files;
  const folder = files.entry(root, 'srv', 0o040750);
  const write = ({ inode }: Spot, values: Readonly<Record<string, bigint | number>>): void =>
    kernel.write(inode, 'inode', values);
  const own = { i_uid: 1000, i_gid: 100, i_mtime_sec: 1_000_000_000, i_mtime_nsec: 123_456_789 };
  const note = files.entry(folder, 'note', 0o100640);
  const mapping = pages.mapping(note.inode);
  const first = pages.page(0, 'first', { mapping, index: 0 });
  const third = pages.page(1, 'third', { mapping, index: 2 });
  pages.plant(mapping, pages.node(0, { 0: first, 2: third }));
  kernel.write(mapping, 'address_space', { nrpages: 2 });
  write(note, { ...own, i_nlink: 2, i_size: 3 * PAGE, i_mapping: mapping });
  tree.alias(note.inode, note.dentry);
  const again: Spot = { ...files.entry(root, 'again'), inode: note.inode };
  kernel.write(again.dentry, 'dentry', { d_inode: note.inode });
  const link = files.entry(folder, 'link', 0o120777);
  write(link, { i_link: files.text('../../etc/passwd') });
  const pipe = files.entry(folder, 'pipe', 0o010600);
  const socket = files.entry(folder, 'socket', 0o140600);
  const gone = files.entry(folder, 'gone', 0o100600, { deleted: true });
  const odd = ['..', '/etc/cron.d/x', '\x1b[2J', 'note'].map((name) => files.entry(folder, name));
  for (const spot of odd) write(spot, { i_size: 5 });
  const never = files.entry(folder, 'never');
  kernel.write(never.dentry, 'dentry', { d_inode: 0n });
  tree.fill(root, [folder, again]);
  tree.fill(folder, [note, link, pipe, socket, gone, ...odd, never]);
  const world = new DrawnMounts(files);
  world.namespace(1, [[root, { id: 1 }]]);
  const inodes = new Map([[root.block, [root.inode, folder.inode, note.inode, gone.inode]]]);
  const symbols = { ...world.publish(inodes), mem_map: pages.symbol };
  return {
    kernel,
    files,
    tree,
    folder,
    note,
    gone,
    link,
    odd,
    mapping,
    write,
    linux: () => linuxWith(kernel, symbols),
  };
}

/** Saves what there is, and unpacks it. */
async function saved(name: string, kernel: Linux, types: readonly string[] = [], below?: string) {
  const path = join(scratch, `${name}.tar`);
  const archive = new TarArchive(path);
  const lines: Line[] = [];
  const trees = new RecoveredTrees(
    kernel,
    archive,
    (line) => lines.push(line as Line),
    () => undefined,
  );
  await trees.save(types, below);
  await archive.end();
  const folder = join(scratch, name);
  mkdirSync(folder);
  const { status, stderr } = spawnSync('tar', ['-xf', path, '-C', folder], { encoding: 'utf8' });
  expect([status, stderr]).toEqual([0, '']);
  return { folder, lines, counts: trees.counts, notes: kernel.notes.drain() };
}

describe('the tree of a file system', () => {
  it('is unpacked as it was, as far as it is in memory', async () => {
    const { folder, lines, counts, notes } = await saved('whole', drawn().linux());
    expect(readdirSync(folder)).toEqual(['ext4.fe-01']);
    const srv = join(folder, 'ext4.fe-01/srv');
    expect(readdirSync(srv).sort()).toEqual(
      ['note', 'link', 'pipe', '\\x2e\\x2e', '\\x2fetc\\x2fcron.d\\x2fx', '\\x1b[2J', 'note~2'].sort(),
    );
    const content = readFileSync(join(srv, 'note'));
    expect([
      content.length,
      content.toString('latin1', 0, 5),
      content.toString('latin1', 8192, 8197),
    ]).toEqual([...[3 * PAGE, 'first', 'third']]);
    const stat = statSync(join(srv, 'note'), { bigint: true });
    expect([stat.mode, stat.mtimeNs, stat.ino]).toEqual([
      ...[
        0o100640n,
        1_000_000_000_123_456_789n,
        statSync(join(folder, 'ext4.fe-01/again'), { bigint: true }).ino,
      ],
    ]);
    expect(readlinkSync(join(srv, 'link'))).toBe('../../etc/passwd');
    expect(lstatSync(join(srv, 'pipe')).isFIFO()).toBe(true);
    expect(lines.find(({ archived }) => archived.endsWith('/again'))).toMatchObject({
      ...{ path: '/again', bytes: 3 * PAGE, missing: { 'not-cached': PAGE } },
    });
    expect(lines.find(({ linkTo }) => linkTo !== undefined)).toMatchObject({
      ...{ path: '/srv/note', linkTo: 'ext4.fe-01/again' },
    });
    expect(lines.find(({ leftOut }) => leftOut !== undefined)).toMatchObject({ path: '/srv/socket' });
    expect(counts).toMatchObject({ fileSystems: 1, files: 5, folders: 2, others: 2, leftOut: 1 });
    expect(notes).toEqual([]);
  });

  it('has what lost its name, in a folder of its own', async () => {
    const world = drawn();
    const mapping = world.mapping;
    world.write(world.gone, { i_size: 5, i_mapping: mapping });
    const { folder } = await saved('nameless', world.linux());
    const found = readdirSync(join(folder, 'ext4.fe-01/\\nameless'));
    expect(found).toEqual([expect.stringMatching(/^inode \d+ at [0-9a-f]+$/)]);
  });

  it('can be had of a type or a folder alone', async () => {
    const { linux } = drawn();
    expect((await saved('type', linux(), ['tmpfs'])).counts.fileSystems).toBe(0);
    const { lines, folder } = await saved('below', linux(), [], '/srv/');
    expect(lines.every(({ path }) => path!.startsWith('/srv/'))).toBe(true);
    expect(existsSync(join(folder, 'ext4.fe-01/again'))).toBe(false);
  });

  it('ends where entries lead back, follows no entry of what is no folder, and says so', async () => {
    const { tree, folder, link, odd, linux, kernel } = drawn();
    // A link to somewhere else that has an entry: whoever unpacks it must not write through it.
    const inside = odd[0]!;
    kernel.write(inside.dentry, 'dentry', { d_parent: link.dentry });
    tree.fill(link, [inside]);
    tree.fill(odd[1]!, [folder]);
    const { notes, folder: out } = await saved('ring', linux());
    expect(notes.join()).toMatch(/no folder has entries/);
    expect(readlinkSync(join(out, 'ext4.fe-01/srv/link'))).toBe('../../etc/passwd');
  });

  it('loses a page as a hole, and an inode as a line of the manifest', async () => {
    const world = drawn();
    world.kernel.lose(world.note.inode);
    const { lines, counts } = await saved('lost', world.linux());
    expect(lines.filter(({ leftOut }) => leftOut === 'not-in-snapshot').length).toBeGreaterThan(0);
    expect(counts.files).toBeGreaterThan(2);
    const huge = drawn();
    huge.write(huge.note, { i_size: 2n ** 62n });
    const { lines: told } = await saved('huge', huge.linux());
    expect(told.find(({ path }) => path === '/again')?.leftOut).toBe('corrupt-structure');
  });
});
