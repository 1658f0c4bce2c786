// Kernel stacks of drawn tasks: at the top of each, the registers with which a program goes back to user mode.
// A thread of the kernel has none there.
import type { FakeKernel } from './kernel.ts';

const STACK_BYTES = 0x4000;
const FRAME = 0x57ac_6e9d_57ac_6e9dn;
/** The selectors of a program on x86-64, and where it was. */
const OF_A_PROGRAM = { ip: 0x7f00_1234n, cs: 0x33, ss: 0x2b };

/** Gives tasks stacks with these registers, a program's where nothing is said. @returns where each one's registers are */
export function drawStacks(
  kernel: FakeKernel,
  pids: readonly number[],
  registers: Readonly<Record<string, bigint | number>> = OF_A_PROGRAM,
): readonly bigint[] {
  return pids.map((pid) => {
    const stack = kernel.virtual(kernel.image.take(STACK_BYTES, STACK_BYTES));
    kernel.write(kernel.task(pid), 'task_struct', { stack });
    const top = stack + BigInt(STACK_BYTES - kernel.profile.types['pt_regs']!.size);
    kernel.image.put64(kernel.physical(top) - 8, FRAME);
    kernel.write(top, 'pt_regs', registers);
    return top;
  });
}
