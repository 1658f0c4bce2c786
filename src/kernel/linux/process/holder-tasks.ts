// Tasks that files and sockets lead to: whoever has a file mapped, is told of its input, or made the other end of a socket.
// Linux: i_mmap of struct address_space and f_owner of struct file (include/linux/fs.h), sk_peer_pid (include/net/sock.h).
import { fromWords, type VirtualAddress, wrapped } from '../../../base/address.ts';
import { EvidenceFault, NotInKernel } from '../../../base/errors.ts';
import { unlessFault } from '../../../base/unless-fault.ts';
import { rbNodes } from '../containers/rb-tree.ts';
import { INODES_SHARE } from '../cross-view.ts';
import type { Linux } from '../linux.ts';
import type { Kernel } from '../structs.ts';
import { descriptorsOf } from '../vfs/file-table.ts';
import { superBlocks } from '../vfs/super-blocks.ts';
import { firstLinks, PIDTYPE, taskAt, tasksLinked } from './pid-table.ts';
import { tasks } from './processes.ts';

/**
 * Every task that a mapped file, the owner of a file or the peer of a socket leads to. No task must be among them: it may
 * have none of these. What cannot be read is noted, and another way may lead there all the same.
 */
export function holderTasks(kernel: Linux): ReadonlySet<VirtualAddress> {
  const found = new Set<VirtualAddress>();
  for (const [what, walk] of [
    ['mapped files', ownersOfMappings],
    ['owners of files and peers of sockets', ownersOfFiles],
  ] as const) {
    try {
      kernel.space.memory.within(INODES_SHARE, () => {
        for (const task of walk(kernel)) if (isTask(kernel, task)) found.add(task);
      });
    } catch (fault) {
      if (fault instanceof NotInKernel) continue;
      if (!(fault instanceof EvidenceFault)) throw fault;
      kernel.note(`tasks by ${what}: ${fault.message}`);
    }
  }
  return found;
}

/** A pointer may be left over from one that is gone. */
function isTask(kernel: Linux, address: VirtualAddress): boolean {
  const { pid, tgid, usage } = kernel.at('task_struct', address);
  return unlessFault(() => pid > 0 && tgid > 0 && usage > 0, false);
}

/** Through the mappings of every file that the kernel has in memory, of whatever process they are. */
function* ownersOfMappings(kernel: Linux): Generator<VirtualAddress> {
  const { types } = kernel;
  const link = BigInt(types.offsetOf('vm_area_struct', 'shared'));
  types.offsetOf('mm_struct', 'owner');
  const tree = types.offsetOf('address_space', 'i_mmap') + types.offsetOf('rb_root_cached', 'rb_root');
  const memories = new Set<VirtualAddress>();
  for (const { raw } of superBlocks(kernel))
    for (const inode of raw.s_inodes) {
      const root = unlessFault(() => mappingsOf(inode, tree, types.pointerBytes), 0n);
      if (root === 0n) continue;
      for (const node of rbNodes(kernel, root, 'mappings of a file')) {
        const area = kernel.at('vm_area_struct', wrapped(node - link, types.pointerBytes));
        const mm = unlessFault(() => area.vm_mm, null);
        if (mm === null || memories.has(mm.address)) continue;
        memories.add(mm.address);
        const owner = unlessFault(() => mm.owner ?? null, null);
        // The owner of a memory that is given up may be another's by now.
        if (owner !== null && unlessFault(() => owner.mm?.address, undefined) === mm.address)
          yield owner.address;
      }
    }
}

/** The root of the tree of a file's mappings; most files have none, and of these there are many. @throws EvidenceFault */
function mappingsOf(inode: Kernel<'inode'>, tree: number, pointerBytes: 4 | 8): VirtualAddress {
  const { i_mapping: cached } = inode;
  if (cached === null) return 0n;
  const lo = cached.space.i32(cached.hi, cached.lo, tree);
  const hi = pointerBytes === 8 ? cached.space.i32(cached.hi, cached.lo, tree + 4) : 0;
  return (lo | hi) === 0 ? 0n : fromWords(hi, lo);
}

/** Through every open file of every process that is known. */
function* ownersOfFiles(kernel: Linux): Generator<VirtualAddress> {
  const [, width] = kernel.types.memberOf('file', 'f_owner');
  const isPointer = width === kernel.types.pointerBytes;
  const sockets = kernel.hasSymbol('socket_file_ops') ? kernel.symbol('socket_file_ops') : null;
  const tables = new Set<VirtualAddress>();
  const numbers = new Set<VirtualAddress>();
  for (const task of tasks(kernel))
    for (const { files } of task.fileTables()) {
      if (tables.has(files.address)) continue;
      tables.add(files.address);
      const what = `open files of ${task.label}`;
      for (const { file } of kernel.untilFault(descriptorsOf(kernel, files, task.label), what)) {
        const peer = (): Kernel<'pid'> | null =>
          sockets !== null && file.f_op === sockets ? peerOf(kernel, file.private_data) : null;
        for (const number of [
          unlessFault(() => ownerOf(kernel, file, isPointer), null),
          unlessFault(peer, null),
        ])
          if (number !== null && !numbers.has(number.address)) {
            numbers.add(number.address);
            yield* tasksOf(kernel, number);
          }
      }
    }
}

/** The number of who is told of a file's input (fcntl(2), F_SETOWN); null for nobody. @throws EvidenceFault */
function ownerOf(kernel: Linux, file: Kernel<'file'>, isPointer: boolean): Kernel<'pid'> | null {
  const at = isPointer ? kernel.pointerAt(file.f_owner) : file.f_owner;
  return at === 0n ? null : kernel.at('fown_struct', at).pid;
}

/** The number of who made the other end of a Unix socket; null where nobody is told. @throws EvidenceFault */
function peerOf(kernel: Linux, socket: VirtualAddress): Kernel<'pid'> | null {
  if (socket === 0n) return null;
  const { sk } = kernel.at('socket', socket);
  return sk === 0n ? null : kernel.at('sock', sk).sk_peer_pid;
}

/** The tasks that have a number as their own, as their group's or their session's. */
function* tasksOf(kernel: Linux, number: Kernel<'pid'>): Generator<VirtualAddress> {
  const links = unlessFault(() => firstLinks(kernel, number), undefined);
  if (links === undefined) return;
  for (const type of [PIDTYPE.thread, PIDTYPE.process])
    if (links[type] !== 0n) yield taskAt(kernel, links[type], type);
  for (const type of [PIDTYPE.group, PIDTYPE.session]) yield* tasksLinked(kernel, links[type], type);
}
