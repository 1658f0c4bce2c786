// What the descriptors of processes lead to, as /proc/PID/fd shows it.
// Linux: struct file of include/linux/fs.h, fs/proc/fd.c.
import type { VirtualAddress } from '../../../base/address.ts';
import type { Linux } from '../linux.ts';
import type { Kernel } from '../structs.ts';
import { deviceText } from '../vfs/device-number.ts';
import { type Descriptor, descriptorsOf } from '../vfs/file-table.ts';
import { fileType } from '../vfs/file-type.ts';
import { openFlags } from '../vfs/open-flags.ts';
import { pathsOf } from '../vfs/path.ts';
import { tasks } from './processes.ts';
import type { Task } from './task.ts';

/**
 * How a file of a stacked file system is marked as opened on the one below (include/linux/fs.h): not counted
 * (FMODE_NOACCOUNT), and FMODE_BACKING, which is bit 25 in older kernels and bit 24 in newer ones (6.12.117 and
 * 7.2 have it so). The other of the two bits is never set on files that are not counted and that a process can
 * reach.
 */
const FMODE_NOACCOUNT = 1 << 29;
const FMODE_BACKING_EITHER = (1 << 24) | (1 << 25);

/** File systems whose inodes stand for no file: stat(2) tells no type for them. */
const TYPELESS = new Set(['anon_inodefs', 'pidfs']);

const O_CLOEXEC = 0o2000000;

/** The path by which users know a file: of a stacked file system's file that above, not that below. @throws EvidenceFault */
export function userPath(kernel: Linux, file: Kernel<'file'>): Kernel<'path'> {
  const mode = file.f_mode;
  const isBacking = (mode & FMODE_NOACCOUNT) !== 0 && (mode & FMODE_BACKING_EITHER) !== 0;
  if (!isBacking || !kernel.types.has('backing_file', 'user_path')) return file.f_path;
  return kernel.containerOf('backing_file', 'file', file.address).user_path ?? file.f_path;
}

/** What a file descriptor of a process leads to. */
export class OpenFile {
  readonly task: Task;
  readonly fd: number;
  readonly raw: Kernel<'file'>;
  /** The thread that has the table with this descriptor for itself; null where it is the process's. */
  readonly #thread: Task | null;
  readonly #descriptor: Descriptor;

  constructor(task: Task, thread: Task | null, descriptor: Descriptor) {
    this.task = task;
    this.fd = descriptor.fd;
    this.raw = descriptor.file;
    this.#thread = thread;
    this.#descriptor = descriptor;
  }

  /** The thread ID where only that thread has the descriptor; null where the process has it. @throws EvidenceFault */
  get tid(): number | null {
    return this.#thread === null ? null : this.#thread.tid;
  }

  /** What `readlink /proc/PID/fd/N` says, for a process in the initial root. */
  get path(): string {
    const { kernel } = this.task;
    return pathsOf(kernel).of(userPath(kernel, this.raw));
  }
  /** `regular`, `directory`, `character`, `block`, `fifo`, `socket`, `symlink`; `anonymous` for files that are none of these. */
  get type(): string {
    const { inode } = this;
    if (inode === null || TYPELESS.has(pathsOf(this.task.kernel).fileSystem(inode.i_sb))) return 'anonymous';
    return fileType(inode.i_mode) ?? 'anonymous';
  }
  /** The device of the file's file system as /proc/PID/maps prints devices: `fe:00`. Null where there is no inode. */
  get device(): string | null {
    const { inode } = this;
    return inode === null ? null : deviceText(inode.i_sb.s_dev);
  }
  /** The inode's number in its file system. */
  get inodeNumber(): bigint | null {
    return this.inode?.i_ino ?? null;
  }
  /** How it was opened: `O_RDWR|O_CLOEXEC`. */
  get flags(): string {
    const { architecture } = this.task.kernel.profile;
    return openFlags(this.raw.f_flags | (this.#descriptor.closesOnExec ? O_CLOEXEC : 0), architecture);
  }
  /** Where the next read or write begins, in bytes. */
  get position(): bigint {
    return this.raw.f_pos;
  }
  get inode(): Kernel<'inode'> | null {
    return this.raw.f_inode;
  }
  get address(): VirtualAddress {
    return this.raw.address;
  }
}

/** What the descriptors of a process lead to, ascending; behind them those of threads that have a table of their own. */
export function* openFilesOf(task: Task): Generator<OpenFile> {
  const { kernel, label } = task;
  for (const { files, thread } of task.fileTables()) {
    const descriptors = descriptorsOf(kernel, files, label);
    for (const descriptor of kernel.untilFault(descriptors, `open files of ${label}`))
      yield new OpenFile(task, thread, descriptor);
  }
}

/** Every open file of every process. */
export function* openFiles(kernel: Linux): Generator<OpenFile> {
  for (const task of tasks(kernel)) yield* openFilesOf(task);
}
