// Which container a control group is of, by the names that engines give their groups.
// Sources: each engine's own documentation of its groups, with the systemd driver and the plain one.

/** A container, as its group's path tells of it. */
export interface ContainerName {
  /** The engine: `docker`, `containerd`, `cri-o`, `podman`, `systemd-nspawn`, `lxc`, `libvirt`; null where an orchestrator's pod is all that is told. */
  readonly runtime: string | null;
  /** The engine's ID or name of it, whole. */
  readonly id: string;
  /** The UID of the Kubernetes pod that it is in; null outside of pods. */
  readonly pod: string | null;
}

/** What comes before the ID, by engine: `docker-ID.scope` under systemd. */
const PREFIXES: Readonly<Record<string, string>> = {
  docker: 'docker',
  'cri-containerd': 'containerd',
  containerd: 'containerd',
  nerdctl: 'containerd',
  crio: 'cri-o',
  libpod: 'podman',
  'libpod-payload': 'podman',
  buildkit: 'buildkit',
};
/** Folders in which each group is a container: `/docker/ID`. */
const FOLDERS: Readonly<Record<string, string>> = { docker: 'docker', libpod_parent: 'podman', lxc: 'lxc' };

const ID = /^[0-9a-f]{64}$/;
/** Helpers of an engine beside a container, named like one. */
const HELPER = /^(?:crio|libpod)-conmon-/;

/** The container of a group with this path; null where it is of none. The innermost counts where one is in another. */
export function containerOf(path: string): ContainerName | null {
  const parts = path.split('/').filter((part) => part !== '');
  const pod = podIn(parts);
  for (let at = parts.length - 1; at >= 0; at--) {
    const found = containerNamed(parts[at]!, parts[at - 1], pod !== null);
    if (found !== null) return { ...found, pod };
  }
  return null;
}

function containerNamed(
  part: string,
  above: string | undefined,
  isInPod: boolean,
): Pick<ContainerName, 'runtime' | 'id'> | null {
  if (HELPER.test(part)) return null;
  const name = part.replace(/\.(?:scope|service)$/, '');
  const dash = name.lastIndexOf('-');
  if (dash > 0) {
    const runtime = PREFIXES[name.slice(0, dash)];
    const id = name.slice(dash + 1);
    if (runtime !== undefined && ID.test(id)) return { runtime, id };
  }
  // `lxc.payload.NAME`, and `lxc.payload/NAME` before LXC 4.
  const lxc = /^lxc\.payload\.(.+)$/.exec(part);
  if (lxc !== null) return { runtime: 'lxc', id: lxc[1]! };
  const nspawn = /^systemd-nspawn@(.+)\.service$/.exec(part);
  if (nspawn !== null) return { runtime: 'systemd-nspawn', id: unescaped(nspawn[1]!) };
  // What systemd-machined registers: `machine-NAME.scope`, of virtual machines `machine-qemu\x2d1\x2dNAME.scope`.
  const machine = /^machine-(.+)\.scope$/.exec(part);
  if (machine !== null) {
    const id = unescaped(machine[1]!);
    return { runtime: id.startsWith('qemu-') ? 'libvirt' : 'systemd-nspawn', id };
  }
  if (above !== undefined) {
    const runtime = FOLDERS[above];
    if (runtime !== undefined && (runtime === 'lxc' || ID.test(name))) return { runtime, id: name };
  }
  // In a pod's folder an ID alone is a container's: plain drivers put no engine's name before it.
  return isInPod && ID.test(name) ? { runtime: null, id: name } : null;
}

/** `kubepods-burstable-pod3b9c6f2e_8d14_….slice` under systemd, `pod3b9c6f2e-8d14-…` without. */
function podIn(parts: readonly string[]): string | null {
  if (!parts.some((part) => part.startsWith('kubepods'))) return null;
  for (const part of parts) {
    const found =
      /(?:^|-)pod([0-9a-f]{8}(?:[-_][0-9a-f]{4}){3}[-_][0-9a-f]{12}|[0-9a-f]{32})(?:\.slice)?$/.exec(part);
    if (found !== null) return found[1]!.replaceAll('_', '-');
  }
  return null;
}

/** Names of units have other bytes than letters as `\x2d`: systemd.unit(5). */
const unescaped = (name: string): string =>
  name.replace(/\\x([0-9a-f]{2})/g, (_, digits: string) => String.fromCharCode(Number.parseInt(digits, 16)));
