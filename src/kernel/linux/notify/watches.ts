// Who is told of what happens to which file: watches of inotify, marks of fanotify, and those that the kernel has for itself.
// Linux: fs/notify/fdinfo.c, fs/notify/group.c, fs/notify/mark.c.
import type { VirtualAddress } from '../../../base/address.ts';
import { ENTRY_COST } from '../../../base/budget.ts';
import { CorruptStructure } from '../../../base/errors.ts';
import { chainedLinks } from '../containers/hash-table.ts';
import type { Linux } from '../linux.ts';
import { type OpenFile, openFiles } from '../process/open-files.ts';
import type { Kernel } from '../structs.ts';
import { InodeNames } from '../vfs/inode-names.ts';
import { pathsOf } from '../vfs/path.ts';
import { superBlocks } from '../vfs/super-blocks.ts';
import { eventWords } from './event-words.ts';
import { Watched } from './watched.ts';

type Kind = 'inotify' | 'fanotify' | 'dnotify' | 'audit';

/** The names of files that stand for groups: fs/notify/inotify/inotify_user.c, fanotify/fanotify_user.c. */
const FILES: Readonly<Record<string, Kind>> = { inotify: 'inotify', '[fanotify]': 'fanotify' };
const OPERATIONS = {
  inotify_fsnotify_ops: 'inotify',
  fanotify_fsnotify_ops: 'fanotify',
  dnotify_fsnotify_ops: 'dnotify',
  audit_watch_fsnotify_ops: 'audit',
  audit_mark_fsnotify_ops: 'audit',
  audit_tree_ops: 'audit',
} as const;
/** Since "inotify: move control flags from mask to mark flags" (in v5.19), flags of the mark: its bit, and that of the old mask. */
const IN_FLAGS = [
  [0x10, 0x0400_0000],
  [0x20, 0x8000_0000],
] as const;

/** A mark, and one descriptor by which a process is told of it. */
export class Watch {
  readonly kernel: Linux;
  /** The descriptor; null where no process has one: of the kernel's own, or in a message that nobody has read. */
  readonly file: OpenFile | null;
  readonly kind: Kind | null;
  /** Null of a group that watches nothing. */
  readonly mark: Kernel<'fsnotify_mark'> | null;
  readonly group: VirtualAddress | null;
  readonly #names: InodeNames;

  constructor(
    of: Omit<Watch, 'kernel' | 'watched' | 'number' | 'events' | 'ignored'>,
    kernel: Linux,
    names: InodeNames,
  ) {
    this.file = of.file;
    this.kind = of.kind;
    this.mark = of.mark;
    this.group = of.group;
    this.kernel = kernel;
    this.#names = names;
  }

  /** What inotify_add_watch(2) returned; null of others. @throws EvidenceFault */
  get number(): number | null {
    if (this.mark === null || this.kind !== 'inotify') return null;
    return this.kernel.containerOf('inotify_inode_mark', 'fsn_mark', this.mark.address).wd;
  }
  /** @throws EvidenceFault */
  get events(): string | null {
    if (this.mark === null) return null;
    let { mask } = this.mark;
    const isInotify = this.kind === 'inotify';
    const { flags } = this.mark;
    if (isInotify) for (const [flag, bit] of IN_FLAGS) if ((flags & flag) !== 0) mask |= bit;
    return eventWords(mask, isInotify) || null;
  }
  /** What it does not want to be told of. @throws EvidenceFault */
  get ignored(): string | null {
    if (this.mark === null || this.kind === 'inotify') return null;
    const mask = this.mark.ignore_mask ?? this.mark.ignored_mask ?? 0;
    return mask === 0 ? null : eventWords(mask, false);
  }
  /** What it is on. @throws EvidenceFault */
  get watched(): Watched | null {
    if (this.mark === null) return null;
    const { connector } = this.mark;
    if (connector === null) throw new CorruptStructure('a mark on no object');
    return new Watched(connector, this.kernel, this.#names);
  }
}

/** Every mark of every group that a process has, once for each descriptor; then those that only files lead to. */
export function* watches(kernel: Linux): Generator<Watch> {
  const names = new InodeNames(kernel);
  const byOperations = kindsOf(kernel);
  const groups = new Set<VirtualAddress>();
  const kindOf = (group: Kernel<'fsnotify_group'>): Kind | null =>
    kernel.attempt(() => byOperations.get(group.ops) ?? null, null, 'a group of watches');
  for (const file of openFiles(kernel)) {
    const kind = kernel.attempt(() => kindOfFile(kernel, file), undefined, 'an open file');
    if (kind === undefined) continue;
    const address = kernel.attempt(() => file.raw.private_data, 0n, `watches of ${file.task.label}`);
    const group = address === 0n ? null : address;
    let count = 0;
    if (group !== null) {
      groups.add(group);
      const { marks_list } = kernel.at('fsnotify_group', group);
      for (const mark of kernel.list(marks_list, 'fsnotify_mark', 'g_list')) {
        count++;
        yield new Watch({ file, kind, mark, group }, kernel, names);
      }
    }
    if (count === 0) yield new Watch({ file, kind, mark: null, group }, kernel, names);
  }
  for (const mark of marksOfObjects(kernel)) {
    const group = kernel.attempt(() => mark.group, null, 'a mark on a file');
    if (group !== null && groups.has(group.address)) continue;
    const kind = group === null ? null : kindOf(group);
    yield new Watch({ file: null, kind, mark, group: group?.address ?? null }, kernel, names);
  }
}

/** What it is by its name: every such file is one of the same file system. @throws EvidenceFault */
function kindOfFile(kernel: Linux, { raw }: OpenFile): Kind | undefined {
  const { dentry } = raw.f_path;
  // Nearly all files have none: the operations tell at once.
  if (dentry.d_op === null) return undefined;
  const paths = pathsOf(kernel);
  if (!paths.areNamed(dentry.d_sb) || paths.fileSystem(dentry.d_sb) !== 'anon_inodefs') return undefined;
  return FILES[paths.nameOf(dentry)];
}

function kindsOf(kernel: Linux): Map<VirtualAddress, Kind> {
  const found = new Map<VirtualAddress, Kind>();
  for (const [name, kind] of Object.entries(OPERATIONS) as [keyof typeof OPERATIONS, Kind][])
    if (kernel.hasSymbol(name)) found.set(kernel.symbol(name), kind);
  return found;
}

/** The marks that files, mounts and file systems have, of whatever is in memory. */
function* marksOfObjects(kernel: Linux): Generator<Kernel<'fsnotify_mark'>> {
  for (const block of superBlocks(kernel)) {
    const { raw } = block;
    yield* marksOf(kernel, () => raw.s_fsnotify_marks ?? raw.s_fsnotify_info?.sb_marks ?? null);
    for (const mount of block.mounts()) yield* marksOf(kernel, () => mount.mnt_fsnotify_marks);
    for (const inode of raw.s_inodes) yield* marksOf(kernel, () => inode.i_fsnotify_marks);
  }
}

function* marksOf(
  kernel: Linux,
  read: () => Kernel<'fsnotify_mark_connector'> | null,
): Generator<Kernel<'fsnotify_mark'>> {
  const what = 'marks on a file';
  const connector = kernel.attempt(read, null, what);
  if (connector === null) return;
  kernel.space.memory.spend(ENTRY_COST);
  const strideBytes = kernel.types.pointerBytes;
  const into = BigInt(kernel.types.offsetOf('fsnotify_mark', 'obj_list'));
  for (const link of chainedLinks(kernel, { name: what, heads: connector.list, buckets: 1, strideBytes }))
    yield kernel.at('fsnotify_mark', link - into);
}
