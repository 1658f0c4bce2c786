// Registers that an interrupt, an exception or a system call left on a kernel stack.
// Linux: struct pt_regs of arch/x86/include/asm/ptrace.h and arch/arm64/include/asm/ptrace.h.
import type { VirtualAddress } from '../../../base/address.ts';
import { CorruptStructure, NotInKernel } from '../../../base/errors.ts';
import type { StackMemory } from './stack-memory.ts';

/** The privilege level in a selector, and the exception level in PSTATE. */
const USER_LEVEL = 3;
const EXCEPTION_LEVEL = 0xf;
/** The register that holds the frame pointer on arm64: x29. */
const FRAME_POINTER = 29;

/** Where code of the kernel was interrupted. */
export interface Interrupted {
  readonly instruction: VirtualAddress;
  readonly stack: VirtualAddress;
  /** Null where it was not saved. */
  readonly frame: VirtualAddress | null;
}

/** The registers at a place of the stack; `user` where they are those of a program. @throws EvidenceFault */
export function registersAt(
  memory: StackMemory,
  first: VirtualAddress,
  isWhole = true,
): Interrupted | 'user' {
  const { kernel } = memory;
  const registers = kernel.at('pt_regs', first);
  const isArm = kernel.profile.architecture === 'aarch64';
  // All of them must lie on the stack; of a program they lie at its very top.
  const place = first + BigInt(kernel.types.offsetOf('pt_regs', isArm ? 'pc' : 'ip'));
  if (!memory.has(place)) throw new CorruptStructure('registers beside the stack');
  if (isArm) {
    if ((Number(registers.pstate ?? 0n) & EXCEPTION_LEVEL) === 0) return 'user';
    const { pc = 0n, sp = 0n, regs } = registers;
    if (regs === undefined) throw new NotInKernel('this kernel has no pt_regs.regs');
    return { instruction: pc, stack: sp, frame: memory.word(regs + BigInt(8 * FRAME_POINTER)) };
  }
  const { ip = 0n, sp = 0n, bp = 0n, cs = 0 } = registers;
  if ((cs & USER_LEVEL) === USER_LEVEL || ip === 0n) return 'user';
  return { instruction: ip, stack: sp, frame: isWhole ? bp : null };
}
