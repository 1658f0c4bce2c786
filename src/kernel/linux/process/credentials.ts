// Who a thread is and what it may do: its users, groups and capabilities.
// Linux: struct cred of include/linux/cred.h, kernel/cred.c.
import type { VirtualAddress } from '../../../base/address.ts';
import { CorruptStructure } from '../../../base/errors.ts';
import { unlessFault } from '../../../base/unless-fault.ts';
import type { Linux } from '../linux.ts';
import { perKernel } from '../per-kernel.ts';
import type { Kernel } from '../structs.ts';
import { capabilityText } from './capabilities.ts';
import { tasks } from './processes.ts';
import type { Task } from './task.ts';
import { threads, threadsOf } from './threads.ts';

/** NGROUPS_MAX of include/uapi/linux/limits.h. */
const MAXIMUM_GROUPS = 65_536;
/** Processes that a cell names of those that share the same rights. */
const NAMED = 20;
/** PFA_NO_NEW_PRIVS of include/linux/sched.h. */
const NO_NEW_PRIVS = 1n << 0n;
/** Bits of `securebits`, two each: set, and locked (include/uapi/linux/securebits.h). */
const SECURE_BITS = ['noroot', 'no-setuid-fixup', 'keep-caps', 'no-cap-ambient-raise'];
/** (uid_t)-1: no user has logged in. */
const NOBODY = 0xffff_ffff;

type CapabilitySet = 'cap_inheritable' | 'cap_permitted' | 'cap_effective' | 'cap_bset' | 'cap_ambient';

/** The rights of a thread, in the words of /proc/PID/status. */
export class Credentials {
  readonly task: Task;

  constructor(task: Task) {
    this.task = task;
  }

  /** The kernel's own: the rights by which others may act on the thread. @throws EvidenceFault */
  get raw(): Kernel<'cred'> {
    return this.task.raw.real_cred;
  }

  /** The supplementary groups, ascending as the kernel keeps them. @throws EvidenceFault */
  get groups(): readonly number[] {
    const { kernel } = this.task;
    const { ngroups, gid } = this.raw.group_info;
    if (ngroups < 0 || ngroups > MAXIMUM_GROUPS)
      throw new CorruptStructure(`${ngroups} groups, where a thread has ${MAXIMUM_GROUPS} at most`);
    const bytes = kernel.space.bytes(gid, ngroups * 4);
    return [...new Uint32Array(bytes.buffer, bytes.byteOffset, ngroups)];
  }

  /** A set of capabilities in words. @throws EvidenceFault */
  capabilities(set: CapabilitySet): string {
    const { kernel } = this.task;
    return capabilityText(kernel, kernel.u64At(this.raw[set]));
  }

  /** `noroot,keep-caps!`: the bits that are set, with `!` where they are locked; locked ones that are not set as `-noroot!`. */
  get secureBits(): string {
    const { securebits } = this.raw;
    return SECURE_BITS.flatMap((name, at) => {
      const [isSet, isLocked] = [(securebits >>> (2 * at)) & 1, (securebits >>> (2 * at + 1)) & 1];
      if (isSet === 0 && isLocked === 0) return [];
      return [`${isSet === 0 ? '-' : ''}${name}${isLocked === 0 ? '' : '!'}`];
    }).join(',');
  }

  /** No program that it runs gains rights by set-user-ID bits. */
  get hasNoNewPrivileges(): boolean {
    return (this.task.raw.atomic_flags & NO_NEW_PRIVS) !== 0n;
  }

  /** The user who logged in, whoever it has become since; null where nobody has, or this kernel does not keep it. */
  get loginUid(): number | null {
    const { loginuid } = this.task.raw;
    return loginuid === undefined || loginuid === NOBODY ? null : loginuid;
  }
  /** The number of the login; null where there was none. */
  get loginSession(): number | null {
    const { sessionid } = this.task.raw;
    return sessionid === undefined || sessionid === NOBODY ? null : sessionid;
  }

  /** The user namespace that its capabilities count in, by its number. @throws EvidenceFault */
  get userNamespace(): number {
    return this.raw.user_ns.ns.inum;
  }

  /** It acts by other rights than its own at the moment. */
  get isOverridden(): boolean {
    return this.task.raw.cred.address !== this.raw.address;
  }

  /** Other processes whose rights are the very same struct, as pids with commas: fork gives each its own. Null where there are none. */
  get sharedWith(): string | null {
    const others = (holdersOf(this.task.kernel).of(this.raw.address) ?? []).filter(
      (pid) => pid !== this.task.pid,
    );
    if (others.length === 0) return null;
    const rest = others.length > NAMED ? ` and ${others.length - NAMED} more` : '';
    return `${others.slice(0, NAMED).join(',')}${rest}`;
  }
}

/** Which processes hold which rights. */
class Holders {
  readonly #pids = new Map<VirtualAddress, number[]>();
  constructor(kernel: Linux) {
    const last = new Map<VirtualAddress, number>();
    kernel.notedApart(() => {
      for (const thread of threads(kernel)) this.#add(thread, last);
    });
  }
  #add(thread: Task, last: Map<VirtualAddress, number>): void {
    thread.kernel.attempt(
      () => {
        const [{ address }, { pid }] = [thread.raw.real_cred, thread];
        if (last.get(address) === pid) return;
        last.set(address, pid);
        const pids = this.#pids.get(address);
        if (pids === undefined) this.#pids.set(address, [pid]);
        else pids.push(pid);
      },
      undefined,
      'holders of rights',
    );
  }
  of(address: VirtualAddress): readonly number[] | undefined {
    return this.#pids.get(address);
  }
}
const holdersOf = perKernel((kernel) => new Holders(kernel));

/** The rights of every process, and of each thread whose rights are another struct than its process's. */
export function* credentials(kernel: Linux): Generator<Credentials> {
  for (const task of tasks(kernel)) {
    const own = unlessFault(() => task.raw.real_cred.address, undefined);
    yield new Credentials(task);
    for (const thread of threadsOf(task)) {
      if (thread.address === task.address) continue;
      // Threads share the rights of their process as long as none of them changes its own by a system call.
      if (own !== undefined && unlessFault(() => thread.raw.real_cred.address, undefined) === own) continue;
      yield new Credentials(thread);
    }
  }
}
