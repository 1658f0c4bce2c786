import { spawn } from 'node:child_process';

/** How a tool of the host is run. */
export interface CommandOptions {
  readonly cwd?: string;
  readonly env?: Readonly<Record<string, string>>;
  /** Given to the tool on its standard input. */
  readonly input?: string;
  /** A tool that hangs must not hang the whole matrix: ten minutes unless told otherwise. */
  readonly timeoutMs?: number;
}

/** A host tool that is not there, took too long or failed; the message holds the end of what it said. */
export class CommandFailed extends Error {}

/** Runs a tool of the host to its end and gives what it printed. */
export function run(program: string, args: readonly string[], options: CommandOptions = {}): Promise<string> {
  const timeoutMs = options.timeoutMs ?? 600_000;
  return new Promise((resolve, reject) => {
    const child = spawn(program, args, {
      cwd: options.cwd,
      env: { ...process.env, LC_ALL: 'C', ...options.env },
      stdio: ['pipe', 'pipe', 'pipe'],
    });
    const output: Buffer[] = [];
    const complaints: Buffer[] = [];
    let late = false;
    const timer = setTimeout(() => {
      late = true;
      child.kill('SIGKILL');
    }, timeoutMs);
    child.stdout.on('data', (chunk: Buffer) => output.push(chunk));
    child.stderr.on('data', (chunk: Buffer) => complaints.push(chunk));
    child.stdin.on('error', () => undefined); // the tool may end before it has read everything
    child.stdin.end(options.input ?? '');
    child.on('error', (cause: NodeJS.ErrnoException) => {
      clearTimeout(timer);
      const missing = cause.code === 'ENOENT' ? 'is not installed' : cause.message;
      reject(new CommandFailed(`${program} ${missing}`));
    });
    child.on('close', (status, signal) => {
      clearTimeout(timer);
      const said = Buffer.concat(complaints).toString('utf8').trim().slice(-2000);
      const line = [program, ...args.slice(0, 6)].join(' ');
      if (late) reject(new CommandFailed(`${line}: not done after ${timeoutMs / 1000} s; ${said}`));
      else if (status !== 0) reject(new CommandFailed(`${line}: ended with ${status ?? signal}; ${said}`));
      else resolve(Buffer.concat(output).toString('utf8'));
    });
  });
}
