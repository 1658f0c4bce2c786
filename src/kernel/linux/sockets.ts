import type { VirtualAddress } from '../../base/address.ts';
import { EvidenceFault } from '../../base/errors.ts';
import { descriptorsOf } from './file-table.ts';
import { inetSockets } from './inet-socket.ts';
import type { Linux } from './linux.ts';
import { type NetNamespace, NetNamespaces } from './net-namespace.ts';
import { netlinkSockets } from './netlink-socket.ts';
import { packetSockets } from './packet-socket.ts';
import { Socket } from './socket.ts';
import type { Kernel } from './structs.ts';
import type { Task } from './task.ts';
import { unixSockets } from './unix-socket.ts';

/** A socket in the hands of one descriptor of one process; of nobody, where both are null. */
export interface SocketUse {
  readonly socket: Socket;
  readonly task: Task | null;
  readonly fd: number | null;
}

/**
 * Every socket that the kernel finds by its tables or that a process has open, once for each descriptor that
 * holds it: those that wait to be accepted, are under way in a message or outlive their process are held by none.
 */
export function* sockets(kernel: Linux): Generator<SocketUse> {
  const namespaces = new NetNamespaces(kernel);
  const holdings = new Holdings(kernel);
  const seen = new Set<VirtualAddress>();
  for (const address of socketAddresses(kernel, namespaces.all(), holdings)) {
    if (seen.has(address)) continue;
    seen.add(address);
    const socket = new Socket(kernel.at('sock', address), namespaces);
    const holder =
      holdings.holderOf(address) ?? kernel.attempt(() => socket.holder, null, 'the file of a socket');
    const uses = holder === null ? [] : holdings.of(holder);
    if (uses.length === 0) yield { socket, task: null, fd: null };
    for (const { task, fd } of uses) yield { socket, task, fd };
  }
}

function* socketAddresses(
  kernel: Linux,
  namespaces: readonly NetNamespace[],
  holdings: Holdings,
): Generator<VirtualAddress> {
  yield* endingWithNote(kernel, inetSockets(kernel, namespaces), 'IP sockets');
  yield* endingWithNote(kernel, unixSockets(kernel, namespaces), 'Unix sockets');
  yield* endingWithNote(kernel, netlinkSockets(kernel), 'netlink sockets');
  yield* endingWithNote(kernel, packetSockets(kernel, namespaces), 'packet sockets');
  // Sockets that are in no table: not bound yet, closed again, or of a family that keeps none.
  yield* holdings.sockets();
}

/** A walk that cannot go on keeps nobody from the next. */
function* endingWithNote<T>(kernel: Linux, things: Iterable<T>, what: string): Generator<T> {
  try {
    yield* things;
  } catch (fault) {
    if (!(fault instanceof EvidenceFault)) throw fault;
    kernel.note(`${what} end early: ${fault.message}`);
  }
}

/** Files that cannot be read after which a table of descriptors is given up: by then it is not one. */
const MAXIMUM_BROKEN_DESCRIPTORS = 1000;

interface Use {
  readonly task: Task;
  readonly fd: number;
}

/** Which descriptors hold which sockets, by the address of the `struct socket` that their files lead to. */
class Holdings {
  readonly #uses = new Map<VirtualAddress, Use[]>();
  readonly #holders = new Map<VirtualAddress, VirtualAddress>();

  constructor(kernel: Linux) {
    const operations = kernel.attempt(() => kernel.symbol('socket_file_ops'), null, 'sockets of processes');
    if (operations === null) return;
    for (const task of kernel.tasks()) {
      for (const files of fileTables(task)) this.#addFrom(task, files, operations);
    }
    for (const holder of this.#uses.keys()) {
      const what = 'a socket that a process has open';
      const socket = kernel.attempt(() => kernel.at('socket', holder).sk, 0n, what);
      if (socket !== 0n) this.#holders.set(socket, holder);
    }
  }

  #addFrom(task: Task, files: Kernel<'files_struct'>, operations: VirtualAddress): void {
    const { kernel, label } = task;
    const descriptors = descriptorsOf(kernel, files, label);
    let broken = 0;
    let why = '';
    for (const { fd, file } of endingWithNote(kernel, descriptors, `open files of ${label}`)) {
      try {
        if (file.f_op === operations) this.#add(file.private_data, { task, fd });
      } catch (fault) {
        if (!(fault instanceof EvidenceFault)) throw fault;
        why ||= fault.message;
        if (++broken >= MAXIMUM_BROKEN_DESCRIPTORS) break;
      }
    }
    if (broken > 0) kernel.note(`${broken} open files of ${label} cannot be read: ${why}`);
  }

  #add(holder: VirtualAddress, use: Use): void {
    if (holder === 0n) return; // opened with O_PATH, or being closed
    const uses = this.#uses.get(holder);
    if (uses === undefined) this.#uses.set(holder, [use]);
    else uses.push(use);
  }

  of(holder: VirtualAddress): readonly Use[] {
    return this.#uses.get(holder) ?? [];
  }

  /** What holds the socket at this address, where a descriptor leads there: whatever the socket itself says. */
  holderOf(socket: VirtualAddress): VirtualAddress | undefined {
    return this.#holders.get(socket);
  }

  /** The sockets that descriptors lead to. */
  sockets(): Iterable<VirtualAddress> {
    return this.#holders.keys();
  }
}

/** The tables of a process's descriptors: one, but that a thread may have taken one of its own, or outlived the first. */
function fileTables(task: Task): Kernel<'files_struct'>[] {
  const { kernel } = task;
  const what = `open files of ${task.label}`;
  const ofAll = kernel.attempt(() => (task.threadCount > 1 ? [...task.threads()] : [task]), [task], what);
  const found = new Map<VirtualAddress, Kernel<'files_struct'>>();
  for (const thread of ofAll) {
    const files = kernel.attempt(() => thread.raw.files, null, what);
    if (files !== null) found.set(files.address, files);
  }
  return [...found.values()];
}
