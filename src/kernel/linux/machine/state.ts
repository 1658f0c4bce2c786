// What a machine was about as a whole when its memory was taken: starting, running, going down, or dead.
// The kernel keeps all of it in variables of its image, so it is known even where no list can be walked.

import type { Linux } from '../linux.ts';
import type { EnumeratorName } from '../symbols.ts';
import { logRecords } from './printk.ts';

/** What the machine was about. Nothing of a kernel that has panicked runs any more. */
export type Phase = 'starting' | 'running' | 'suspending' | 'shutting down' | 'restarting' | 'panicked';

/** The state of a machine. Plain data. */
export interface MachineState {
  readonly phase: Phase;
  /** What the kernel gave as the reason of its panic; null where it did not panic, or its log does not tell. */
  readonly panic: string | null;
  /** Whether this is a crash kernel: one that was started to save the memory of another, which had panicked. */
  readonly isCrashKernel: boolean;
}

/** `enum system_states` (include/linux/kernel.h), in words; what comes before SYSTEM_RUNNING is a start. */
const PHASES: readonly (readonly [EnumeratorName, Phase])[] = [
  ['SYSTEM_RUNNING', 'running'],
  ['SYSTEM_HALT', 'shutting down'],
  ['SYSTEM_POWER_OFF', 'shutting down'],
  ['SYSTEM_RESTART', 'restarting'],
  ['SYSTEM_SUSPEND', 'suspending'],
];

/** `panic_cpu` while no CPU panics: PANIC_CPU_INVALID, −1 (include/linux/panic.h). */
const NO_CPU = 0xffff_ffff;
/** `elfcorehdr_addr` where no other kernel's memory is to be saved: ELFCORE_ADDR_MAX, −1 (include/linux/crash_dump.h). */
const NO_HEADER = 0xffff_ffff_ffff_ffffn;
/** How panic() begins its report (kernel/panic.c); the line that ends it begins otherwise. */
const ANNOUNCEMENT = 'Kernel panic - not syncing: ';
/** The kernel cuts its reason at 1024 bytes. */
const MAXIMUM_REASON_LENGTH = 200;

/** What the machine was about; null where this build does not tell. @throws EvidenceFault */
export function stateOf(kernel: Linux): MachineState | null {
  const phase = hasPanicked(kernel) ? 'panicked' : phaseOf(kernel);
  if (phase === null) return null;
  const panic = phase === 'panicked' ? reasonIn(kernel) : null;
  return { phase, panic, isCrashKernel: isCrashKernel(kernel) };
}

/**
 * Whether a CPU has begun to panic and none has taken that back: a kernel that only oopsed, and had no crash kernel
 * to start, does (kernel/panic.c; `crash_kexec` in kernel/crash_core.c).
 */
const hasPanicked = (kernel: Linux): boolean =>
  kernel.hasSymbol('panic_cpu') && kernel.u32Of('panic_cpu') !== NO_CPU;

function phaseOf(kernel: Linux): Phase | null {
  const { enumerators } = kernel.profile;
  if (!kernel.hasSymbol('system_state') || enumerators['SYSTEM_RUNNING'] === undefined) return null;
  const state = kernel.u32Of('system_state');
  if (state < enumerators['SYSTEM_RUNNING']) return 'starting';
  return PHASES.find(([name]) => enumerators[name] === state)?.[1] ?? null;
}

/** What is_kdump_kernel() asks (include/linux/crash_dump.h): without CONFIG_CRASH_DUMP there is no such variable. */
const isCrashKernel = (kernel: Linux): boolean =>
  kernel.hasSymbol('elfcorehdr_addr') && kernel.u64Of('elfcorehdr_addr') !== NO_HEADER;

/** What the kernel itself logged last as its reason; others can write into the log, and it may be lost. */
function reasonIn(kernel: Linux): string | null {
  return kernel.attempt(
    () => {
      let reason: string | null = null;
      for (const record of logRecords(kernel)) {
        if (record.facility !== 'kern' || record.level !== 'emerg') continue;
        const { text } = record;
        if (text.startsWith(ANNOUNCEMENT))
          reason = text.slice(ANNOUNCEMENT.length).slice(0, MAXIMUM_REASON_LENGTH);
      }
      return reason;
    },
    null,
    'reason of the panic',
  );
}
