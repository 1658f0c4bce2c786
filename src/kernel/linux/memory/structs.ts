// Structs of a process's memory and of its mappings.
// Linux: include/linux/mm_types.h, include/linux/maple_tree.h, include/linux/rbtree.h.
import { inside, opt, place, pointer, ptr, uint, ulong } from '../../../types/fields.ts';

/** Address spaces and their areas: include/linux/mm_types.h, include/linux/maple_tree.h. */
export const mmStructs = {
  mm_struct: {
    pgd: ulong,
    arg_start: ulong,
    arg_end: ulong,
    env_start: ulong,
    env_end: ulong,
    start_brk: ulong,
    brk: ulong,
    start_stack: ulong,
    // Where user memory ends for it: below 4 GiB where it is a program of 32 bits.
    task_size: ulong,
    // What the kernel told it at exec, as pairs of words (include/uapi/linux/auxvec.h).
    saved_auxv: place,
    // What execve opened, or prctl(PR_SET_MM_EXE_FILE) put in its place.
    exe_file: ptr('file'),
    context: place,
    // Since Linux kernel commit f1a7941243c1 ("mm: convert mm's rss stats into percpu_counter") (in v6.2),
    // `rss_stat` is an array of `percpu_counter`; before, it is a `mm_rss_stat`.
    rss_stat: place,
    // Since Linux kernel commit 763ecb035029 ("mm: remove the vma linked list") (in v6.1), areas are in the
    // maple tree `mm_mt` only; before, in the list that begins with `mmap`.
    mm_mt: opt(place, 'mmap'),
    mmap: opt(ptr('vm_area_struct'), 'mm_mt'),
    mm_rb: opt(inside('rb_root'), 'mm_mt'),
    map_count: opt(uint),
    // The task whose it is, with CONFIG_MEMCG only.
    owner: opt(ptr('task_struct')),
  },
  rb_root: { rb_node: pointer },
  rb_node: { rb_right: pointer, rb_left: pointer },
  mm_rss_stat: { count: opt(place) },
  vm_area_struct: {
    vm_start: ulong,
    vm_end: ulong,
    vm_next: opt(ptr('vm_area_struct'), 'mm_struct.mm_mt'),
    vm_rb: opt(place, 'mm_struct.mm_mt'),
    vm_flags: ulong,
    vm_pgoff: ulong,
    vm_file: ptr('file'),
    vm_mm: ptr('mm_struct'),
    // NULL as long as none of its pages is the process's own: none was written, if there is a file.
    anon_vma: pointer,
    vm_ops: pointer,
    vm_private_data: pointer,
    // Since Linux kernel commit 9a10064f5625 ("mm: add a field to store names for private anonymous memory")
    // (in v5.17), with CONFIG_ANON_VMA_NAME.
    // Until Linux kernel commit d09e8ca6cb93 ("mm: anonymous shared memory naming") (in v6.2) it lies where
    // areas with a file keep `shared`.
    anon_name: opt(ptr('anon_vma_name')),
    shared: opt(place),
  },
  // Since Linux kernel commit 7b230db3b8d3 ("mm: Introduce struct folio") (in v5.16), what a page says of its contents is in
  // its folio; later kernels have taken these members out of `page`.
  page: {
    mapping: opt(pointer, 'folio.mapping'),
    index: opt(ulong, 'folio.index'),
    private: opt(ulong, 'folio.private'),
    // Since Linux kernel commit fc3f334ce2b9 ("mm: rename the 'compound_head' field in the 'struct page' to
    // 'compound_info'"), it may hold a mask in place of the address.
    compound_head: opt(ulong, 'compound_info'),
    compound_info: opt(ulong, 'compound_head'),
  },
  folio: { mapping: opt(pointer), index: opt(ulong), private: opt(ulong) },
  /** A stretch of physical memory, and where its pages' structs are: include/linux/mmzone.h. */
  mem_section: { section_mem_map: opt(ulong) },
  swap_info_struct: { bdev: pointer, max: uint, cluster_info: opt(pointer) },
  // Since Linux kernel commit 8578e0c00dcf ("mm, swap: use the swap table for the swap cache and switch API") (in v6.18), a
  // table for each cluster has the swap cache; before, address spaces in `swapper_spaces` have it.
  swap_cluster_info: { table: opt(pointer) },
  swap_table: { entries: opt(place) },
  anon_vma_name: { name: opt(place) },
  vm_special_mapping: { name: pointer },
  vm_operations_struct: { name: pointer },
  maple_tree: { ma_root: pointer },
  maple_range_64: { pivot: place, slot: place },
  maple_arange_64: { pivot: place, slot: place },
  // x86. Since Linux kernel commit ff170cd05953 ("x86/mm: Convert mmu context ia32_compat into a proper flags
  // field") (in v5.11), a bit of `flags` says whether the process sees the vsyscall page (arch/x86/include/asm/mmu.h,
  // MM_CONTEXT_HAS_VSYSCALL); before, every process does whose `ia32_compat` is 0.
  mm_context_t: { flags: opt(uint), ia32_compat: opt(uint) },
} as const;
