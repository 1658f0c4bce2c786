// Has a scan done by a process of its own, and by the next one where a snapshot ended that. The supervisor opens no snapshot:
// whatever is in one, it lives on to say so.
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import type { Socket } from 'node:net';
import { ForensicError } from '../base/errors.ts';
import { endWithParent } from './end-with-parent.ts';
import { childSeen, EnforcedLimits } from './enforced-limits.ts';
import { type End, howEnded, type Progress } from './progress.ts';
import type { Report } from './protocol.ts';
import { usageOf } from './usage.ts';

/** The process of a scan has ended, and no snapshot is to blame. */
class ScanEnded extends ForensicError {
  readonly code = 'scan-ended';
}

/** The descriptor by which the process of a scan hears its state and reports. */
export const SUPERVISOR_FD = 3;

const STUCK = ' before it had recorded what the one before it died of';

/** What a supervisor is told to do: whoever scans may have more to end than it has itself. */
const FORWARDED: readonly NodeJS.Signals[] = ['SIGINT', 'SIGTERM', 'SIGHUP'];

/**
 * Has a scan done to its end. @param start starts the process that does it, with a pipe at `SUPERVISOR_FD`
 * @param progress what the scan has come to so far @returns the exit code of the last process
 * @throws ScanEnded where it died and no snapshot is to blame, or none that it had not died of before
 */
export async function supervise(start: () => ChildProcess, progress: Progress): Promise<number> {
  if (usageOf(process.pid) === undefined)
    throw new ScanEnded('nothing can be scanned: neither /proc nor ps tells what a process takes');
  let asked: NodeJS.Signals | undefined;
  let child: ChildProcess | undefined;
  const forward = (signal: NodeJS.Signals): void => {
    asked = signal;
    child?.kill(signal);
  };
  for (const signal of FORWARDED) process.on(signal, forward);
  try {
    for (;;) {
      child = start();
      const end = await endOf(child, progress);
      const { isUp } = progress;
      const came = progress.bury(end);
      if (asked !== undefined) return asAsked(end, asked);
      if (came === 'blamed') continue;
      if (came === 'over' && end.code !== null) return end.code;
      const why = came === 'stuck' ? STUCK : isUp ? '; no snapshot is to blame' : ' before it had begun';
      throw new ScanEnded(`the process that scans ${howEnded(end)}${why}`);
    }
  } finally {
    for (const signal of FORWARDED) process.off(signal, forward);
  }
}

/** Tells the process what it must know, and hears what it says until it has ended, or has to be. @throws ScanEnded */
async function endOf(child: ChildProcess, progress: Progress): Promise<End> {
  if (child.pid === undefined) return ended(child);
  const limits = new EnforcedLimits(childSeen(child.pid), () => progress.underWay);
  const parted = endWithParent(child.pid);
  hear(child, progress);
  try {
    const end = await ended(child);
    return limits.excess === undefined ? end : { ...end, excess: limits.excess };
  } finally {
    limits.stop();
    parted();
  }
}

function hear(child: ChildProcess, progress: Progress): void {
  const line = child.stdio[SUPERVISOR_FD] as Socket;
  let rest = '';
  line.setEncoding('utf8').on('data', (text: string) => {
    const lines = (rest + text).split('\n');
    rest = lines.pop()!;
    for (const json of lines) progress.hear(JSON.parse(json) as Report);
  });
  line.on('error', () => undefined); // how the process ended is told
  line.write(`${JSON.stringify(progress.state)}\n`);
}

/** @throws ScanEnded where it could not be started */
async function ended(child: ChildProcess): Promise<End> {
  try {
    // Behind all that it said.
    const [code, signal] = (await once(child, 'close')) as [number | null, NodeJS.Signals | null];
    return { code, signal };
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    throw new ScanEnded(`the process that scans cannot be run: ${code ?? message}`);
  }
}

/** Ends as the process did that was asked to: whoever started this one sees the same. */
function asAsked({ code, signal }: End, asked: NodeJS.Signals): number {
  if (signal === null) return code ?? 0;
  for (const other of FORWARDED) process.removeAllListeners(other);
  process.kill(process.pid, asked);
  return 128;
}
