// Symbols that bound code: of the kernel's image, and of the parts of it that wait and lock for others.
// What a kernel lacks of them is simply not in its profile.

export const codeSymbols = [
  // All code (include/asm-generic/sections.h); that of the start is freed once the kernel is up.
  '_etext',
  '_sinittext',
  '_einittext',
  // Functions that a stack is not said to wait in: kernel/sched/core.c, in_sched_functions.
  '__sched_text_start',
  '__sched_text_end',
  '__lock_text_start',
  '__lock_text_end',
] as const;
