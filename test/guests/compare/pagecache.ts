import { isAbsent } from '../../../src/plugin/cell.ts';
import type { KnownFile } from '../truth.ts';
import { type Comparison, type Expected, judge, oneOf, someText } from './expect.ts';
import { deviceOf } from './files.ts';
import { textOf } from './proc.ts';

export const pagecache: Comparison = {
  plugin: 'pagecache',
  expected: ({ truth }) => expectedFiles(truth.tree ?? [], truth.system.pageBytes),
  keyOf: ({ device, inode }) => `${String(device)} ${String(inode)}`,
  labelOf: ({ device, inode, path }) => `${String(device)} ${String(inode)} ${JSON.stringify(path)}`,
  // The record knows the trees that the workload wrote, and the kernel has files of the whole machine.
  mayBeInvented: ({ path, device }, { truth }) =>
    truth.tree?.some((file) => deviceOf(file.dev) === device && textOf(file.path) === path)
      ? undefined
      : 'fileBesideTheTree',
  *whole(rows) {
    const lost = rows.filter(({ path }) => path !== undefined && isAbsent(path));
    if (lost.length > 0) yield `${lost.length} files of a whole guest have paths that cannot be read`;
  },
};

/** Each file once, whatever names it has; `file` is the first of them. */
export function* expectedFiles(
  tree: readonly KnownFile[],
  pageBytes: number,
): Generator<Expected & { readonly file: KnownFile }> {
  const byInode = new Map<string, KnownFile[]>();
  for (const file of tree) {
    const key = `${deviceOf(file.dev)} ${file.ino}`;
    byInode.set(key, [...(byInode.get(key) ?? []), file]);
  }
  for (const [key, names] of byInode) yield { ...expectedFile(key, names, pageBytes), file: names[0]! };
}

const TYPES: Readonly<Record<number, string>> = {
  ...{ 1: 'fifo', 2: 'character', 4: 'directory', 6: 'block', 8: 'regular', 10: 'symlink', 12: 'socket' },
};

function expectedFile(key: string, names: readonly KnownFile[], pageBytes: number): Expected {
  const [first] = names as [KnownFile, ...KnownFile[]];
  const { dev, ino, mode, uid, gid, size, nlink, atimeNs, mtimeNs, ctimeNs, cached } = first;
  const isAt = (ns: string) => {
    const ms = Number(BigInt(ns) / 1_000_000n);
    return judge(new Date(ms).toISOString(), (cell) => cell instanceof Date && cell.getTime() === ms);
  };
  return {
    key,
    label: `${key} ${JSON.stringify(first.path.slice(0, 80))}`,
    cells: {
      path: oneOf(...names.map(({ path }) => textOf(path))),
      device: deviceOf(dev),
      fileSystem: someText,
      inode: ino,
      type: TYPES[mode >>> 12]!,
      mode: (mode & 0o7777).toString(8).padStart(4, '0'),
      uid,
      gid,
      size,
      links: nlink,
      modified: isAt(mtimeNs),
      changed: isAt(ctimeNs),
      // Whoever recorded it looked into it after that.
      accessed: judge(
        `${atimeNs} ns or later`,
        (cell) => cell instanceof Date && cell.getTime() >= Number(BigInt(atimeNs) / 1_000_000n),
      ),
      cachedPages: judge(`the pages ${String(cached)}`, (cell) =>
        cached === null
          ? typeof cell === 'number'
          : [cached.length, cached.length + lastPart(size, cached, pageBytes)].includes(Number(cell)),
      ),
      address: judge('an address', (cell) => typeof cell === 'bigint'),
    },
  };
}

/** A last page of which only the blocks up to the end were written is cached, and mincore(2) does not count it. */
const lastPart = (size: number, cached: readonly number[], pageBytes: number): number =>
  size % pageBytes !== 0 && !cached.includes(Math.floor(size / pageBytes)) ? 1 : 0;
