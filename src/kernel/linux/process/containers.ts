// Containers: what engines made of control groups, namespaces and a root of their own.
// Source of each word: the control group's path, the namespaces' own names, the environment of the first process.
import type { ContainerName } from '../cgroup/container-path.ts';
import type { Linux } from '../linux.ts';
import { pathsOf } from '../vfs/path.ts';
import { containerOfTask } from './control-groups.ts';
import { environmentOf } from './environment.ts';
import { NAMESPACE_TYPES, namespaceOf } from './namespaces.ts';
import { tasks } from './processes.ts';
import { initTask, type Task } from './task.ts';

/** Variables by which an image, a pod or an engine tells of itself, and that no shell sets by itself. */
const TELLING = { pod: ['HOSTNAME', 'POD_NAME'], engine: ['container'] } as const;
/** Environments longer than this are not searched: the words stand at their beginning. */
const MAXIMUM_VARIABLES = 500;

/** A container, with the processes in it. */
export class Container {
  readonly name: ContainerName;
  readonly members: Task[] = [];
  constructor(name: ContainerName) {
    this.name = name;
  }

  /** Its process with the lowest number: the first one, as long as that lives. @throws EvidenceFault */
  get first(): Task {
    return this.members.reduce((first, task) => (task.pid < first.pid ? task : first));
  }
  /** What it calls itself: the host name of its own namespace; null where it has the machine's. @throws EvidenceFault */
  get nodeName(): string | null {
    const { kernel } = this.first;
    const uts = namespaceOf(this.first, 'uts');
    if (uts === null || !('name' in uts) || uts.address === kernel.symbol('init_uts_ns')) return null;
    return uts.name.nodename;
  }
  /** The kinds of namespaces that it has for itself: `ipc,mnt,net`. @throws EvidenceFault */
  get ownNamespaces(): string {
    const { first } = this;
    const outside = initTask(first.kernel);
    return NAMESPACE_TYPES.filter(
      (type) => namespaceOf(first, type)?.address !== namespaceOf(outside, type)?.address,
    ).join(',');
  }
  /** Where its root lies, as seen from outside. @throws EvidenceFault */
  get root(): string | null {
    const { fs } = this.first.raw;
    return fs === null ? null : pathsOf(this.first.kernel).of(fs.root);
  }
  /** The name that its environment gives its pod or host; null where it tells none. @throws EvidenceFault */
  get podName(): string | null {
    return this.#told(TELLING.pod);
  }
  /** What its environment says of the engine: `podman`; null where it tells nothing. @throws EvidenceFault */
  get engine(): string | null {
    return this.#told(TELLING.engine);
  }

  #told(names: readonly string[]): string | null {
    let count = 0;
    for (const entry of environmentOf(this.first)) {
      if (++count > MAXIMUM_VARIABLES) return null;
      if (names.includes(entry.name)) return entry.value;
    }
    return null;
  }
}

/** Every container that a process is in, in the order of their first processes. */
export function* containers(kernel: Linux): Generator<Container> {
  const found = new Map<string, Container>();
  for (const task of tasks(kernel)) {
    const name = kernel.attempt(() => containerOfTask(task), null, `container of ${task.label}`);
    if (name === null) continue;
    const key = `${name.runtime} ${name.id}`;
    let container = found.get(key);
    if (container === undefined) found.set(key, (container = new Container(name)));
    container.members.push(task);
  }
  yield* found.values();
}
