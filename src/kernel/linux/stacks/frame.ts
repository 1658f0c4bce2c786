// A frame of a stack, and how it was found: by tables, by records of frames, or by a scan.
// Linux: kernel/stacktrace.c and the unwinders of arch/x86/kernel and arch/arm64/kernel.
import type { VirtualAddress } from '../../../base/address.ts';

/**
 * `orc` by the kernel's own tables of what each instruction leaves on the stack, `frame-pointer` by the chain of records
 * that functions keep, `saved` where the thread goes on once it has a CPU, `scan` because the word lies on the stack and
 * is an address in code: it may be what an earlier call left.
 */
export const WAYS = ['saved', 'orc', 'frame-pointer', 'scan'] as const;
export type Way = (typeof WAYS)[number];

/** A function that a stack is in. */
export interface Frame {
  /** The instruction that it goes on with. */
  readonly address: VirtualAddress;
  /** It comes back from a call that stands before the address; else it was interrupted there. */
  readonly isReturn: boolean;
  readonly way: Way;
}

/** Frames, innermost first; at the end where on the stack it could not go on, or null where the stack ended as stacks do. */
export type Unwinding = Generator<Frame, VirtualAddress | null>;
