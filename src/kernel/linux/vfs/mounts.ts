// Every mount of every mount namespace, as /proc/PID/mountinfo tells of them.
// Linux: struct mount and struct mnt_namespace of fs/mount.h, fs/namespace.c, fs/proc_namespace.c.
import { isKernelAddress, type VirtualAddress } from '../../../base/address.ts';
import { unlessFault } from '../../../base/unless-fault.ts';
import { rbNodes } from '../containers/rb-tree.ts';
import type { Linux } from '../linux.ts';
import type { Kernel } from '../structs.ts';
import { mountOptions } from './mount-options.ts';
import { pathsOf } from './path.ts';
import { SuperBlock, superBlocks } from './super-blocks.ts';

/** How mounts pass on to others: of `mnt_flags` of include/linux/mount.h, or of `mnt_t_flags` of fs/mount.h. */
const PROPAGATION = {
  mnt_flags: { shared: 0x1000, unbindable: 0x2000 },
  mnt_t_flags: { shared: 1, unbindable: 2 },
} as const;
/** Whoever reads a list of mounts has his place in it: include/linux/mount.h, MNT_CURSOR, in kernels that have lists. */
const MNT_CURSOR = 0x1000_0000;
/** ERR_PTR: the last page of addresses are numbers of errors, and pointers to nothing. */
const ERRORS = 4095n;
/** PATH_MAX, as what is mounted may be a path. */
const MAXIMUM_SOURCE_BYTES = 4096;

/** A mount. `raw` is the kernel's own. */
export class Mount {
  readonly raw: Kernel<'mount'>;
  readonly kernel: Linux;
  readonly #namespace: Kernel<'mnt_namespace'>;
  #superBlock: SuperBlock | undefined;

  constructor(raw: Kernel<'mount'>, namespace: Kernel<'mnt_namespace'>, kernel: Linux) {
    this.raw = raw;
    this.#namespace = namespace;
    this.kernel = kernel;
  }

  /** The number in `/proc/PID/ns/mnt`. @throws EvidenceFault */
  get namespace(): number {
    return this.#namespace.ns.inum;
  }
  get id(): number {
    return this.raw.mnt_id;
  }
  /** The ID of the mount that it is mounted on; its own where it is on none. @throws EvidenceFault */
  get parent(): number {
    return this.raw.mnt_parent.mnt_id;
  }
  get superBlock(): SuperBlock {
    this.#superBlock ??= new SuperBlock(this.#vfs.mnt_sb, this.kernel);
    return this.#superBlock;
  }
  /** What of the file system is mounted: `/`, or the folder of a bind. @throws EvidenceFault */
  get root(): string {
    const { kernel } = this;
    return pathsOf(kernel).within(kernel.at('dentry', this.#vfs.mnt_root));
  }
  /** Where it is mounted, from the root of its namespace on. @throws EvidenceFault */
  get mountPoint(): string {
    return pathsOf(this.kernel).ofMount(this.raw);
  }
  /** `rw,nosuid,relatime`. @throws EvidenceFault */
  get options(): string {
    const { mnt_idmap: mapping, mnt_flags } = this.#vfs;
    const none = this.kernel.hasSymbol('nop_mnt_idmap') ? this.kernel.symbol('nop_mnt_idmap') : mapping;
    return mountOptions(mnt_flags, mapping !== undefined && mapping !== none);
  }
  /** `shared:1 master:2`, `unbindable`; null where what is mounted below it appears nowhere else. @throws EvidenceFault */
  get propagation(): string | null {
    const { raw } = this;
    const { mnt_t_flags: own } = raw;
    const bits = PROPAGATION[own === undefined ? 'mnt_flags' : 'mnt_t_flags'];
    const flags = own ?? this.#vfs.mnt_flags;
    const words: string[] = [];
    if ((flags & bits.shared) !== 0) words.push(`shared:${raw.mnt_group_id}`);
    const master = raw.mnt_master;
    if (master !== null) words.push(`master:${master.mnt_group_id}`);
    if ((flags & bits.unbindable) !== 0) words.push('unbindable');
    return words.length === 0 ? null : words.join(' ');
  }
  /** What is mounted: a device's path, or any word. Null where the kernel has kept none. @throws EvidenceFault */
  get source(): string | null {
    const { mnt_devname: name } = this.raw;
    return name === 0n ? null : this.kernel.textAt(name, MAXIMUM_SOURCE_BYTES);
  }

  get #vfs(): Kernel<'vfsmount'> {
    return this.kernel.at('vfsmount', this.raw.mnt);
  }
}

/** Every mount of every namespace, the first one's first: each namespace's in the order of /proc, then what only its file system leads to. */
export function* mounts(kernel: Linux): Generator<Mount> {
  for (const [namespace, known] of namespacesOfMounts(kernel)) {
    const seen = new Set<VirtualAddress>();
    for (const raw of mountsIn(kernel, namespace)) {
      seen.add(raw.address);
      yield new Mount(raw, namespace, kernel);
    }
    for (const raw of known) if (!seen.has(raw.address)) yield new Mount(raw, namespace, kernel);
  }
}

/** The namespaces that mounts of any file system are in, each with these. */
function namespacesOfMounts(kernel: Linux): Map<Kernel<'mnt_namespace'>, Kernel<'mount'>[]> {
  const found = new Map<VirtualAddress, { namespace: Kernel<'mnt_namespace'>; own: Kernel<'mount'>[] }>();
  const add = (address: VirtualAddress): Kernel<'mount'>[] => {
    let known = found.get(address);
    if (known === undefined) {
      known = { namespace: kernel.at('mnt_namespace', address), own: [] };
      found.set(address, known);
    }
    return known.own;
  };
  const initial = kernel.attempt(() => initialNamespace(kernel), null, 'the first mount namespace');
  if (initial !== null) add(initial);
  for (const block of superBlocks(kernel)) {
    for (const mount of block.mounts()) {
      const address = kernel.attempt(() => mount.mnt_ns, 0n, 'namespace of a mount');
      if (isNamespace(kernel, address)) add(address).push(mount);
    }
  }
  return new Map([...found.values()].map(({ namespace, own }) => [namespace, own]));
}

function initialNamespace(kernel: Linux): VirtualAddress | null {
  const { nsproxy } = kernel.at('task_struct', kernel.symbol('init_task'));
  return nsproxy?.mnt_ns?.address ?? null;
}

/** Mounts of the kernel's own have an error's number in place of a namespace, and those that are detached nothing. */
function isNamespace({ types }: Linux, address: VirtualAddress): boolean {
  const end = 1n << BigInt(8 * types.pointerBytes);
  return isKernelAddress(address, types.pointerBytes) && end - address > ERRORS;
}

/** The mounts of a namespace, by its own list or tree. */
function* mountsIn(kernel: Linux, namespace: Kernel<'mnt_namespace'>): Generator<Kernel<'mount'>> {
  const { types } = kernel;
  const what = 'mounts of a namespace';
  let count = 0;
  const { list } = namespace;
  if (list !== undefined) {
    for (const mount of list) {
      const flags = unlessFault(() => kernel.at('vfsmount', mount.mnt).mnt_flags, 0);
      if ((flags & MNT_CURSOR) !== 0) continue;
      count++;
      yield mount;
    }
  } else {
    const root = kernel.attempt(() => kernel.at('rb_root', namespace.mounts).rb_node, 0n, what);
    const link = BigInt(types.offsetOf('mount', 'mnt_node'));
    for (const node of rbNodes(kernel, root, what)) {
      count++;
      yield kernel.at('mount', node - link);
    }
  }
  const counted = kernel.attempt(() => namespace.nr_mounts ?? kernel.u32At(namespace.mounts), count, what);
  if (counted !== count) kernel.note(`${what}: ${count} are found, and the kernel counts ${counted}`);
}
