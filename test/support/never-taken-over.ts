// Questions whose answers no later snapshot takes over: they rest on all of memory, or on the kernel's table of symbols, which is
// read when the snapshot is opened.
export const NEVER_TAKEN_OVER: ReadonlySet<string> = new Set([
  ...['psscan', 'psxview', 'threads', 'stacks', 'kthreads'],
  ...['syscalls', 'idt', 'patches', 'operations', 'notifiers', 'netfilter'],
]);
