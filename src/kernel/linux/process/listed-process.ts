// A process with what a list of processes says of it beyond its task: terminal, folders, rights in short, container.
// The subject of questions that list processes; each part is read when its column is.

import { pathsOf } from '../vfs/path.ts';
import { capabilityText } from './capabilities.ts';
import { type Folders, foldersOf, oomAdjustmentOf, seccompOf } from './confinement.ts';
import { containerOfTask } from './control-groups.ts';
import { groupOf, sessionOf, terminalOf } from './job-control.ts';
import type { Task } from './task.ts';

/** One line of a list of processes. Each part throws EvidenceFault where it cannot be read. */
export class ListedProcess {
  readonly task: Task;
  #folders: Folders | null | undefined;
  constructor(task: Task) {
    this.task = task;
  }

  get terminal(): string | null {
    return terminalOf(this.task);
  }
  get session(): number {
    return sessionOf(this.task);
  }
  get group(): number {
    return groupOf(this.task);
  }
  get workingFolder(): string | null {
    return this.#pathOf('working');
  }
  get root(): string | null {
    return this.#pathOf('root');
  }
  /** The engine's ID or name of the container that it is in; null outside of containers. */
  get container(): string | null {
    return containerOfTask(this.task)?.id ?? null;
  }
  /** What it may do now beyond ordinary users: `all`, or names with commas. */
  get capabilities(): string {
    const { kernel, raw } = this.task;
    return capabilityText(kernel, kernel.u64At(raw.real_cred.cap_effective));
  }
  get seccomp(): string | null {
    return seccompOf(this.task);
  }
  get oomAdjustment(): number {
    return oomAdjustmentOf(this.task);
  }

  /** Where a process has lost its first thread, another is asked: once for both folders. */
  #pathOf(which: keyof Folders): string | null {
    if (this.#folders === undefined) this.#folders = foldersOf(this.task);
    return this.#folders === null ? null : pathsOf(this.task.kernel).of(this.#folders[which]);
  }
}
