// The container of a process, by its ID: for rows of any question that have a process.
// Linux: task_struct.cgroups of include/linux/sched.h.
import type { VirtualAddress } from '../../../base/address.ts';
import { CorruptStructure, EvidenceFault, WalkIncomplete } from '../../../base/errors.ts';
import { unlessFault } from '../../../base/unless-fault.ts';
import type { Linux } from '../linux.ts';
import { containerOfSet } from './control-groups.ts';
import { processViewsOf } from './process-views.ts';
import { initTask, type Task } from './task.ts';

/** Containers of processes. Each process is asked once, and none before its container is; so is each set of groups. */
export class ContainersByPid {
  readonly #kernel: Linux;
  readonly #known = new Map<number, Outcome>();
  readonly #sets = new Map<VirtualAddress, Outcome>();
  #tasks: ReadonlyMap<number, readonly Task[]> | undefined;

  constructor(kernel: Linux) {
    this.#kernel = kernel;
  }

  /** The engine's ID or name of the container that the process is in; null outside of containers. @throws EvidenceFault */
  of(pid: number): string | null {
    return once(this.#known, pid, () => this.#containerOf(this.#taskOf(pid)));
  }

  #containerOf(task: Task): string | null {
    const { cgroups: set } = task.raw;
    if (set === null || set === undefined) return null;
    return once(this.#sets, set.address, () => containerOfSet(task, set)?.id ?? null);
  }

  /** @throws WalkIncomplete where no process of this ID was found @throws CorruptStructure where several were */
  #taskOf(pid: number): Task {
    if (pid === 0) return initTask(this.#kernel); // what CPUs run when there is nothing else to do
    const [found, another] = (this.#tasks ??= byPid(this.#kernel)).get(pid) ?? [];
    if (found === undefined) throw new WalkIncomplete(`process ${pid} was not found`);
    if (another !== undefined) throw new CorruptStructure(`several processes have the ID ${pid}`);
    return found;
  }
}

type Outcome = string | null | EvidenceFault;

/** What is known of a key, or else what `ask` says; a fault is thrown again each time. */
function once<K>(known: Map<K, Outcome>, key: K, ask: () => string | null): string | null {
  let found = known.get(key);
  if (found === undefined) {
    try {
      found = ask();
    } catch (fault) {
      if (!(fault instanceof EvidenceFault)) throw fault;
      found = fault;
    }
    known.set(key, found);
  }
  if (found instanceof EvidenceFault) throw found;
  return found;
}

function byPid(kernel: Linux): ReadonlyMap<number, readonly Task[]> {
  const found = new Map<number, Task[]>();
  for (const task of processViewsOf(kernel).tasks) {
    const pid = unlessFault(() => task.pid, null);
    if (pid === null) continue;
    const others = found.get(pid);
    if (others === undefined) found.set(pid, [task]);
    else others.push(task);
  }
  return found;
}
