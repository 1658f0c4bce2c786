// A stack unwound by ORC, as the kernel itself does it on x86-64.
// Linux: arch/x86/kernel/unwind_orc.c, unwind_next_frame.
import type { VirtualAddress } from '../../../base/address.ts';
import { EvidenceFault } from '../../../base/errors.ts';
import { codeOf } from '../symbols/code.ts';
import type { Unwinding } from './frame.ts';
import { type OrcRule, orcOf } from './orc-tables.ts';
import { registersAt } from './saved-registers.ts';
import type { StackMemory } from './stack-memory.ts';

/** Where a stack is being unwound. */
interface State {
  /** The instruction that the frame goes on with, and whether it is one that a call returns to. */
  readonly instruction: VirtualAddress;
  readonly isReturn: boolean;
  readonly stack: VirtualAddress;
  readonly frame: VirtualAddress;
}

/** The frames around a saved state, without its own. */
export function* unwindByOrc(memory: StackMemory, saved: State): Unwinding {
  const code = codeOf(memory.kernel);
  let state = saved;
  while (true) {
    const next = step(memory, state);
    if (next === 'end') return null;
    // A stack only shrinks on the way out: what does not would never end.
    if (next === null || next.stack <= state.stack || !code.isCode(next.instruction)) return state.stack;
    yield { address: next.instruction, isReturn: next.isReturn, way: 'orc' };
    state = next;
  }
}

/** The caller's state; `end` where the stack ends as stacks do, null where nothing tells how to go on. */
function step(memory: StackMemory, state: State): State | 'end' | null {
  try {
    const rule = orcOf(memory.kernel).ruleAt(state.isReturn ? state.instruction - 1n : state.instruction);
    if (rule === null || rule.kind === 'undefined') return null;
    if (rule.kind === 'end') return 'end';
    const base = baseOf(memory, state, rule);
    if (base === null) return null;
    return rule.kind === 'call'
      ? callerOf(memory, state, rule, base)
      : interruptedOf(memory, state, rule, base);
  } catch (fault) {
    if (!(fault instanceof EvidenceFault)) throw fault;
    return null;
  }
}

/** Where the stack was before; other registers than these lead there only where a thread has a CPU. */
function baseOf(memory: StackMemory, { stack, frame }: State, rule: OrcRule): VirtualAddress | null {
  switch (rule.stackBase) {
    case 'stack':
      return stack + rule.stackOffset;
    case 'frame':
      return frame + rule.stackOffset;
    case 'at frame':
      return memory.word(frame + rule.stackOffset);
    default:
      return null;
  }
}

function callerOf(memory: StackMemory, state: State, rule: OrcRule, base: VirtualAddress): State {
  const instruction = memory.word(base - memory.wordBytes);
  return { instruction, isReturn: true, stack: base, frame: frameOf(memory, state, rule, base) };
}

function frameOf(memory: StackMemory, { frame }: State, rule: OrcRule, base: VirtualAddress): VirtualAddress {
  if (rule.frameBase === 'previous stack') return memory.word(base + rule.frameOffset);
  if (rule.frameBase === 'frame') return memory.word(frame + rule.frameOffset);
  return frame;
}

/** What an interrupt or an exception has saved: all registers, or those alone that the CPU saves. */
function interruptedOf(
  memory: StackMemory,
  state: State,
  rule: OrcRule,
  base: VirtualAddress,
): State | 'end' {
  const isWhole = rule.kind === 'registers';
  const first = isWhole ? base : base - BigInt(memory.kernel.types.offsetOf('pt_regs', 'ip'));
  const registers = registersAt(memory, first, isWhole);
  if (registers === 'user') return 'end';
  const { instruction, stack, frame } = registers;
  return { instruction, isReturn: false, stack, frame: frame ?? frameOf(memory, state, rule, base) };
}
