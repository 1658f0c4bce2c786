import type { Truth } from '../truth.ts';
import { type Comparison, judge, textOrNone } from './expect.ts';
import { bootOf, parseStat, textOf } from './proc.ts';
import { bounds } from './tolerances.ts';

/** What the workload called each group of inside/controls.py, by part: the engine, a name where it is no ID, and whether in a pod. */
const PARTS: Readonly<
  Record<string, { runtime: string; name?: string; isInPod?: true; engine?: string; host?: string }>
> = {
  'group-docker-systemd': { runtime: 'docker', host: '4f1e0c9ab2d8' },
  'group-docker-plain': { runtime: 'docker', host: '56378d2ba9c0' },
  'group-containerd': { runtime: 'containerd', isInPod: true, host: 'web-5d9c7b6f4-x2x7q' },
  'group-crio': { runtime: 'cri-o', isInPod: true, host: 'batch-0' },
  'group-podman': { runtime: 'podman', engine: 'podman', host: '0badcafe0bad' },
  'group-nspawn': { runtime: 'systemd-nspawn', name: 'stage', engine: 'systemd-nspawn' },
  'group-lxc': { runtime: 'lxc', name: 'legacy', engine: 'lxc' },
};
const POD = '3b9c6f2e-8d14-4f7a-9c05-1e2d3c4b5a69';

/** The container that the workload put a process into; undefined where it put it into none. */
export function expectedContainer(truth: Truth, pid: number) {
  const part = Object.entries(truth.workload.parts).find(([name, of]) => of === pid && name in PARTS)?.[0];
  if (part === undefined) return undefined;
  const { runtime, name, isInPod, engine, host } = PARTS[part]!;
  const { cgroup } = truth.processes.find((process) => process.pid === pid)!;
  const id = name ?? /([0-9a-f]{64})/.exec(cgroup!)![1]!;
  return { runtime, id, pod: isInPod === true ? POD : null, engine: engine ?? null, host: host ?? null };
}

export const containers: Comparison = {
  plugin: 'containers',
  *expected({ truth }) {
    for (const { pid, stat, root } of truth.processes) {
      const container = expectedContainer(truth, pid);
      if (container === undefined) continue;
      const { runtime, id, pod, engine, host } = container;
      const { comm, startTicks } = parseStat(stat);
      yield {
        key: id,
        label: `container ${id}`,
        cells: {
          runtime,
          id,
          pod,
          podName: host,
          engine,
          nodeName: null,
          pid,
          name: textOf(comm),
          started: judge('when its first process was', (cell) => {
            const from = bootOf(truth) + (startTicks * 1000) / truth.system.clockTicksPerSecond;
            return cell instanceof Date && Math.abs(cell.getTime() - from) < 10 + bounds.startSlackMs;
          }),
          processes: 1,
          namespaces: '',
          root: root === null ? textOrNone : textOf(root),
        },
      };
    }
  },
  keyOf: ({ id }) => String(id),
  labelOf: ({ id }) => `container ${String(id)}`,
};
