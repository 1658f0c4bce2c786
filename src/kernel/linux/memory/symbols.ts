// Symbols of where RAM is: arch/x86/kernel/e820.c, kernel/resource.c.
// What a kernel lacks of them is simply not in its profile.

export const memorySymbols = [
  // Where RAM is: what firmware says on a PC, and what the kernel made of it.
  'boot_params',
  'iomem_resource',
] as const;
