// Every name that the kernel remembers, of all file systems: of files that are there, that are not, and that are gone.
// Linux: fs/dcache.c, include/linux/dcache.h.
import { type VirtualAddress, wrapped } from '../../../base/address.ts';
import { ENTRY_COST } from '../../../base/budget.ts';
import { unlessFault } from '../../../base/unless-fault.ts';
import { mustNotBeBlank } from '../blank.ts';
import { chainedLinks } from '../containers/hash-table.ts';
import type { Linux } from '../linux.ts';
import type { Kernel } from '../structs.ts';
import { childrenOf, hasEntries } from './dentry-children.ts';
import { deviceText } from './device-number.ts';
import { fileType } from './file-type.ts';
import { InodeNames } from './inode-names.ts';
import { pathsOf } from './path.ts';
import { superBlocks } from './super-blocks.ts';

/** Folders above one another: PATH_MAX is 4096 bytes, and each takes at least two. */
const MOST_DEPTH = 2048;
/** Two to the so-many-th buckets of the table of names; more than any machine has. */
const MOST_BUCKET_BITS = 24;

/** A name that the kernel remembers. `raw` is the kernel's own. */
export class CachedName {
  readonly raw: Kernel<'dentry'>;
  readonly kernel: Linux;
  readonly #path: string | undefined;
  readonly #isInTree: boolean;

  constructor(raw: Kernel<'dentry'>, kernel: Linux, path: string | undefined, isInTree: boolean) {
    this.raw = raw;
    this.kernel = kernel;
    this.#path = path;
    this.#isInTree = isInTree;
  }

  /** From where its file system is mounted on. @throws EvidenceFault where its name cannot be read */
  get path(): string {
    return this.#path ?? pathsOf(this.kernel).within(this.raw);
  }

  get address(): VirtualAddress {
    return this.raw.address;
  }
  /**
   * `linked` in its folder; `negative`: no such file is there, and the kernel remembers that; `unlinked`: the file goes on without
   * this name; `dropped`: neither. @throws EvidenceFault
   */
  get state(): 'linked' | 'negative' | 'unlinked' | 'dropped' {
    const isRoot = this.raw.d_parent.address === this.address;
    const isLinked = isRoot || this.raw.d_hash.pprev !== 0n;
    if (this.raw.d_inode === null) return isLinked ? 'negative' : 'dropped';
    return isLinked ? 'linked' : 'unlinked';
  }
  get device(): string {
    return deviceText(this.raw.d_sb.s_dev);
  }
  get fileSystem(): string {
    return pathsOf(this.kernel).fileSystem(this.raw.d_sb);
  }
  get inodeNumber(): bigint | null {
    return this.raw.d_inode?.i_ino ?? null;
  }
  /** What stat(2) says of the file; null of none. @throws EvidenceFault */
  get type(): string | null {
    const inode = this.raw.d_inode;
    return inode === null ? null : (fileType(inode.i_mode) ?? null);
  }
  /** Names and files that hold it in use. @throws EvidenceFault */
  get uses(): number {
    return this.raw.d_lockref.count;
  }
  /** `tree,table`: its folder leads to it, and the table of names in which paths are looked up. @throws EvidenceFault */
  get views(): string {
    return [...(this.#isInTree ? ['tree'] : []), ...(isInTable(this.kernel, this.raw) ? ['table'] : [])].join(
      ',',
    );
  }
}

/** Whether the link before it, or the head of its chain, leads to it; the lowest bit of a head is a lock. @throws EvidenceFault */
function isInTable(kernel: Linux, { d_hash }: Kernel<'dentry'>): boolean {
  const { pprev } = d_hash;
  return pprev !== 0n && (linkAt(kernel, pprev) & ~1n) === d_hash.address;
}

/** A pointer that leads to an entry. @throws CorruptStructure where it lies on a page of zeros @throws EvidenceFault */
function linkAt(kernel: Linux, address: VirtualAddress): VirtualAddress {
  const link = kernel.pointerAt(address);
  if (link === 0n) mustNotBeBlank(kernel.space, address);
  return link;
}

/** Every name that file systems lead to from their roots, folder by folder; then those that only the table of names has. */
export function* dentries(kernel: Linux): Generator<CachedName> {
  const names = new InodeNames(kernel);
  for (const { raw } of superBlocks(kernel)) {
    const root = kernel.attempt(() => raw.s_root, null, 'root of a file system');
    if (root === null) continue;
    yield* below(kernel, root, rootPath(kernel, root, names));
  }
  yield* onlyInTable(kernel, names);
}

/** Where the first mount namespace sees the root of a file system; `/` where it is mounted nowhere. */
function rootPath(kernel: Linux, root: Kernel<'dentry'>, names: InodeNames): string {
  const inode = kernel.attempt(() => root.d_inode, null, 'root of a file system');
  const path = inode === null ? null : unlessFault(() => names.of(inode), null);
  return path === null || !path.startsWith('/') ? '/' : path;
}

/** A folder, and how far below its root it is. */
interface Pending {
  readonly folder: Kernel<'dentry'>;
  readonly path: string;
  readonly depth: number;
}

function* below(kernel: Linux, root: Kernel<'dentry'>, path: string): Generator<CachedName> {
  yield new CachedName(root, kernel, path, true);
  const pending: Pending[] = [{ folder: root, path: path === '/' ? '' : path, depth: 0 }];
  for (let next = pending.pop(); next !== undefined; next = pending.pop()) {
    const { folder, path: above, depth } = next;
    const own: Pending[] = [];
    const block = folder.d_sb.address;
    for (const child of kernel.untilFault(childrenOf(kernel, folder), 'entries of a folder')) {
      kernel.space.memory.spend(ENTRY_COST);
      const name = kernel.attempt(() => nameOf(kernel, child, block), undefined, 'an entry of a folder');
      if (name === null) continue;
      const whole = `${above}/${name ?? '?'}`;
      yield new CachedName(child, kernel, name === undefined ? undefined : whole, true);
      // Kept until their turn comes: a folder may have a million files.
      if (!kernel.attempt(() => hasEntries(kernel, child), false, 'an entry of a folder')) continue;
      if (depth < MOST_DEPTH) own.push({ folder: child, path: whole, depth: depth + 1 });
      else kernel.note(`folders of more than ${MOST_DEPTH} levels are not looked into`);
    }
    for (let at = own.length - 1; at >= 0; at--) pending.push(own[at]!);
  }
}

/**
 * The name of an entry. Null of what is none: a reader's place in a folder is called `/`, as only roots are. @throws EvidenceFault
 */
function nameOf(kernel: Linux, child: Kernel<'dentry'>, block: VirtualAddress): string | null {
  if (child.d_sb.address !== block) return null;
  const name = pathsOf(kernel).nameOf(child);
  return name === '/' ? null : name;
}

/** Names that paths are found by, and that their folders do not lead to. */
function* onlyInTable(kernel: Linux, names: InodeNames): Generator<CachedName> {
  const what = 'names in the cache';
  if (!kernel.hasSymbol('dentry_hashtable') || !kernel.hasSymbol('d_hash_shift')) return;
  const table = kernel.attempt(
    () => ({ heads: kernel.pointerOf('dentry_hashtable'), bits: 32 - kernel.u32Of('d_hash_shift') }),
    null,
    what,
  );
  if (table === null) return;
  const { heads, bits } = table;
  if (bits < 1 || bits > MOST_BUCKET_BITS)
    return kernel.note(`${what}: a table of 2 to the power of ${bits} chains`);
  const { pointerBytes } = kernel.types;
  const into = BigInt(kernel.types.offsetOf('dentry', 'd_hash'));
  const shape = { name: what, heads, buckets: 2 ** bits, strideBytes: pointerBytes, lockedHeads: true };
  const roots = new Map<VirtualAddress, string>();
  for (const link of chainedLinks(kernel, shape)) {
    const dentry = kernel.at('dentry', wrapped(link - into, pointerBytes));
    if (kernel.attempt(() => isInFolder(kernel, dentry), true, 'a name in the cache')) continue;
    const path = kernel.attempt(
      () => pathFrom(kernel, dentry, names, roots),
      undefined,
      'a name in the cache',
    );
    yield new CachedName(dentry, kernel, path, false);
  }
}

/** Whether the entry before it in its folder, or the folder, leads to it. @throws EvidenceFault */
function isInFolder(kernel: Linux, dentry: Kernel<'dentry'>): boolean {
  const link = dentry.d_child ?? dentry.d_sib;
  if (link === undefined || dentry.d_parent.address === dentry.address) return true;
  // The second word of a link of either kind leads to what has the first: to the link before, or to the pointer to this one.
  const before = kernel.pointerAt(link + BigInt(kernel.types.pointerBytes));
  return before !== 0n && linkAt(kernel, before) === link;
}

/** Its path from where its file system is mounted. @throws EvidenceFault */
function pathFrom(
  kernel: Linux,
  dentry: Kernel<'dentry'>,
  names: InodeNames,
  roots: Map<VirtualAddress, string>,
): string {
  const block = dentry.d_sb;
  let root = roots.get(block.address);
  if (root === undefined) {
    const top = block.s_root;
    root = top === null ? '/' : rootPath(kernel, top, names);
    roots.set(block.address, root);
  }
  const path = pathsOf(kernel).within(dentry);
  return `${root === '/' ? '' : root}${path}`;
}
