// Has a process ended when this one is gone, however that comes about: a shell waits at the end of a pipe, and is woken by the
// pipe's closing. Nothing in the process itself has to run for that, so that a loop without end does not outlive its supervisor.
import { spawn } from 'node:child_process';

/** `read` fails at the end of the file. A line means that the process has ended by itself, and that its number may be another's. */
const SCRIPT = 'read -r line || kill -KILL "$1"';

/** From now on the process ends when this one does. @returns to be called when the process has ended */
export function endWithParent(pid: number): () => void {
  // A session of its own: what is sent to all of a terminal's processes is not for it.
  const shell = spawn('/bin/sh', ['-c', SCRIPT, 'sh', String(pid)], {
    stdio: ['pipe', 'ignore', 'ignore'],
    detached: true,
  });
  shell.on('error', () => undefined).unref(); // where there is no shell, a reader without supervisor ends at its own budgets
  shell.stdin.on('error', () => undefined);
  (shell.stdin as typeof shell.stdin & { unref(): void }).unref();
  return () => void shell.stdin.end('\n');
}
