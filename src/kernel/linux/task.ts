import type { VirtualAddress } from '../../base/address.ts';
import type { AddressSpace } from '../../translate/address-space.ts';
import type { Linux } from './linux.ts';
import type { Kernel } from './structs.ts';

const PF_KTHREAD = 0x0020_0000;

/** A process, in the words an analyst uses. `raw` is the kernel's own. */
export class Task {
  readonly raw: Kernel<'task_struct'>;
  readonly kernel: Linux;
  constructor(raw: Kernel<'task_struct'>, kernel: Linux) {
    this.raw = raw;
    this.kernel = kernel;
  }
  get address(): VirtualAddress {
    return this.raw.address;
  }
  get pid(): number {
    return this.raw.tgid;
  }
  get name(): string {
    return this.raw.comm;
  }
  get parent(): Task {
    return new Task(this.raw.real_parent, this.kernel);
  }
  /** The process's own address space, or null for kernel threads and processes that have let go of theirs. @throws EvidenceFault */
  get userSpace(): AddressSpace | null {
    const { mm } = this.raw;
    if (mm === null) return null;
    const { space } = this.kernel;
    return space.withRoot(space.translate(mm.pgd));
  }
  get isKernelThread(): boolean {
    return (this.raw.flags & PF_KTHREAD) !== 0;
  }
}
