import { isAbsent } from '../../../src/plugin/cell.ts';
import type { KnownFile } from '../truth.ts';
import { type Comparison, judge } from './expect.ts';
import { deviceOf } from './files.ts';
import { expectedFiles } from './pagecache.ts';
import { textOf } from './proc.ts';

/** Where the workload filled a file system in memory. */
const ROOT = '/run/tree';
const isThere = ({ path }: KnownFile): boolean => path === ROOT || path.startsWith(`${ROOT}/`);
const SYMLINK = 10;

export const tmpfs: Comparison = {
  plugin: 'tmpfs',
  isTold: ({ tree }) => tree?.some(isThere) === true,
  *expected({ truth }) {
    const own = (truth.tree ?? []).filter(isThere);
    for (const { key, label, cells, file } of expectedFiles(own, truth.system.pageBytes)) {
      const { cachedPages, ...shared } = cells;
      const swapped = (row: unknown): boolean => typeof row === 'number';
      const small = truth.system.pageBytes / 512;
      yield {
        key,
        label,
        cells: {
          ...shared,
          // Every page that it has is in memory or in swap, and nothing is on a disk. A link's page is its target.
          pages:
            file.mode >>> 12 === SYMLINK
              ? judge('a page at most', (cell) => Number(cell) <= 1)
              : judge(`the blocks ${file.blocks}`, (cell) => Number(cell) * small <= file.blocks),
          swappedPages: judge('a number', swapped),
          target: file.target === null ? null : textOf(file.target),
        },
      };
    }
  },
  keyOf: ({ device, inode }) => `${String(device)} ${String(inode)}`,
  labelOf: ({ device, inode, path }) => `${String(device)} ${String(inode)} ${JSON.stringify(path)}`,
  // The record knows the tree that the workload wrote, and other file systems are in memory alone, too.
  mayBeInvented: ({ device }, { truth }) =>
    truth.tree?.some((file) => isThere(file) && deviceOf(file.dev) === device) === true
      ? undefined
      : 'fileBesideTheTree',
  *whole(rows, { truth }) {
    const lost = rows.filter(({ path }) => path !== undefined && isAbsent(path));
    if (lost.length > 0) yield `${lost.length} files in memory have paths that cannot be read`;
    for (const file of (truth.tree ?? []).filter(isThere)) {
      const row = rows.find(({ device, inode }) => device === deviceOf(file.dev) && inode === file.ino);
      if (row === undefined || file.mode >>> 12 !== 8) continue;
      const pages = Number(row['pages']) + Number(row['swappedPages']);
      if (pages * (truth.system.pageBytes / 512) !== file.blocks)
        yield `${file.path} has ${pages} pages in memory and swap, the guest says ${file.blocks} blocks`;
    }
  },
};
