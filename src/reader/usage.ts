// What another process has taken so far, as the system counts it.
// /proc tells where there is one, and else `ps`.
import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';

/** What a process and all of its threads have taken. */
export interface Usage {
  /** CPU time, user and system, in milliseconds. */
  readonly cpuMs: number;
  /** Resident memory. */
  readonly memoryBytes: number;
}

/** Linux counts in hundredths of a second for programs, whatever its own clock is (time(7), USER_HZ). */
const MS_PER_TICK = 10;
/** Places of utime and stime in /proc/PID/stat behind the name, which may hold blanks and brackets itself (proc_pid_stat(5)). */
const [UTIME, STIME] = [11, 12];

/** How often one may look: `ps` is a program that has to be started. */
export const LOOK_MS = existsSync('/proc/self/stat') ? 50 : 500;

/** What a process has taken. @returns undefined where it has ended, or cannot be seen */
export function usageOf(pid: number): Usage | undefined {
  return byProc(pid) ?? (existsSync('/proc/self/stat') ? undefined : byPs(pid));
}

function byProc(pid: number): Usage | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'latin1');
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    const kibibytes = /^VmRSS:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, 'latin1'))?.[1];
    if (kibibytes === undefined) return undefined; // it has ended, and nobody has asked about it yet
    return {
      cpuMs: (Number(fields[UTIME]) + Number(fields[STIME])) * MS_PER_TICK,
      memoryBytes: Number(kibibytes) * 1024,
    };
  } catch {
    return undefined;
  }
}

/** What `ps` prints in the columns rss (KiB) and time ([[days-]hours:]minutes:seconds, BSD with hundredths). */
const PS_LINE = /^\s*(\d+)\s+(?:(?:(\d+)-)?(\d+):)?(\d+):(\d+(?:\.\d+)?)\s*$/;

/** The same by `ps`. Exported for the test of a system without /proc. */
export function byPs(pid: number): Usage | undefined {
  const { stdout } = spawnSync('ps', ['-o', 'rss=', '-o', 'time=', '-p', String(pid)], {
    encoding: 'latin1',
  });
  const [, kibibytes, days = '0', hours = '0', minutes, seconds] = PS_LINE.exec(stdout ?? '') ?? [];
  if (kibibytes === undefined) return undefined;
  const allMinutes = (Number(days) * 24 + Number(hours)) * 60 + Number(minutes);
  return { cpuMs: (allMinutes * 60 + Number(seconds)) * 1_000, memoryBytes: Number(kibibytes) * 1024 };
}
