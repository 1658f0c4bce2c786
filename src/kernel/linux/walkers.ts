// The walks of a kernel's structures that questions name, each loaded when it is first asked for: a question that is not
// asked costs nothing at the start.
import type { Linux } from './linux.ts';

/** What a walk gives: its subjects, one after the other. */
type Walk<S> = (kernel: Linux) => Iterable<S> | AsyncIterable<S>;

/** By name: what a plugin's `walker` may be. */
export const walkers = {
  /** Every process: those hidden from the task list too. */
  processes: async () => (await import('./process/processes.ts')).processes,
  /** Every thread of every process. */
  threads: async () => (await import('./process/threads.ts')).threads,
  /** Every thread with its kernel stack. */
  threadStacks: async () => (await import('./stacks/thread-stacks.ts')).threadStacks,
  /** The rights of every process, and of each thread that has others. */
  credentials: async () => (await import('./process/credentials.ts')).credentials,
  /** Every namespace that a process is in, and those around it. */
  namespaces: async () => (await import('./process/namespaces.ts')).namespaces,
  /** Every process in every control group that it is in. */
  controlGroups: async () => (await import('./process/control-groups.ts')).controlGroups,
  /** Every container that a process is in. */
  containers: async () => (await import('./process/containers.ts')).containers,
  /** Every thread that another traces. */
  tracedThreads: async () => (await import('./process/tracing.ts')).tracedThreads,
  /** Every signal that a thread handles, ignores or blocks, or that waits for it. */
  signals: async () => (await import('./process/signals.ts')).signals,
  /** Every limit of every process. */
  resourceLimits: async () => (await import('./process/resource-limits.ts')).resourceLimits,
  /** How every thread is scheduled. */
  scheduling: async () => (await import('./process/scheduling.ts')).scheduling,
  /** Every process whose names disagree. */
  namedProcesses: async () => (await import('./process/named-processes.ts')).namedProcesses,
  /** Every open file of every process and of its threads. */
  openFiles: async () => (await import('./process/open-files.ts')).openFiles,
  /** Every mapping of every process. */
  areas: async () => (await import('./process/areas.ts')).areas,
  /** Every ELF that a mapping of a process begins with. */
  processElfs: async () => (await import('./process/mapped-elf.ts')).processElfs,
  /** Every library of every process. */
  libraries: async () => (await import('./libraries/libraries.ts')).libraries,
  /** Every string of every process's environment. */
  environments: async () => (await import('./process/environment.ts')).environments,
  /** Every module, last loaded first. */
  modules: async () => (await import('./module/module.ts')).modules,
  /** The kernel log, oldest record first. */
  logRecords: async () => (await import('./machine/printk.ts')).logRecords,
  /** Every socket of every network namespace, once for each descriptor that holds it. */
  sockets: async () => (await import('./net/sockets.ts')).sockets,
  /** Every mount of every mount namespace. */
  mounts: async () => (await import('./vfs/mounts.ts')).mounts,
  /** Every file system that is in use. */
  superBlocks: async () => (await import('./vfs/super-blocks.ts')).superBlocks,
  /** Every file that the kernel has in memory. */
  cachedFiles: async () => (await import('./memory/cached-files.ts')).cachedFiles,
  /** Every file without a name that a process has. */
  deletedFiles: async () => (await import('./process/deleted-files.ts')).deletedFiles,
  /** Every interrupt descriptor that is in use. */
  gates: async () => (await import('./integrity/interrupts.ts')).gates,
  /** Every function that leads out of its own code. */
  patchedFunctions: async () => (await import('./integrity/patched-functions.ts')).patchedFunctions,
  /** Every function that is called through /proc, a file system or a terminal. */
  operations: async () => (await import('./integrity/operations.ts')).operations,
  /** Every kernel probe. */
  probes: async () => (await import('./integrity/probes.ts')).probes,
  /** Every function that is traced, once for each who traces it. */
  tracedFunctions: async () => (await import('./integrity/function-tracing.ts')).tracedFunctions,
  /** Every function that is called at a tracepoint. */
  tracepointProbes: async () => (await import('./integrity/tracepoints.ts')).tracepointProbes,
  /** Every function of every notifier chain. */
  notified: async () => (await import('./integrity/notifiers.ts')).notified,
  /** Every netfilter hook of every network namespace. */
  packetHooks: async () => (await import('./integrity/packet-hooks.ts')).packetHooks,
  /** Every variable of the kernel that names a program to be started. */
  helperPrograms: async () => (await import('./integrity/helper-programs.ts')).helperPrograms,
  /** Every lock and lease on a file, and whoever waits for one. */
  fileLocks: async () => (await import('./locks/file-locks.ts')).fileLocks,
  /** Who is told of what happens to which file. */
  watches: async () => (await import('./notify/watches.ts')).watches,
  /** Every disk and partition. */
  blockDevices: async () => (await import('./block/block-devices.ts')).blockDevices,
  /** Every name that the kernel remembers. */
  dentries: async () => (await import('./vfs/dentries.ts')).dentries,
  /** Every file that is in memory alone. */
  tmpfsFiles: async () => (await import('./memory/tmpfs-files.ts')).tmpfsFiles,
} satisfies Readonly<Record<string, () => Promise<Walk<unknown>>>>;

export type WalkerName = keyof typeof walkers;

/** What the walk of that name finds. */
export type SubjectOf<N extends WalkerName> =
  Awaited<ReturnType<(typeof walkers)[N]>> extends Walk<infer S> ? S : never;
