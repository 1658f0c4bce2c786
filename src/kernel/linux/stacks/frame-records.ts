// A stack unwound by the records of frames: each has the address of the next, and where its function goes back to.
// Linux: arch/arm64/kernel/stacktrace.c, arch/x86/kernel/unwind_frame.c.
import type { VirtualAddress } from '../../../base/address.ts';
import { EvidenceFault } from '../../../base/errors.ts';
import { codeOf } from '../symbols/code.ts';
import type { Unwinding } from './frame.ts';
import { registersAt } from './saved-registers.ts';
import type { StackMemory } from './stack-memory.ts';

/**
 * The bits above those of addresses, all set in every address of code on arm64. In a saved return address they hold a
 * signature (pointer authentication, with CONFIG_ARM64_PTR_AUTH_KERNEL).
 */
const SIGNATURE = 0xffff_0000_0000_0000n;
/** FRAME_META_TYPE_PT_REGS of arch/arm64/include/asm/stacktrace/frame.h, since v6.13: registers lie around the record. */
const AROUND_REGISTERS = 2n;

/** The frames of the records from one on; `rest` is the first place of the stack where one may be. */
export function* unwindByRecords(
  memory: StackMemory,
  first: VirtualAddress,
  rest: VirtualAddress,
): Unwinding {
  const code = codeOf(memory.kernel);
  let record: VirtualAddress | null = first;
  let from = rest;
  while (record !== null) {
    const next = stepFrom(memory, record, from);
    if (next === 'end') return null;
    if (next === null || !code.isCode(next.address)) return from;
    yield { address: next.address, isReturn: next.isReturn, way: 'frame-pointer' };
    from = next.at + 2n * memory.wordBytes;
    record = next.record;
  }
  return null;
}

interface Step {
  readonly address: VirtualAddress;
  readonly isReturn: boolean;
  /** Where what was read begins: the next record lies behind it. */
  readonly at: VirtualAddress;
  /** The next record; null where there is none. */
  readonly record: VirtualAddress | null;
}

/** What the record at an address tells; `end` where the stack ends as stacks do, null where there is no record. */
function stepFrom(memory: StackMemory, record: VirtualAddress, from: VirtualAddress): Step | 'end' | null {
  try {
    const isArm = memory.kernel.profile.architecture === 'aarch64';
    return isArm ? armStep(memory, record, from) : x86Step(memory, record, from);
  } catch (fault) {
    if (!(fault instanceof EvidenceFault)) throw fault;
    return null;
  }
}

function x86Step(memory: StackMemory, record: VirtualAddress, from: VirtualAddress): Step | 'end' | null {
  const registers = registersMarkedIn(memory, record);
  if (registers !== null) return interruptedStep(memory, registers, registers, from);
  if (record < from || !memory.has(record)) return null;
  const [next, address] = [memory.word(record), memory.word(record + memory.wordBytes)];
  // A system call does not mark its registers on i386: what comes before them has the program's own frame pointer.
  const isLast = record + 2n * memory.wordBytes === memory.registers;
  return { address, isReturn: true, at: record, record: isLast ? null : next };
}

function armStep(memory: StackMemory, record: VirtualAddress, from: VirtualAddress): Step | 'end' | null {
  if (record < from || !memory.has(record)) return null;
  const [next, address] = [memory.word(record), memory.word(record + 8n)];
  if (next !== 0n || address !== 0n)
    return { address: address | SIGNATURE, isReturn: true, at: record, record: next };
  const { types } = memory.kernel;
  if (!types.has('frame_record_meta') || memory.word(record + 16n) !== AROUND_REGISTERS) return 'end';
  const registers = record - BigInt(types.offsetOf('pt_regs', 'stackframe'));
  return interruptedStep(memory, registers, record, from);
}

/** Where registers lie of which a frame pointer is marked to be the place: ENCODE_FRAME_POINTER of arch/x86/include/asm/frame.h. */
function registersMarkedIn({ kernel }: StackMemory, pointer: VirtualAddress): VirtualAddress | null {
  if (pointer === 0n) return null;
  if (kernel.types.pointerBytes === 8) return (pointer & 1n) === 1n ? pointer - 1n : null;
  return (pointer & 0x8000_0000n) === 0n ? pointer | 0x8000_0000n : null;
}

function interruptedStep(
  memory: StackMemory,
  registers: VirtualAddress,
  at: VirtualAddress,
  from: VirtualAddress,
): Step | 'end' | null {
  if (at < from) return null;
  const found = registersAt(memory, registers);
  if (found === 'user') return 'end';
  return { address: found.instruction, isReturn: false, at, record: found.frame };
}
