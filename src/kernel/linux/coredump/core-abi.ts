// What core files of processes have by architecture: machine, width of words, size of the registers.
// Linux: arch/*/include/asm/elf.h (ELF_CORE_COPY_REGS, elf_gregset_t), include/uapi/linux/elf-em.h, arch/x86/include/asm/user_32.h, user_64.h.
import { NotInKernel } from '../../../base/errors.ts';
import type { ProcessMemory } from '../memory/process-memory.ts';

/** How a core file of one kind of program is made up. */
export interface CoreAbi {
  /** What registers are laid out as. */
  readonly registers: 'x86-64' | 'i386' | 'aarch64';
  /** `e_machine`. */
  readonly machine: number;
  /** Bytes of a word: 8 for ELFCLASS64, 4 for ELFCLASS32. */
  readonly wordBytes: 4 | 8;
  /** Bytes of `elf_gregset_t`. */
  readonly registerBytes: number;
}

const ABIS: Readonly<Record<CoreAbi['registers'], CoreAbi>> = {
  'x86-64': { registers: 'x86-64', machine: 62, wordBytes: 8, registerBytes: 27 * 8 },
  i386: { registers: 'i386', machine: 3, wordBytes: 4, registerBytes: 17 * 4 },
  aarch64: { registers: 'aarch64', machine: 183, wordBytes: 8, registerBytes: 34 * 8 },
};

/** Programs of 32 bits have their memory below (IA32_PAGE_OFFSET, TASK_SIZE_32). */
const NARROW_END = 1n << 32n;

/** What the core file of a process is like: of a program of 32 bits on x86-64 that of i386. @throws EvidenceFault */
export function abiOf({ kernel, raw }: ProcessMemory): CoreAbi {
  const { architecture } = kernel.profile;
  if (architecture === 'i386' || raw.task_size > NARROW_END) return ABIS[architecture];
  if (architecture === 'aarch64')
    throw new NotInKernel('no core files are written of programs of 32 bits on AArch64');
  return ABIS.i386;
}
