// Structs of modules, of their memory and of their place in sysfs.
// Linux: include/linux/module.h, kernel/module/sysfs.c, include/linux/kobject.h.
import {
  inside,
  int,
  links,
  opt,
  place,
  pointer,
  ptr,
  ref,
  text,
  uint,
  ulong,
} from '../../../types/fields.ts';

/** Loaded modules: include/linux/module.h. */
export const moduleStructs = {
  module: {
    state: uint,
    list: place,
    name: text,
    // The module in sysfs, with CONFIG_SYSFS: /sys/module/NAME.
    mkobj: inside('module_kobject'),
    // Those that it uses, with CONFIG_MODULE_UNLOAD only.
    target_list: opt(links('module_use', 'target_list')),
    taints: ulong,
    // With CONFIG_MODULE_UNLOAD only.
    refcnt: opt(int),
    source_list: opt(links('module_use', 'source_list')),
    // Since Linux kernel commit ac3b43283923 ("module: replace module_layout with module_memory") (in v6.4),
    // an array of memories, one for each kind of section, is in place of the layouts.
    mem: opt(place, 'core_layout'),
    core_layout: opt(inside('module_layout'), 'mem'),
    init_layout: opt(inside('module_layout'), 'mem'),
    // Since Linux kernel commit 01dc0386efb7 ("module: Add CONFIG_ARCH_WANTS_MODULES_DATA_IN_VMALLOC")
    // (in v5.18), where that option is set, until v6.4.
    data_layout: opt(inside('module_layout')),
    // What it has of ELF's own symbols, with CONFIG_KALLSYMS, and of tables to unwind stacks by on x86-64.
    kallsyms: opt(ptr('mod_kallsyms')),
    arch: inside('mod_arch_specific'),
    // With CONFIG_TRACEPOINTS only.
    num_tracepoints: opt(uint),
    tracepoints_ptrs: opt(pointer),
    // The ELF notes that /sys/module/NAME/notes shows, with CONFIG_SYSFS and CONFIG_KALLSYMS only.
    notes_attrs: opt(ptr('module_notes_attrs')),
  },
  /** `attrs` has an entry for each note; how many, older kernels say by `notes`. */
  module_notes_attrs: { attrs: place, notes: opt(uint) },
  bin_attribute: { attr: inside('attribute'), size: ulong, private: pointer },
  attribute: { name: pointer },
  // `mtn` links a memory into the kernel's trees of module addresses, with CONFIG_MODULES_TREE_LOOKUP.
  module_layout: { base: pointer, size: uint, text_size: uint, mtn: opt(inside('mod_tree_node')) },
  // Since Linux kernel commit 1c7651f43777 ("kallsyms: store type information in its own array") (in v5.2) the letters of
  // types are in `typetab`, before in `st_info`: nothing here needs them.
  mod_kallsyms: { symtab: pointer, num_symtab: uint, strtab: pointer },
  elf64_sym: { st_name: place, st_shndx: place, st_value: place },
  elf32_sym: { st_name: place, st_shndx: place, st_value: place },
  // Only with CONFIG_UNWINDER_ORC; another architecture has other things here.
  mod_arch_specific: { num_orcs: opt(uint), orc_unwind_ip: opt(pointer), orc_unwind: opt(pointer) },
  module_memory: { base: pointer, size: uint, mtn: opt(inside('mod_tree_node')) },
  mod_tree_node: { mod: ptr('module'), node: place },
  // Two trees that hold the same; the sequence number's lowest bit says which is read (include/linux/rbtree_latch.h).
  mod_tree_root: { root: place },
  latch_tree_root: { seq: place, tree: place },
  latch_tree_node: { node: place },
  module_kobject: { kobj: inside('kobject'), mod: ptr('module') },
  kobject: { name: pointer, entry: place },
  kset: { list: place, kobj: place },
  /** That `source` uses `target`; on the target's list. */
  module_use: { source: ref('module'), target: ref('module'), source_list: place, target_list: place },
} as const;
