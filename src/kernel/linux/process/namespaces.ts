// Every namespace, what holds it, and whose it is: as lsns(8) lists them.
// Linux: include/linux/nsproxy.h, kernel/nsproxy.c, kernel/user_namespace.c, kernel/pid_namespace.c.
import type { VirtualAddress } from '../../../base/address.ts';
import { unlessFault } from '../../../base/unless-fault.ts';
import type { Linux } from '../linux.ts';
import type { Kernel } from '../structs.ts';
import { tasks } from './processes.ts';
import type { Task } from './task.ts';
import { threadsOf } from './threads.ts';

/** As /proc/PID/ns and lsns(8) call them. */
export const NAMESPACE_TYPES = ['cgroup', 'ipc', 'mnt', 'net', 'pid', 'time', 'user', 'uts'] as const;
export type NamespaceType = (typeof NAMESPACE_TYPES)[number];

/** User and process namespaces lie in each other at most this deep: include/linux/user_namespace.h, MAX_PID_NS_LEVEL. */
const MAXIMUM_LEVELS = 33;

/** What the structs of all kinds have in common. */
type Struct =
  | Kernel<'cgroup_namespace'>
  | Kernel<'ipc_namespace'>
  | Kernel<'mnt_namespace'>
  | Kernel<'net'>
  | Kernel<'pid_namespace'>
  | Kernel<'time_namespace'>
  | Kernel<'user_namespace'>
  | Kernel<'uts_namespace'>;

/** A namespace, with the processes in it. */
export class Namespace {
  readonly type: NamespaceType;
  readonly raw: Struct;
  /** Processes of which a thread is in it, ascending by when they were found. */
  readonly members: Task[] = [];
  /** Namespaces of users or of processes that lie in it. */
  children = 0;

  constructor(type: NamespaceType, raw: Struct) {
    this.type = type;
    this.raw = raw;
  }

  get address(): VirtualAddress {
    return this.raw.address;
  }
  /** The number in `/proc/PID/ns/TYPE`. @throws EvidenceFault */
  get inode(): number {
    return this.raw.ns.inum;
  }
  /** The user namespace whose root may do everything in it: of a user namespace the one around it; null for the first of all. @throws EvidenceFault */
  get owner(): number | null {
    const { raw } = this;
    return 'user_ns' in raw ? raw.user_ns.ns.inum : (raw.parent?.ns.inum ?? null);
  }
  /** The user who made it, where the namespace keeps that: of users alone; of the others the maker of the user namespace that owns it. @throws EvidenceFault */
  get creator(): number {
    const { raw } = this;
    return 'user_ns' in raw ? raw.user_ns.owner : raw.owner;
  }
  /** The namespace of its kind that it lies in, of users and of processes; null for the others and for the first. @throws EvidenceFault */
  get parent(): number | null {
    const { raw } = this;
    return 'parent' in raw ? (raw.parent?.ns.inum ?? null) : null;
  }
  /** What of it a reader knows it by: the host name. Null of other kinds. @throws EvidenceFault */
  get nodeName(): string | null {
    const { raw } = this;
    return 'name' in raw ? raw.name.nodename : null;
  }
  /** Its process with the lowest number: of a container the first one. Null where no process is in it. */
  get first(): Task | null {
    let first: Task | null = null;
    let lowest = Number.POSITIVE_INFINITY;
    for (const task of this.members) {
      const pid = unlessFault(() => task.pid, Number.POSITIVE_INFINITY);
      if (pid < lowest) [first, lowest] = [task, pid];
    }
    return first;
  }
}

/** All namespaces that processes are in, and those around them. */
class Found {
  readonly #kernel: Linux;
  readonly #known = new Map<VirtualAddress, Namespace>();
  constructor(kernel: Linux) {
    this.#kernel = kernel;
  }

  of(type: NamespaceType, raw: Struct): Namespace {
    let namespace = this.#known.get(raw.address);
    if (namespace === undefined) {
      namespace = new Namespace(type, raw);
      this.#known.set(raw.address, namespace);
    }
    return namespace;
  }

  /** Counts a process, of which this is a thread, in each namespace that the thread is in. */
  add(task: Task, thread: Task): void {
    for (const type of NAMESPACE_TYPES) {
      const what = `${type} namespace of ${thread.label}`;
      const raw = this.#kernel.attempt(() => namespaceOf(thread, type), null, what);
      if (raw === null) continue;
      const { members } = this.of(type, raw);
      if (members.at(-1) !== task) members.push(task);
    }
  }

  /** Adds those that lie around the known ones, and those that own them. */
  addOuter(): void {
    const what = 'namespaces around others';
    for (const { raw } of [...this.#known.values()]) {
      const user = this.#kernel.attempt(() => ('user_ns' in raw ? raw.user_ns : raw), null, what);
      for (const around of this.#kernel.untilFault(outward(user), what)) this.of('user', around);
      if ('idr' in raw)
        for (const around of this.#kernel.untilFault(outward(raw), what)) this.of('pid', around);
    }
  }

  all(): Namespace[] {
    const number = ({ inode }: Namespace): number => inode;
    const at = (namespace: Namespace): number => unlessFault(() => number(namespace), 0);
    const order = (type: NamespaceType): number => NAMESPACE_TYPES.indexOf(type);
    return [...this.#known.values()].sort((a, b) => order(a.type) - order(b.type) || at(a) - at(b));
  }
}

/** It and those that it lies in. */
function* outward<N extends { readonly parent: N | null }>(from: N | null): Generator<N> {
  let depth = 0;
  for (let at = from; at !== null && depth <= MAXIMUM_LEVELS; at = at.parent, depth++) yield at;
}

/** The namespace of one kind that a thread is in; null where it has none any more, or this kernel has not the kind. @throws EvidenceFault */
export function namespaceOf(thread: Task, type: NamespaceType): Struct | null {
  // It is never without rights, and loses its number when it is let go.
  if (type === 'user') return thread.raw.real_cred.user_ns;
  if (type === 'pid') return pidNamespaceOf(thread);
  const { nsproxy } = thread.raw;
  if (nsproxy === null) return null;
  switch (type) {
    case 'cgroup':
      return nsproxy.cgroup_ns;
    case 'ipc':
      return nsproxy.ipc_ns;
    case 'mnt':
      return nsproxy.mnt_ns;
    case 'net':
      return nsproxy.net_ns;
    case 'time':
      return nsproxy.time_ns ?? null;
    default:
      return nsproxy.uts_ns;
  }
}

/** That in which it has its innermost number: kernel/pid.c, task_active_pid_ns. */
function pidNamespaceOf({ raw, kernel }: Task): Kernel<'pid_namespace'> | null {
  const { thread_pid: pid } = raw;
  if (pid === null) return null;
  const { level } = pid;
  if (level >= MAXIMUM_LEVELS) return null;
  return kernel.at('upid', pid.numbers + BigInt(level * kernel.types.sizeOf('upid'))).ns;
}

/** Every namespace that a process is in, and those around it that own it. */
export function* namespaces(kernel: Linux): Generator<Namespace> {
  const found = new Found(kernel);
  for (const task of tasks(kernel)) for (const thread of threadsOf(task)) found.add(task, thread);
  found.addOuter();
  yield* found.all();
}
