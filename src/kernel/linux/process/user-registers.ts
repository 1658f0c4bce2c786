// Whether a task has come from user mode: the registers that it goes back there with lie at the top of its kernel stack.
// A program cannot run without them, and a thread of the kernel has none, whatever their flags and parents say.

import { type VirtualAddress, wrapped } from '../../../base/address.ts';
import { EvidenceFault } from '../../../base/errors.ts';
import type { Linux } from '../linux.ts';
import { perKernel } from '../per-kernel.ts';
import type { Kernel } from '../structs.ts';

/**
 * Bytes of a kernel stack (THREAD_SIZE) that kernels are built with, by architecture and twice as many for
 * CONFIG_KASAN: arch/x86/include/asm/page_64_types.h, page_32_types.h, arch/arm64/include/asm/memory.h (with pages of
 * 64 KiB a stack is one).
 */
const STACK_BYTES = [8, 16, 32, 64].map((kib) => kib * 1024);
/** What x86 keeps free above the registers (TOP_OF_KERNEL_STACK_PADDING): 16 bytes with CONFIG_X86_FRED or CONFIG_VM86, 8 on i386 without. */
const PADDINGS = [0, 8, 16];
/** Processes that the place of the registers is looked for in. */
const MOST_TRIED = 8;
/** So far the task list is followed to find them. */
const MOST_TASKS = 4096;
/** The privilege level in a selector: 3 is user mode (Intel SDM vol. 3A, 3.4.2). */
const USER_LEVEL = 3;
/** The exception level in PSTATE, and the width of the register file: 0 is EL0 (Arm ARM, C5.2.19, SPSR_EL1.M). */
const EXCEPTION_LEVEL = 0xf;
/** The first address that is no user's, with five levels of page tables or 52 bits. */
const USER_END = 1n << 56n;

type Task = Kernel<'task_struct'>;

/** Tells by their kernel stacks which tasks are programs. */
class UserRegisters {
  readonly #kernel: Linux;
  #found: bigint | null | undefined;

  constructor(kernel: Linux) {
    this.#kernel = kernel;
  }

  /** Whether the task has some; null where this build does not tell where they are. @throws EvidenceFault */
  has(task: Task): boolean | null {
    return this.distance === null ? null : this.#isUsers(this.#stackOf(task) + this.distance);
  }

  /** From a stack's first byte to its registers; null where no process shows it. @throws EvidenceFault */
  get distance(): bigint | null {
    if (this.#found === undefined) this.#found = this.#find();
    return this.#found;
  }

  /** Bytes of a kernel stack, by where its registers are; null where no process shows it. @throws EvidenceFault */
  get stackBytes(): number | null {
    if (this.distance === null) return null;
    const end = Number(this.distance) + this.#kernel.types.sizeOf('pt_regs');
    return STACK_BYTES.find((bytes) => bytes >= end) ?? null;
  }

  /** Where most of the stacks have registers of user mode, and of several places the first: a larger stack would end in a neighbour's. */
  #find(): bigint | null {
    const { types } = this.#kernel;
    if (!types.has('task_struct', 'stack') || !types.has('pt_regs', this.#counterName)) return null;
    const stacks = [...this.#stacks()];
    const size = types.sizeOf('pt_regs');
    const places = STACK_BYTES.flatMap((bytes) => PADDINGS.map((padding) => BigInt(bytes - padding - size)));
    const counts = places.map(
      (distance) => stacks.filter((stack) => this.#isUsersOrFaults(stack + distance)).length,
    );
    const most = Math.max(...counts);
    return most === 0 ? null : places[counts.indexOf(most)]!;
  }

  /** Stacks of the first processes on the task list that nothing speaks against. */
  *#stacks(): Generator<VirtualAddress> {
    let [seen, found] = [0, 0];
    try {
      for (const task of this.#kernel.at('task_struct', this.#kernel.symbol('init_task')).tasks) {
        if (++seen > MOST_TASKS) return;
        if (task.mm === null) continue;
        yield this.#stackOf(task);
        if (++found >= MOST_TRIED) return;
      }
    } catch (fault) {
      if (!(fault instanceof EvidenceFault)) throw fault;
    }
  }

  #stackOf(task: Task): VirtualAddress {
    return task.stack ?? 0n;
  }

  #isUsersOrFaults(address: VirtualAddress): boolean {
    try {
      return this.#isUsers(address);
    } catch (fault) {
      if (!(fault instanceof EvidenceFault)) throw fault;
      return false;
    }
  }

  get #counterName(): 'pc' | 'ip' {
    return this.#kernel.profile.architecture === 'aarch64' ? 'pc' : 'ip';
  }

  /** Whether the registers at an address are those of a program. */
  #isUsers(address: VirtualAddress): boolean {
    const { pointerBytes } = this.#kernel.types;
    const registers = this.#kernel.at('pt_regs', wrapped(address, pointerBytes));
    const counter = registers[this.#counterName] ?? 0n;
    if (counter === 0n || counter >= USER_END) return false;
    if (this.#counterName === 'pc') return (Number(registers.pstate ?? 1n) & EXCEPTION_LEVEL) === 0;
    const levels = [registers.cs ?? 0, registers.ss ?? 0].map((selector) => selector & USER_LEVEL);
    return levels.every((level) => level === USER_LEVEL);
  }
}

/** Tells of a kernel which of its tasks are programs. */
export const userRegistersOf = perKernel((kernel) => new UserRegisters(kernel));
