// Symbols of modules: kernel/module/.
// What a kernel lacks of them is simply not in its profile.

export const moduleSymbols = [
  // Modules.
  'modules',
  'module_kset',
  'mod_tree',
] as const;
