// The control groups of a task, as /proc/PID/cgroup lists them.
// Linux: kernel/cgroup/cgroup.c (proc_cgroup_show), fs/kernfs/dir.c (kernfs_path_from_node).
import type { VirtualAddress } from '../../../base/address.ts';
import { CorruptStructure } from '../../../base/errors.ts';
import type { Linux } from '../linux.ts';
import { perKernel } from '../per-kernel.ts';
import type { Kernel } from '../structs.ts';

/** Groups in groups: no path has more parts than its 4,096 bytes allow. */
const MAXIMUM_DEPTH = 2048;
/** NAME_MAX of the names of groups. */
const MAXIMUM_NAME_BYTES = 255;
/** No kernel has more controllers: bits of `subsys_mask`. */
const MAXIMUM_CONTROLLERS = 32;
/** Hierarchies that a task is in at most: one of version 2, and one of version 1 for each controller or name. */
const MAXIMUM_HIERARCHIES = 64;

/** A group that a task is in. */
export class Membership {
  readonly kernel: Linux;
  readonly raw: Kernel<'cgroup'>;
  constructor(kernel: Linux, raw: Kernel<'cgroup'>) {
    this.kernel = kernel;
    this.raw = raw;
  }

  /** 0 for the unified hierarchy (version 2). @throws EvidenceFault */
  get hierarchy(): number {
    return this.isUnified ? 0 : this.raw.root.hierarchy_id;
  }
  get isUnified(): boolean {
    const { kernel } = this;
    return kernel.hasSymbol('cgrp_dfl_root') && this.raw.root.address === kernel.symbol('cgrp_dfl_root');
  }
  /** Of version 1: `cpu,cpuacct`, or `name=systemd`. Empty in the unified hierarchy. @throws EvidenceFault */
  get controllers(): string {
    if (this.isUnified) return '';
    const { subsys_mask, name } = this.raw.root;
    const words: string[] = [];
    for (let number = 0; number < MAXIMUM_CONTROLLERS; number++)
      if (((subsys_mask >>> number) & 1) !== 0) words.push(this.#controller(number));
    if (name !== '') words.push(`name=${name}`);
    return words.join(',');
  }
  /** From the root of its hierarchy: `/system.slice/ssh.service`. @throws EvidenceFault */
  get path(): string {
    return pathsOf(this.kernel).of(this.raw);
  }
  /** Its tasks are kept from running. Null where this kernel cannot freeze single groups of the unified hierarchy. @throws EvidenceFault */
  get isFrozen(): boolean | null {
    const { freezer } = this.raw;
    return freezer === undefined ? null : freezer.freeze !== 0;
  }

  #controller(number: number): string {
    const { kernel } = this;
    const { pointerBytes } = kernel.types;
    const subsystem = kernel.pointerAt(kernel.symbol('cgroup_subsys') + BigInt(number * pointerBytes));
    return kernel.nameAt(kernel.at('cgroup_subsys', subsystem).name, MAXIMUM_NAME_BYTES);
  }
}

/** Names groups by their paths; each is walked once. */
class Paths {
  readonly #kernel: Linux;
  readonly #known = new Map<VirtualAddress, string>();
  constructor(kernel: Linux) {
    this.#kernel = kernel;
  }
  of({ address, kn }: Kernel<'cgroup'>): string {
    let path = this.#known.get(address);
    if (path === undefined) {
      if (kn === null) throw new CorruptStructure('a control group without a name');
      this.#known.set(address, (path = this.#walk(kn)));
    }
    return path;
  }
  #walk(from: Kernel<'kernfs_node'>): string {
    const kernel = this.#kernel;
    const names: string[] = [];
    for (let node = from; ; ) {
      const parent = node.parent ?? node.__parent ?? 0n;
      if (parent === 0n) break;
      if (names.length >= MAXIMUM_DEPTH)
        throw new CorruptStructure(`a control group below ${MAXIMUM_DEPTH} others`);
      names.push(kernel.nameAt(node.name, MAXIMUM_NAME_BYTES));
      node = kernel.at('kernfs_node', parent);
    }
    return `/${names.reverse().join('/')}`;
  }
}
const pathsOf = perKernel((kernel) => new Paths(kernel));

/** The group of the unified hierarchy, from what says which groups a task is in. @throws EvidenceFault */
export function unifiedGroup(kernel: Linux, set: Kernel<'css_set'>): Membership | null {
  const { dfl_cgrp } = set;
  return dfl_cgrp === null ? null : new Membership(kernel, dfl_cgrp);
}

/** Its group in each hierarchy, that of the unified one last. */
export function* membershipsIn(kernel: Linux, set: Kernel<'css_set'>, what: string): Generator<Membership> {
  let count = 0;
  for (const { cgrp } of kernel.untilFault(set.cgrp_links, what)) {
    if (++count > MAXIMUM_HIERARCHIES) {
      kernel.note(`${what}: more than ${MAXIMUM_HIERARCHIES} hierarchies`);
      return;
    }
    yield new Membership(kernel, cgrp);
  }
}
