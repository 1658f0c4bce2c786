// The registers that a thread goes back to user mode with, laid out as core files have them.
// Linux: struct pt_regs of arch/*/include/asm/ptrace.h, struct user_regs_struct, arch/x86/kernel/process_64.c (save_fsgs), process_32.c.
import type { VirtualAddress } from '../../../base/address.ts';
import { viewOf } from '../../../base/bytes.ts';
import { NotInKernel } from '../../../base/errors.ts';
import type { Linux } from '../linux.ts';
import type { Task } from '../process/task.ts';
import { userRegistersOf } from '../process/user-registers.ts';
import type { CoreAbi } from './core-abi.ts';

/** Words of `struct pt_regs`, in its order: what the entry code pushes. */
const WIDE = [
  ...['r15', 'r14', 'r13', 'r12', 'bp', 'bx', 'r11', 'r10', 'r9', 'r8', 'ax', 'cx', 'dx', 'si', 'di'],
  ...['orig_ax', 'ip', 'cs', 'flags', 'sp', 'ss'],
] as const;
const NARROW = [
  ...['bx', 'cx', 'dx', 'si', 'di', 'bp', 'ax', 'ds', 'es', 'fs', 'gs'],
  ...['orig_ax', 'ip', 'cs', 'flags', 'sp', 'ss'],
] as const;
/** What `struct user_regs_struct` of x86-64 has behind them. */
const BEHIND = ['fs_base', 'gs_base', 'ds', 'es', 'fs', 'gs'] as const;
/** Selectors have 16 bits; above them kernels keep other things (struct fred_cs and fred_ss, padding). */
const SELECTORS: ReadonlySet<string> = new Set(['cs', 'ss', 'ds', 'es', 'fs', 'gs']);
/** x0 to x30, sp, pc, pstate: struct user_pt_regs. */
const ARM_WORDS = 34;

/** Registers by their names. */
type Registers = Readonly<Record<string, bigint>>;

/** The thread pointer of an arm64 thread, as NT_ARM_TLS has it (arch/arm64/kernel/ptrace.c, tls_get); null elsewhere. @throws EvidenceFault */
export function threadPointerOf({ kernel, raw }: Task, abi: CoreAbi): Uint8Array | null {
  const { uw } = raw.thread;
  return abi.registers !== 'aarch64' || uw === undefined ? null : kernel.space.bytes(uw, 8);
}

/** The registers of a thread as `elf_gregset_t`; null where it has none of user mode. @throws EvidenceFault @throws NotInKernel */
export function registersOf(thread: Task, abi: CoreAbi): Uint8Array | null {
  const { kernel } = thread;
  const users = userRegistersOf(kernel);
  if (users.distance === null)
    throw new NotInKernel('this kernel does not tell where its tasks have the registers of user mode');
  if (users.has(thread.raw) !== true) return null;
  const at = (thread.raw.stack ?? 0n) + users.distance;
  if (abi.registers === 'aarch64') {
    checkPlace(kernel, 'pc', (ARM_WORDS - 2) * 8);
    return kernel.space.bytes(at, abi.registerBytes);
  }
  const saved =
    kernel.profile.architecture === 'i386' ? pushed(kernel, at, NARROW) : pushed(kernel, at, WIDE);
  const all = { ...saved, ...segmentsOf(thread, saved) };
  return laidOut(all, abi.registers === 'i386' ? NARROW : [...WIDE, ...BEHIND], abi);
}

function pushed(kernel: Linux, at: VirtualAddress, names: readonly string[]): Registers {
  const { pointerBytes } = kernel.types;
  checkPlace(kernel, 'ip', names.indexOf('ip') * pointerBytes);
  const view = viewOf(kernel.space.bytes(at, names.length * pointerBytes));
  const word = (nth: number): bigint =>
    pointerBytes === 8 ? view.getBigUint64(8 * nth, true) : BigInt(view.getUint32(4 * nth, true));
  return Object.fromEntries(names.map((name, nth) => [name, word(nth)]));
}

/** The order of the registers is the same in every kernel; should one have another, nothing is claimed. @throws NotInKernel */
function checkPlace(kernel: Linux, member: 'ip' | 'pc', offset: number): void {
  if (kernel.types.offsetOf('pt_regs', member) !== offset)
    throw new NotInKernel('this kernel keeps the registers of user mode in another order');
}

/** What is not pushed but kept with the thread when it gives up its CPU. */
function segmentsOf({ raw: { thread }, kernel }: Task, saved: Registers): Registers {
  if (kernel.profile.architecture === 'i386')
    // Kernels that do not use GS themselves push a zero, and keep the thread's own.
    return saved['gs'] === 0n ? { gs: thread.gs ?? 0n } : {};
  const { fsbase, gsbase, ds, es, fsindex, gsindex } = thread;
  if (fsbase === undefined || gsbase === undefined)
    throw new NotInKernel('this kernel does not tell where its threads keep the bases of FS and GS');
  const selectors = [ds, es, fsindex, gsindex].map((selector) => BigInt(selector ?? 0));
  return {
    ...{ fs_base: fsbase, gs_base: gsbase },
    ...{ ds: selectors[0]!, es: selectors[1]!, fs: selectors[2]!, gs: selectors[3]! },
  };
}

function laidOut(registers: Registers, names: readonly string[], { wordBytes }: CoreAbi): Uint8Array {
  const bytes = new Uint8Array(names.length * wordBytes);
  const view = viewOf(bytes);
  for (const [nth, name] of names.entries()) {
    const value = BigInt.asUintN(SELECTORS.has(name) ? 16 : 8 * wordBytes, registers[name] ?? 0n);
    if (wordBytes === 8) view.setBigUint64(8 * nth, value, true);
    else view.setUint32(4 * nth, Number(value), true);
  }
  return bytes;
}
