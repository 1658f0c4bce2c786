// Runs `virsh` as a child process, without a shell.
// Output is bounded, and a signal ends the call.
import { spawn } from 'node:child_process';
import { NotAcquired } from './errors.ts';

/** Part of libvirt-clients, and looked for on the PATH. */
const PROGRAM = 'virsh';

/** virsh says a sentence or two: who says more is cut short, from the front. */
const KEPT_CHARACTERS = 16_384;

/** How long virsh may take to end when it is told to. */
const GRACE_MS = 30_000;

/** What came of one call. */
export interface Said {
  readonly status: number | null;
  readonly output: string;
  readonly complaints: string;
}

/** Runs virsh to its end, without a shell. @throws NotAcquired where it cannot be run, and the signal's reason */
export function virsh(
  args: readonly string[],
  signal: AbortSignal,
  heard: (said: string) => void = () => undefined,
): Promise<Said> {
  return new Promise((resolve, reject) => {
    if (signal.aborted) return reject(signal.reason);
    // Its words are looked at, so they must be those of no translation.
    const child = spawn(PROGRAM, args, {
      env: { ...process.env, LC_ALL: 'C' },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    let output = '';
    let complaints = '';
    let timer: NodeJS.Timeout | undefined;
    const stop = (): void => {
      child.kill('SIGINT');
      timer = setTimeout(() => child.kill('SIGKILL'), GRACE_MS);
    };
    signal.addEventListener('abort', stop);
    child.stdout.setEncoding('utf8').on('data', (text: string) => {
      output = (output + text).slice(-KEPT_CHARACTERS);
    });
    child.stderr.setEncoding('utf8').on('data', (text: string) => {
      complaints = (complaints + text).slice(-KEPT_CHARACTERS);
      heard(text);
    });
    const done = (): void => {
      clearTimeout(timer);
      signal.removeEventListener('abort', stop);
    };
    child.on('error', (cause: NodeJS.ErrnoException) => {
      done();
      const missing = 'virsh is not there; install it (libvirt-clients), or ask QEMU itself with --qmp';
      reject(new NotAcquired(cause.code === 'ENOENT' ? missing : `virsh cannot be run: ${cause.message}`));
    });
    child.on('close', (status) => {
      done();
      if (signal.aborted) reject(signal.reason);
      else resolve({ status, output, complaints });
    });
    return undefined;
  });
}
