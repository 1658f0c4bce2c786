// Symbols of where RAM is, of the structs of its pages, and of the swap cache: arch/x86/kernel/e820.c, kernel/resource.c,
// mm/sparse.c, mm/swap_state.c, mm/swapfile.c.
// What a kernel lacks of them is simply not in its profile.

export const memorySymbols = [
  // Where RAM is: what firmware says on a PC, and what the kernel made of it.
  'boot_params',
  'iomem_resource',
  // Where the structs of all pages are: in one piece, or section by section.
  'vmemmap_base',
  'mem_map',
  'mem_section',
  // What was read from swap, or is on its way there: before v6.18, and since.
  'swapper_spaces',
  'swap_info',
] as const;
