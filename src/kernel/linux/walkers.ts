// The walks of a kernel's structures that questions name, each loaded when it is first asked for: a question that is not
// asked costs nothing at the start.
import type { Linux } from './linux.ts';

/** What a walk gives: its subjects, one after the other. */
type Walk<S> = (kernel: Linux) => Iterable<S> | AsyncIterable<S>;

/** By name: what a plugin's `walker` may be. */
export const walkers = {
  /** Every process: those hidden from the task list too. */
  processes: async () => (await import('./process/processes.ts')).processes,
  /** Every open file of every process and of its threads. */
  openFiles: async () => (await import('./process/open-files.ts')).openFiles,
  /** Every mapping of every process. */
  areas: async () => (await import('./process/areas.ts')).areas,
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
} satisfies Readonly<Record<string, () => Promise<Walk<unknown>>>>;

export type WalkerName = keyof typeof walkers;

/** What the walk of that name finds. */
export type SubjectOf<N extends WalkerName> =
  Awaited<ReturnType<(typeof walkers)[N]>> extends Walk<infer S> ? S : never;
