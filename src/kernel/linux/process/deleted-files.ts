// Files that processes have and that have no name any more: deleted while they were open or mapped, or memory that passes
// for a file (memfd). Saved from here, a program that runs from memory only is a file again.
// Linux: fs/d_path.c, mm/shmem.c (memfd), struct mm_struct of include/linux/mm_types.h.
import type { VirtualAddress } from '../../../base/address.ts';
import type { Linux } from '../linux.ts';
import { CachedFile } from '../memory/cached-files.ts';
import type { Kernel } from '../structs.ts';
import { pathsOf } from '../vfs/path.ts';
import { areasOf } from './areas.ts';
import { openFilesOf, userPath } from './open-files.ts';
import { tasks } from './processes.ts';
import type { Task } from './task.ts';

/** How a process has a file, in the words of /proc/PID. */
type Holding = 'exe' | 'fd' | 'map' | 'cwd' | 'root';

/** What of a process leads to a file. */
interface Held {
  readonly how: Holding;
  /** The descriptor; null where it is held in another way. */
  readonly fd: number | null;
  /** The first address of the mapping; null where it is held in another way. */
  readonly address: VirtualAddress | null;
  readonly path: Kernel<'path'>;
  readonly inode: Kernel<'inode'> | null;
  /** The cached pages of an open file: of a stacked file system those of the file below. */
  readonly mapping: Kernel<'address_space'> | null;
}

/** A file without a name, and one way in which a process has it. */
export class DeletedFile {
  readonly task: Task;
  readonly held: Held;
  readonly file: CachedFile | null;

  constructor(task: Task, held: Held) {
    this.task = task;
    this.held = held;
    const { inode, mapping } = held;
    this.file = inode === null ? null : new CachedFile(inode, task.kernel, mapping ?? undefined);
  }

  /** `/tmp/x (deleted)`, `/memfd:x (deleted)`: as readlink says. @throws EvidenceFault */
  get path(): string {
    return pathsOf(this.task.kernel).of(this.held.path);
  }
}

/** Every file without a name that any process has. */
export function* deletedFiles(kernel: Linux): Generator<DeletedFile> {
  for (const task of tasks(kernel)) yield* deletedFilesOf(task);
}

/** Every file without a name that a process has, once for each way in which the process has it. */
export function* deletedFilesOf(task: Task): Generator<DeletedFile> {
  const { kernel } = task;
  const paths = pathsOf(kernel);
  const what = `deleted files of ${task.label}`;
  const seen = new Set<string>();
  for (const held of kernel.untilFault(heldBy(task), what)) {
    if (!kernel.attempt(() => paths.isNameless(held.path), false, what)) continue;
    // A file is mapped in several pieces: code, constants, data.
    const key = `${held.how} ${held.fd} ${kernel.attempt(() => held.path.dentry.address, 0n, what)}`;
    if (held.how === 'map' && seen.has(key)) continue;
    seen.add(key);
    yield new DeletedFile(task, held);
  }
}

/** All files that a process has. Never throws where one of them cannot be told. */
function* heldBy(task: Task): Generator<Held> {
  const { kernel } = task;
  const what = `files of ${task.label}`;
  const other = { fd: null, address: null };
  const exe = kernel.attempt(() => task.memory?.raw.exe_file ?? null, null, what);
  if (exe !== null) yield* opened(kernel, exe, { ...other, how: 'exe' }, what);
  for (const { raw, fd } of openFilesOf(task)) yield* opened(kernel, raw, { ...other, how: 'fd', fd }, what);
  for (const area of areasOf(task)) {
    const file = kernel.attempt(() => area.raw.vm_file, null, what);
    if (file === null) continue;
    const address = kernel.attempt(() => area.start, null, what);
    yield* opened(kernel, file, { ...other, how: 'map', address }, what);
  }
  const folders = kernel.attempt(() => task.folders, null, what);
  if (folders === null) return;
  for (const [how, path] of [
    ['cwd', folders.pwd],
    ['root', folders.root],
  ] as const) {
    const inode = kernel.attempt(() => path.dentry.d_inode, null, what);
    yield { ...other, how, path, inode, mapping: null };
  }
}

function* opened(
  kernel: Linux,
  file: Kernel<'file'>,
  held: Pick<Held, 'how' | 'fd' | 'address'>,
  what: string,
): Generator<Held> {
  const found = kernel.attempt(
    () => ({
      ...held,
      path: held.how === 'exe' ? file.f_path : userPath(kernel, file),
      inode: file.f_inode,
      mapping: file.f_mapping,
    }),
    null,
    what,
  );
  if (found !== null) yield found;
}
