// Symbols of what stacks are unwound by: arch/x86/kernel/unwind_orc.c, with CONFIG_UNWINDER_ORC only.
// What a kernel lacks of them is simply not in its profile.

export const stackSymbols = [
  '__start_orc_unwind_ip',
  '__stop_orc_unwind_ip',
  '__start_orc_unwind',
  '__stop_orc_unwind',
] as const;
