// Structs by which kernel stacks are unwound.
// Linux: arch/x86/include/asm/{switch_to,orc_types,processor}.h, arch/arm64/include/asm/{processor,stacktrace/frame}.h.
import { inside, int, opt, place, uint, ulong } from '../../../types/fields.ts';

export const stackStructs = {
  /** What kind of record two zeros are, since Linux kernel v6.13 (arm64). */
  frame_record_meta: { type: ulong },
  /** What a thread that has no CPU goes on with: the stack pointer on x86, more on arm64. */
  thread_struct: {
    sp: opt(ulong, 'cpu_context'),
    cpu_context: opt(inside('cpu_context'), 'sp'),
    // Its segments: what x86-64 keeps of them, and what i386 does.
    fsbase: opt(ulong, 'sp'),
    gsbase: opt(ulong, 'sp'),
    ds: opt(uint, 'sp'),
    es: opt(uint, 'sp'),
    fsindex: opt(uint, 'sp'),
    gsindex: opt(uint, 'sp'),
    gs: opt(ulong, 'sp'),
    // What arm64 keeps of it; the first word is the thread pointer, TPIDR_EL0.
    uw: opt(place, 'sp'),
  },
  cpu_context: { fp: ulong, sp: ulong, pc: ulong },
  /** What x86 leaves on the stack of a thread that has no CPU. */
  inactive_task_frame: { bp: ulong, ret_addr: ulong },
  /** How to unwind from some instructions. `end` before Linux kernel commit fb799447ae29 ("x86,objtool: Split UNWIND_HINT_EMPTY in two") (in v6.4), which renumbered the types. */
  orc_entry: {
    sp_offset: int,
    bp_offset: int,
    sp_reg: uint,
    bp_reg: uint,
    type: uint,
    end: opt(uint, 'signal'),
    signal: opt(uint, 'end'),
  },
} as const;
