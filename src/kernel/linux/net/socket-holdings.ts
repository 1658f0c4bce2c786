// Which processes hold which sockets, by their tables of descriptors.
// `Holdings` goes through each table once, however many processes share it.

import type { VirtualAddress } from '../../../base/address.ts';
import { EvidenceFault } from '../../../base/errors.ts';
import type { Linux } from '../linux.ts';
import { tasks } from '../process/processes.ts';
import type { Task } from '../process/task.ts';
import type { Kernel } from '../structs.ts';
import { descriptorsOf } from '../vfs/file-table.ts';

/** Files that cannot be read after which a table of descriptors is given up: by then it is not one. */
const MAXIMUM_BROKEN_DESCRIPTORS = 1000;
/** Descriptors of sockets over all tables after which no more are looked for: fs.nr_open allows one process a million. */
const MAXIMUM_USES = 2_000_000;

/** What of a question's work finding the tables may take, and reading them. */
const SHARE = 1 / 8;

/** A process with a table of descriptors, and the thread that has that table for itself; null where it is the process's. */
interface Sharer {
  readonly task: Task;
  readonly thread: Task | null;
}

/** A descriptor that holds a socket, and who has it. */
export interface Use extends Sharer {
  readonly fd: number;
}

/** The descriptors of one table that lead to one socket. */
interface TableUse {
  readonly sharers: readonly Sharer[];
  readonly fds: number[];
}

/** Which descriptors hold which sockets, by the address of the `struct socket` that their files lead to. */
export class Holdings {
  readonly #uses = new Map<VirtualAddress, TableUse[]>();
  readonly #holders = new Map<VirtualAddress, VirtualAddress>();
  #count = 0;

  constructor(kernel: Linux) {
    const operations = kernel.attempt(() => kernel.symbol('socket_file_ops'), null, 'sockets of processes');
    if (operations === null) return;
    const { memory } = kernel.space;
    const tables = new Map<VirtualAddress, SharedTable>();
    // What is found within its share counts: the kernel's own tables of sockets are still to come.
    const find = (): void => memory.within(SHARE, () => findTables(kernel, tables));
    const read = (): void => memory.within(SHARE, () => this.#read(kernel, tables, operations));
    kernel.attempt(find, undefined, 'tables of descriptors');
    kernel.attempt(read, undefined, 'sockets of processes');
    for (const holder of this.#uses.keys()) {
      const what = 'a socket that a process has open';
      const socket = kernel.attempt(() => kernel.at('socket', holder).sk, 0n, what);
      if (socket !== 0n) this.#holders.set(socket, holder);
    }
  }

  #read(kernel: Linux, tables: ReadonlyMap<VirtualAddress, SharedTable>, operations: VirtualAddress): void {
    for (const { files, sharers } of tables.values()) {
      if (this.#count >= MAXIMUM_USES) {
        kernel.note(`sockets of processes are given up after ${MAXIMUM_USES} descriptors`);
        return;
      }
      this.#addFrom(kernel, files, sharers, operations);
    }
  }

  /** Each descriptor that leads to this `struct socket`, once for each process that shares its table. */
  *of(holder: VirtualAddress): Generator<Use> {
    for (const { sharers, fds } of this.#uses.get(holder) ?? []) {
      for (const { task, thread } of sharers) for (const fd of fds) yield { task, thread, fd };
    }
  }

  /** What holds the socket at this address, where a descriptor leads there: whatever the socket itself says. */
  holderOf(socket: VirtualAddress): VirtualAddress | undefined {
    return this.#holders.get(socket);
  }

  /** The sockets that descriptors lead to. */
  sockets(): Iterable<VirtualAddress> {
    return this.#holders.keys();
  }

  #addFrom(
    kernel: Linux,
    files: Kernel<'files_struct'>,
    sharers: readonly Sharer[],
    operations: VirtualAddress,
  ): void {
    const { label } = sharers[0]!.task;
    let broken = 0;
    let why = '';
    const descriptors = descriptorsOf(kernel, files, label);
    for (const { fd, file } of kernel.untilFault(descriptors, `open files of ${label} end early`)) {
      try {
        if (file.f_op === operations) this.#add(file.private_data, sharers, fd);
      } catch (fault) {
        if (!(fault instanceof EvidenceFault)) throw fault;
        why ||= fault.message;
        if (++broken >= MAXIMUM_BROKEN_DESCRIPTORS) break;
      }
      if (this.#count >= MAXIMUM_USES) break;
    }
    if (broken > 0) kernel.note(`${broken} open files of ${label} cannot be read: ${why}`);
  }

  #add(holder: VirtualAddress, sharers: readonly Sharer[], fd: number): void {
    if (holder === 0n) return; // opened with O_PATH, or being closed
    this.#count++;
    const uses = this.#uses.get(holder);
    const last = uses?.at(-1);
    if (last?.sharers === sharers) last.fds.push(fd);
    else if (uses === undefined) this.#uses.set(holder, [{ sharers, fds: [fd] }]);
    else uses.push({ sharers, fds: [fd] });
  }
}

/** A table of descriptors, and the processes that have it, in the order in which they are listed. */
interface SharedTable {
  readonly files: Kernel<'files_struct'>;
  readonly sharers: Sharer[];
}

/** Adds every table of descriptors: one for each process, but that a thread may have one of its own, or processes share one. */
function findTables(kernel: Linux, tables: Map<VirtualAddress, SharedTable>): void {
  for (const task of tasks(kernel)) {
    for (const { files, thread } of task.fileTables()) {
      const known = tables.get(files.address);
      if (known === undefined) tables.set(files.address, { files, sharers: [{ task, thread }] });
      else known.sharers.push({ task, thread });
    }
  }
}
