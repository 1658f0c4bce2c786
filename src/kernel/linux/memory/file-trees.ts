// The files of a file system as a tree: every name that is linked, folders before what is in them, and what has no name left.
// Linux: include/linux/dcache.h, include/linux/fs.h.
import type { VirtualAddress } from '../../../base/address.ts';
import { ENTRY_COST } from '../../../base/budget.ts';
import { unlessFault } from '../../../base/unless-fault.ts';
import type { Linux } from '../linux.ts';
import type { Kernel } from '../structs.ts';
import { childrenOf, hasEntries } from '../vfs/dentry-children.ts';
import { fileType } from '../vfs/file-type.ts';
import { InodeNames } from '../vfs/inode-names.ts';
import { pathsOf } from '../vfs/path.ts';
import { type SuperBlock, superBlocks } from '../vfs/super-blocks.ts';
import { CachedFile } from './cached-files.ts';

/** PATH_MAX is 4096 bytes, and each folder takes at least two. */
const MOST_DEPTH = 2048;

/** File systems of which the kernel makes every file when somebody looks: nothing of them is anybody's. */
const MADE_BY_KERNEL = new Set([
  ...[
    'proc',
    'sysfs',
    'cgroup',
    'cgroup2',
    'devpts',
    'debugfs',
    'tracefs',
    'securityfs',
    'configfs',
    'pstore',
  ],
  ...[
    'bpf',
    'mqueue',
    'sockfs',
    'pipefs',
    'anon_inodefs',
    'pidfs',
    'nsfs',
    'dmabuf',
    'bdev',
    'selinuxfs',
    'fusectl',
  ],
  ...[
    'efivarfs',
    'binfmt_misc',
    'resctrl',
    'cpuset',
    'rpc_pipefs',
    'dax',
    'drm',
    'aio',
    'secretmem',
    'guestmemfd',
  ],
]);

/** A file or folder below the root of its file system. */
export interface TreeFile {
  readonly file: CachedFile;
  /** Its own name; empty of the root, null of a file that has none left. */
  readonly name: string | null;
  /** The inode of the folder that it is in; null of the root, and of what has no name. */
  readonly folder: VirtualAddress | null;
  /** As the first mount namespace sees it. */
  readonly path: string;
  /** A folder that is told of again when its turn comes: here it only has its place among the names of the one that it is in. */
  readonly isAhead?: true;
}

/** A file system whose files are somebody's. */
export class FileTree {
  readonly block: SuperBlock;
  readonly #kernel: Linux;

  constructor(block: SuperBlock, kernel: Linux) {
    this.block = block;
    this.#kernel = kernel;
  }

  /** Every file and folder: each folder right before what is in it, and what is in it one after the other. */
  *files(): Generator<TreeFile> {
    const kernel = this.#kernel;
    const { raw } = this.block;
    const root = kernel.attempt(() => raw.s_root, null, 'root of a file system');
    if (root !== null) yield* this.#below(root);
    yield* this.#nameless();
  }

  *#below(root: Kernel<'dentry'>): Generator<TreeFile> {
    const kernel = this.#kernel;
    const top = kernel.attempt(() => root.d_inode, null, 'root of a file system');
    if (top === null) return;
    const own = unlessFault(() => new InodeNames(kernel).of(top), null);
    const start = own === null || !own.startsWith('/') ? '/' : own;
    const first: TreeFile = { file: new CachedFile(top, kernel), name: '', folder: null, path: start };
    const pending = [{ entry: root, found: first, above: start === '/' ? '' : start, depth: 0 }];
    for (let next = pending.pop(); next !== undefined; next = pending.pop()) {
      const { entry, found, above, depth } = next;
      const folders: typeof pending = [];
      yield found;
      const { address: folder } = found.file;
      for (const child of kernel.untilFault(childrenOf(kernel, entry), 'entries of a folder')) {
        kernel.space.memory.spend(ENTRY_COST);
        const linked = kernel.attempt(() => this.#linked(child), null, 'an entry of a folder');
        if (linked === null) continue;
        const path = `${above}/${linked.name}`;
        const own: TreeFile = { file: new CachedFile(linked.inode, kernel), name: linked.name, folder, path };
        if (!linked.isFolder) yield own;
        else if (depth >= MOST_DEPTH)
          kernel.note(`folders of more than ${MOST_DEPTH} levels are not looked into`);
        else {
          yield { ...own, isAhead: true };
          folders.push({ entry: child, found: own, above: path, depth: depth + 1 });
        }
      }
      for (let at = folders.length - 1; at >= 0; at--) pending.push(folders[at]!);
    }
  }

  /** What an entry of a folder is; null where no file has this name. What is below something else than a folder is nobody's. @throws EvidenceFault */
  #linked(child: Kernel<'dentry'>) {
    const kernel = this.#kernel;
    if (child.d_sb.address !== this.block.address || child.d_hash.pprev === 0n) return null;
    const inode = child.d_inode;
    if (inode === null) return null;
    // What cannot be read of it is told when it is saved.
    const isFolder = unlessFault(() => fileType(inode.i_mode) === 'directory', false);
    if (!isFolder && hasEntries(kernel, child))
      kernel.note('a file that is no folder has entries, which are left out');
    return { inode, name: pathsOf(kernel).nameOf(child), isFolder };
  }

  /** Files with cached pages whose names are gone, or are not in memory. */
  *#nameless(): Generator<TreeFile> {
    const kernel = this.#kernel;
    for (const inode of this.block.raw.s_inodes) {
      const isLost = kernel.attempt(
        () =>
          (inode.i_mapping?.nrpages ?? 0n) > 0n &&
          fileType(inode.i_mode) === 'regular' &&
          !this.#hasName(inode),
        false,
        'a file without a name',
      );
      if (isLost) yield { file: new CachedFile(inode, kernel), name: null, folder: null, path: '' };
    }
  }

  /** Whether the first of its names is in a folder. @throws EvidenceFault */
  #hasName(inode: Kernel<'inode'>): boolean {
    const { types } = this.#kernel;
    const link = this.#kernel.pointerAt(inode.i_dentry);
    if (link === 0n) return false;
    const back = BigInt(types.offsetOf('dentry', types.has('dentry', 'd_alias') ? 'd_alias' : 'd_u'));
    return this.#kernel.at('dentry', link - back).d_hash.pprev !== 0n;
  }
}

/** Every file system whose files are somebody's, or those of the types that are asked for. */
export function* fileTrees(kernel: Linux, types: readonly string[] = []): Generator<FileTree> {
  for (const block of superBlocks(kernel)) {
    const type = kernel.attempt(() => pathsOf(kernel).fileSystem(block.raw), '', 'a file system');
    const isWanted = types.length > 0 ? types.includes(type) : !MADE_BY_KERNEL.has(type);
    if (isWanted) yield new FileTree(block, kernel);
  }
}
