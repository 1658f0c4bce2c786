// Locks and leases on files, and whoever waits for them, as /proc/locks tells of them.
// Linux: fs/locks.c (lock_get_status), include/linux/filelock.h.
import type { VirtualAddress } from '../../../base/address.ts';
import { ENTRY_COST } from '../../../base/budget.ts';
import { CorruptStructure } from '../../../base/errors.ts';
import { CrossView, INODES_SHARE } from '../cross-view.ts';
import type { Linux } from '../linux.ts';
import { userPath } from '../process/open-files.ts';
import { tasks } from '../process/processes.ts';
import type { Task } from '../process/task.ts';
import type { Kernel } from '../structs.ts';
import { deviceText } from '../vfs/device-number.ts';
import { pathsOf } from '../vfs/path.ts';
import { common, listedLocks, locksOfInodes, waitersOf } from './lock-lists.ts';

/** FL_… of include/linux/filelock.h. */
const FL = {
  posix: 1,
  flock: 2,
  deleg: 4,
  access: 8,
  lease: 32,
  downgrade: 256,
  unlock: 512,
  ofd: 1024,
  layout: 2048,
};
const MODES = ['READ', 'WRITE', 'UNLCK'] as const;
/** OFFSET_MAX: to the end of the file, wherever that will be. */
const TO_THE_END = (1n << 63n) - 1n;

/** Where a lock that is held is known from: lists of the kernel's own, and of inodes. */
const VIEWS = ['list', 'inode'] as const;
type ViewName = (typeof VIEWS)[number];

/** What all locks of one answer share. */
interface Shared {
  readonly kernel: Linux;
  readonly views: CrossView<ViewName>;
  readonly processes: Processes;
}

/** A lock or lease on a file, held or waited for. `raw` is the kernel's own. */
export class FileLock {
  readonly raw: Kernel<'file_lock'>;
  readonly kernel: Linux;
  /** What it waits for; null where it is held. */
  readonly blocker: FileLock | null;
  readonly #views: CrossView<ViewName>;
  readonly #processes: Processes;

  constructor(raw: Kernel<'file_lock'>, blocker: FileLock | null, of: Shared) {
    this.raw = raw;
    this.blocker = blocker;
    this.kernel = of.kernel;
    this.#views = of.views;
    this.#processes = of.processes;
  }

  get address(): VirtualAddress {
    return this.raw.address;
  }
  /** `POSIX`, `OFDLCK`, `FLOCK`, `LEASE`, …, in the words of /proc/locks. @throws EvidenceFault */
  get kind(): string {
    const flags = this.#flags;
    if ((flags & FL.posix) !== 0)
      return (flags & FL.access) !== 0 ? 'ACCESS' : (flags & FL.ofd) !== 0 ? 'OFDLCK' : 'POSIX';
    if ((flags & FL.flock) !== 0) return 'FLOCK';
    if ((flags & FL.deleg) !== 0) return 'DELEG';
    if ((flags & (FL.lease | FL.layout)) !== 0) return 'LEASE';
    throw new CorruptStructure(`a lock of no kind: flags 0x${flags.toString(16)}`);
  }
  /** `READ`, `WRITE`; `UNLCK` of a lease that is to be given up. @throws EvidenceFault */
  get mode(): string {
    const flags = this.#flags;
    if (this.#isLease && (flags & FL.unlock) !== 0) return 'UNLCK';
    if (this.#isLease && (flags & FL.downgrade) !== 0) return 'READ';
    const mode = MODES[common(this.raw, 'type') & 3];
    if (mode === undefined) throw new CorruptStructure('a lock of no mode');
    return mode;
  }
  /** Of a lease alone: `active`, `breaking` where it is to be given up, `breaker` of whoever waits for that. @throws EvidenceFault */
  get lease(): 'active' | 'breaking' | 'breaker' | null {
    if (!this.#isLease) return null;
    if ((this.#flags & (FL.unlock | FL.downgrade)) !== 0) return 'breaking';
    return this.#ownFile === null ? 'breaker' : 'active';
  }
  /** Whoever made it, also of a lock that then belongs to an open file (OFDLCK); null where that is on another machine. @throws EvidenceFault */
  get pid(): number | null {
    const pid = common(this.raw, 'pid');
    return pid > 0 ? pid : null;
  }
  /** What that process is called; null where it is gone. @throws EvidenceFault */
  get processName(): string | null {
    const { pid } = this;
    return pid === null ? null : (this.#processes.of(pid)?.name ?? null);
  }
  get device(): string | null {
    const inode = this.#inode;
    return inode === null ? null : deviceText(inode.i_sb.s_dev);
  }
  get inodeNumber(): bigint | null {
    return this.#inode?.i_ino ?? null;
  }
  /** @throws EvidenceFault */
  get path(): string | null {
    const file = this.#file;
    return file === null ? null : pathsOf(this.kernel).of(userPath(this.kernel, file));
  }
  /** The first byte of it. Only what fcntl(2) locks has a range. @throws EvidenceFault */
  get start(): bigint {
    return this.#hasRange ? this.raw.fl_start : 0n;
  }
  /** The last byte; null where it is to the end. @throws EvidenceFault */
  get end(): bigint | null {
    if (!this.#hasRange) return null;
    const { fl_end: end } = this.raw;
    return end === TO_THE_END ? null : end;
  }
  /** Which structures of the kernel have it; one that is waited for only that which it waits for has. */
  get views(): string {
    return this.blocker === null ? this.#views.among(VIEWS, this.address, true).join(',') : 'waiting';
  }

  get #flags(): number {
    return common(this.raw, 'flags');
  }
  get #isLease(): boolean {
    return (this.#flags & (FL.lease | FL.deleg | FL.layout)) !== 0;
  }
  get #hasRange(): boolean {
    return (this.#flags & FL.posix) !== 0;
  }
  get #ownFile(): Kernel<'file'> | null {
    return common(this.raw, 'file');
  }
  /** Whoever breaks a lease has not opened the file yet: it is that of the lease. */
  get #file(): Kernel<'file'> | null {
    return this.#ownFile ?? (this.blocker === null ? null : this.blocker.#file);
  }
  get #inode(): Kernel<'inode'> | null {
    return this.#file?.f_inode ?? null;
  }
}

/** Every lock that is held, each with those that wait for it behind it, and those that wait for these. */
export function* fileLocks(kernel: Linux): Generator<FileLock> {
  const views = new CrossView<ViewName>();
  views.addNoted(kernel, 'list', listedLocks(kernel), 'locks');
  views.addNoted(kernel, 'inode', locksOfInodes(kernel), 'locks', INODES_SHARE);
  if (views.isWithout('list') && views.isWithout('inode'))
    kernel.note('locks: this kernel tells of none, neither in lists nor in inodes');
  const of = { kernel, views, processes: new Processes(kernel) };
  const seen = new Set<VirtualAddress>(views.all);
  for (const address of views.all) {
    // Who waits for whom may be a long chain.
    const pending = [new FileLock(kernel.at('file_lock', address), null, of)];
    for (let lock = pending.pop(); lock !== undefined; lock = pending.pop()) {
      yield lock;
      const { raw } = lock;
      const waiters = kernel.attempt(() => [...waitersOf(kernel, raw)], [], 'waiters for a lock');
      for (const waiter of waiters.reverse()) {
        if (seen.has(waiter)) continue;
        kernel.space.memory.spend(ENTRY_COST);
        seen.add(waiter);
        pending.push(new FileLock(kernel.at('file_lock', waiter), lock, of));
      }
    }
  }
}

/** Processes by their IDs: gone through when the first is asked for. */
class Processes {
  readonly #kernel: Linux;
  #byId: Map<number, Task> | undefined;
  constructor(kernel: Linux) {
    this.#kernel = kernel;
  }

  of(pid: number): Task | undefined {
    if (this.#byId === undefined) {
      this.#byId = new Map();
      for (const task of tasks(this.#kernel)) {
        const id = this.#kernel.attempt(() => task.pid, null, 'a process');
        if (id !== null) this.#byId.set(id, task);
      }
    }
    return this.#byId.get(pid);
  }
}
