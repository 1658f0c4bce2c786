import { type Comparison, judge, kernelAddress, oneOf, someText } from './expect.ts';
import { deviceOf } from './files.ts';
import { textOf } from './proc.ts';

export const dentries: Comparison = {
  plugin: 'dentries',
  isTold: ({ tree }) => tree !== undefined && tree.length > 0,
  *expected({ truth }) {
    const all = {
      uses: judge('a number', (cell) => typeof cell === 'number'),
      address: kernelAddress(truth, 8n),
    };
    for (const { path, dev, ino, mode } of truth.tree ?? []) {
      yield {
        key: textOf(path),
        label: path,
        cells: {
          ...{ ...all, path: textOf(path), state: 'linked', type: TYPES[mode >>> 12]!, fileSystem: someText },
          ...{
            device: deviceOf(dev),
            inode: ino,
            views: isRoot(path) ? oneOf('tree', 'tree,table') : viewsOf(),
          },
        },
      };
    }
    const disk = (truth.tree ?? []).find(({ path }) => path === '/root/tree');
    for (const path of disk === undefined ? [] : NOT_THERE)
      yield {
        key: path,
        label: path,
        cells: {
          ...{ ...all, path, state: 'negative', type: null, fileSystem: 'ext4', inode: null },
          ...{ device: deviceOf(disk!.dev), views: 'tree,table' },
        },
      };
  },
  keyOf: ({ path }) => String(path),
  labelOf: ({ path, state }) => `${JSON.stringify(path)} ${String(state)}`,
  // The record knows the trees that the workload wrote, and the kernel has names of the whole machine.
  mayBeInvented: ({ path, device }, { truth }) =>
    truth.tree?.some((file) => deviceOf(file.dev) === device && isBelow(file.path)) === true &&
    isBelow(String(path))
      ? undefined
      : 'nameBesideTheTree',
  *whole(rows, { truth }) {
    const counted = Number((truth.system.dentryState ?? '').split('\t')[0]);
    // The kernel counts pipes and sockets too, whose names are in no folder, and the recorder goes on looking at files.
    if (rows.length < counted * LEAST) yield `${rows.length} names, and the kernel counts ${counted}`;
  },
};

const ROOTS = ['/root/tree', '/run/tree'];
/** What the workload looked for in vain: a disk's file system remembers that, and one in memory does not. */
const NOT_THERE = ['/root/tree/not there', '/root/tree/sub/nor this', '/root/tree/secret\x1b]0;x\x07'];
const LEAST = 0.8;
const TYPES: Readonly<Record<number, string>> = {
  ...{ 1: 'fifo', 2: 'character', 4: 'directory', 6: 'block', 8: 'regular', 10: 'symlink', 12: 'socket' },
};

const isRoot = (path: string): boolean => ROOTS.includes(path);
const isBelow = (path: string): boolean => ROOTS.some((root) => path === root || path.startsWith(`${root}/`));
const viewsOf = () => 'tree,table';
