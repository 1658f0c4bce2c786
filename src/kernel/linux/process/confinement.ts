// What a process is held in: its folders, its filter of system calls, and how soon it is killed where memory is short.
// Linux: struct fs_struct of include/linux/fs_struct.h, include/uapi/linux/seccomp.h, mm/oom_kill.c.
import type { Kernel } from '../structs.ts';
import type { Task } from './task.ts';

/** SECCOMP_MODE_… of include/uapi/linux/seccomp.h; nothing is confined at 0. */
const SECCOMP_MODES = [null, 'strict', 'filter'] as const;

/** Where a process works, and what it takes for the root, as /proc/PID/cwd and /proc/PID/root show them. */
export interface Folders {
  readonly working: Kernel<'path'>;
  readonly root: Kernel<'path'>;
}

/** Null for a process that has none any more. @throws EvidenceFault */
export function foldersOf({ folders }: Task): Folders | null {
  return folders === null ? null : { working: folders.pwd, root: folders.root };
}

/** `strict`, or `filter` where a program decides about each system call; null where all are allowed. @throws EvidenceFault */
export function seccompOf({ raw }: Task): string | null {
  const mode = raw.seccomp?.mode ?? 0;
  return SECCOMP_MODES[mode] === undefined ? String(mode) : SECCOMP_MODES[mode];
}

/** Added to how much it is worth to kill it, from -1000, which is never, to 1000. @throws EvidenceFault */
export const oomAdjustmentOf = ({ raw }: Task): number => raw.signal.oom_score_adj;
