import type { ProcessTruth, Truth } from '../truth.ts';
import type { Comparison, Expected } from './expect.ts';
import { linesOf, textOf } from './proc.ts';

export const mounts: Comparison = {
  plugin: 'mounts',
  *expected({ truth }) {
    for (const [namespace, mountinfo] of mountinfosOf(truth))
      for (const line of linesOf(mountinfo)) yield expectedMount(namespace, line);
  },
  keyOf: ({ mountNamespace: namespace, id }) => `${String(namespace)} ${String(id)}`,
  labelOf: ({ mountNamespace: namespace, id, mountPoint }) =>
    `mount ${String(id)} of namespace ${String(namespace)} on ${JSON.stringify(mountPoint)}`,
  // /proc tells a process of what it can reach from its root: of nothing below that, and of no namespace without processes.
  mayBeInvented: ({ mountNamespace: namespace, mountPoint }, { truth }) =>
    mountPoint === '/' || !mountinfosOf(truth).has(Number(namespace)) ? 'mountOutOfSight' : undefined,
};

/** By the number of the namespace, what a process says that has the namespace's root as its own. */
export function mountinfosOf({ processes }: Truth): Map<number, string> {
  const found = new Map<number, string>();
  for (const process of processes) {
    const { mountinfo, root } = process;
    const namespace = namespaceOf(process);
    if (namespace === undefined || mountinfo === null || root !== '/') continue;
    if (mountinfo.length > (found.get(namespace) ?? '').length) found.set(namespace, mountinfo);
  }
  return found;
}

function namespaceOf({ namespaces }: ProcessTruth): number | undefined {
  const number = /\[(\d+)\]/.exec(namespaces['mnt'] ?? '')?.[1];
  return number === undefined ? undefined : Number(number);
}

/** `id parent major:minor root point options [propagation…] - type source superoptions`. */
function expectedMount(namespace: number, line: string): Expected {
  const [own = '', shared = ''] = line.split(' - ');
  const [id, parent, device = '', root = '', point = '', options = '', ...propagation] = own.split(' ');
  const [type = '', source = '', superOptions = ''] = shared.split(' ');
  return {
    key: `${namespace} ${id}`,
    label: `mount ${id} of namespace ${namespace} on ${point}`,
    cells: {
      mountNamespace: namespace,
      id: Number(id),
      parent: Number(parent),
      device: deviceOf(device),
      root: unescaped(root),
      mountPoint: unescaped(point),
      options,
      propagation: propagation.length === 0 ? null : propagation.join(' '),
      type,
      source: unescaped(source),
      superOptions: superOptions
        .split(',')
        .filter((word) => GENERIC.has(word))
        .join(','),
    },
  };
}

/** What every file system can have: fs/proc_namespace.c, show_sb_opts. */
const GENERIC = new Set(['rw', 'ro', 'sync', 'dirsync', 'mand', 'lazytime']);

/** `254:0` in the words of /proc/PID/maps. */
export const deviceOf = (device: string): string =>
  device
    .split(':')
    .map((part) => Number(part).toString(16).padStart(2, '0'))
    .join(':');

/** Blanks and backslashes are in octal. */
const unescaped = (word: string): string =>
  textOf(word.replace(/\\([0-7]{3})/g, (_, octal: string) => String.fromCharCode(Number.parseInt(octal, 8))));
