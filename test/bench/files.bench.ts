import dentries from '../../plugins/dentries.ts';
import files from '../../plugins/files.ts';
import pagecache from '../../plugins/pagecache.ts';
import type { Linux } from '../../src/kernel/linux/linux.ts';
import type { AnyPlugin } from '../../src/plugin/contract.ts';
import { runPlugin } from '../../src/plugin/run.ts';
import { CHAINS_ONLY, DentryTree } from '../support/dentry-tree.ts';
import { linuxWith } from '../support/drawn-symbols.ts';
import { DrawnFiles, type Spot } from '../support/files.ts';
import { FakeKernel, fakeKernel } from '../support/kernel.ts';
import type { Bench } from './bench.ts';

const MILLION = 1_000_000;
/** Files that descriptors lead to: more would only take the drawing longer. */
const DIFFERENT = 1000;
/** Microseconds of CPU a row: a descriptor, a cached file with its path, and a name. */
const TARGETS = { files: 10, pagecache: 20, dentries: 20 } as const;
/** Names in a folder, of which the last is the next folder. */
const NAMES = 1000;

/** Microseconds of CPU that a question takes for each of `count` rows. */
async function costPerRow(question: AnyPlugin, kernel: Linux, count: number): Promise<number> {
  // Limits follow from the size of memory, and drawn things take less of it than real ones.
  const none = Number.POSITIVE_INFINITY;
  kernel.space.memory.limits = { rows: none, bytes: none, reads: none };
  const before = process.cpuUsage();
  let rows = 0;
  for await (const _ of runPlugin(question, kernel, { options: {} })) rows++;
  const { user, system } = process.cpuUsage(before);
  if (rows < count) throw new Error(`${count} were drawn, and ${rows} found`);
  return (user + system) / count;
}

/** A process with so many descriptors. */
function withDescriptors(count: number): Linux {
  const drawn = fakeKernel('init(1) server(2)');
  const drawnFiles = new DrawnFiles(drawn);
  const open = Array.from({ length: DIFFERENT }, (_, nth) =>
    drawnFiles.open(drawnFiles.entry(drawnFiles.root, `file-${nth}`)),
  );
  const array = drawnFiles.give(2, {}, [], count);
  for (let fd = 0; fd < count; fd++) drawn.image.put64(drawn.physical(array) + 8 * fd, open[fd % DIFFERENT]!);
  return drawn.linux();
}

/** A file system with so many files in memory, each with a name of its own. */
function withCachedFiles(count: number): Linux {
  const drawn = new FakeKernel([{ pid: 1, parent: 0, name: 'init', isKernelThread: false }], {
    packed: true,
  });
  const drawnFiles = new DrawnFiles(drawn);
  const { root } = drawnFiles;
  const cached = drawn.draw('address_space');
  const inodes: bigint[] = [];
  for (let nth = 0; nth < count; nth++) {
    const { inode, dentry } = drawnFiles.entry(root, `file-${nth}`);
    drawn.write(inode, 'inode', { i_mapping: cached });
    link(drawn, inode, dentry);
    inodes.push(drawn.member(inode, 'inode', 'i_sb_list'));
  }
  drawn.link([drawn.member(root.block, 'super_block', 's_inodes'), ...inodes]);
  return opened(drawn, root);
}

/** A file system with so many names, in folders within folders, of one file. */
function withNames(count: number): Linux {
  const drawn = new FakeKernel([{ pid: 1, parent: 0, name: 'init', isKernelThread: false }], {
    ...{ packed: true, without: CHAINS_ONLY, at: { 'hlist_bl_node.pprev': 8 } },
  });
  const drawnFiles = new DrawnFiles(drawn);
  const tree = new DentryTree(drawnFiles);
  const { root } = drawnFiles;
  const name = drawnFiles.text('a name of usual length');
  const entry = (folder: Spot): Spot => {
    const dentry = drawn.draw('dentry', { d_parent: folder.dentry, d_sb: root.block, d_inode: root.inode });
    drawn.write(drawn.member(dentry, 'dentry', 'd_name'), 'qstr', { name, len: 22 });
    return { ...root, dentry };
  };
  for (let [folder, left] = [root, count]; left > 0; left -= NAMES) {
    const children = Array.from({ length: Math.min(NAMES, left) }, () => entry(folder));
    tree.fill(folder, children);
    folder = children.at(-1)!;
  }
  return opened(drawn, root);
}

/** Makes a name the only one of its inode. */
function link(drawn: FakeKernel, inode: bigint, dentry: bigint): void {
  const name = drawn.member(dentry, 'dentry', 'd_u');
  drawn.image.put64(drawn.physical(drawn.member(inode, 'inode', 'i_dentry')), name);
}

function opened(drawn: FakeKernel, { block }: Spot): Linux {
  const head = drawn.virtual(drawn.image.take(16, 4096));
  drawn.link([head, drawn.member(block, 'super_block', 's_list')]);
  return linuxWith(drawn, { super_blocks: head });
}

const benchOf = (
  name: keyof typeof TARGETS,
  what: string,
  question: AnyPlugin,
  draw: (count: number) => Linux,
): Bench => ({
  name,
  measures: `${question.name} over a million drawn ${what}, all columns`,
  target: `≤ ${TARGETS[name]} µs of CPU a file`,
  async run() {
    await costPerRow(question, draw(1000), 1000); // warms the code
    const few = await costPerRow(question, draw(10_000), 10_000);
    const many = await costPerRow(question, draw(MILLION), MILLION);
    return {
      figure: `${many.toFixed(1)} µs a file`,
      baseline: `of 10,000 files: ${few.toFixed(1)} µs a file`,
      ratio: many / few,
      met: many <= TARGETS[name],
    };
  },
});

/** Whether a list of open files costs the same a file, however long it is. */
export const openFiles = benchOf('files', 'descriptors', files, withDescriptors);
/** The same of what the kernel has cached: inodes and their names. */
export const cachedFiles = benchOf('pagecache', 'inodes and names', pagecache, withCachedFiles);
/** The same of names, folder by folder. */
export const cachedNames = benchOf('dentries', 'names', dentries, withNames);
