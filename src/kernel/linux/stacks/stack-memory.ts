// A thread's kernel stack as memory: words of it, and never of what lies beside it.
// Linux: THREAD_SIZE of arch/x86/include/asm/page_64_types.h, page_32_types.h, arch/arm64/include/asm/memory.h.
import { hex, type VirtualAddress } from '../../../base/address.ts';
import { CorruptStructure, NotInKernel } from '../../../base/errors.ts';
import type { Linux } from '../linux.ts';
import type { Task } from '../process/task.ts';
import { userRegistersOf } from '../process/user-registers.ts';

/** Bytes of a stack where no process shows how many there are: so many has each at the least. */
const LEAST_BYTES = { 4: 8 << 10, 8: 16 << 10 } as const;

/** The memory of one stack. */
export class StackMemory {
  readonly kernel: Linux;
  readonly start: VirtualAddress;
  readonly end: VirtualAddress;
  /** Where a program's registers lie on it, at its top; null where no process shows the place. */
  readonly registers: VirtualAddress | null;
  readonly wordBytes: bigint;

  /** @throws NotInKernel, EvidenceFault */
  constructor({ kernel, raw }: Task) {
    this.kernel = kernel;
    const { pointerBytes } = kernel.types;
    this.wordBytes = BigInt(pointerBytes);
    if (raw.stack === undefined) throw new NotInKernel('this kernel has no task_struct.stack');
    if (raw.stack === 0n) throw new CorruptStructure('a thread without a stack');
    this.start = raw.stack;
    const { distance, stackBytes } = userRegistersOf(kernel);
    this.end = this.start + BigInt(stackBytes ?? LEAST_BYTES[pointerBytes]);
    this.registers = distance === null ? null : this.start + distance;
  }

  /** Whether a word lies at an address of the stack. */
  has(address: VirtualAddress): boolean {
    return address >= this.start && address + this.wordBytes <= this.end && address % this.wordBytes === 0n;
  }

  /** The word at an address of the stack. @throws CorruptStructure where that is not on it @throws EvidenceFault */
  word(address: VirtualAddress): bigint {
    if (!this.has(address)) throw new CorruptStructure(`${hex(address)} is not on the stack`);
    return this.kernel.pointerAt(address);
  }
}
