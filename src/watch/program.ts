// Channels that are programs: one of the user's own, or `logger` for the system's log.
// No shell is involved, and the message goes to standard input.
import { spawn } from 'node:child_process';
import { type Channel, Undelivered } from './channel.ts';

/** How long a program may take. */
const TIMEOUT_MS = 30_000;
/** Of what a program complains about, this much is told. */
const COMPLAINT_BYTES = 300;

/** How long after its end a program's last words are waited for. */
const LAST_WORDS_MS = 100;

/** What a program must not see: the key that messages are signed with. */
const SECRETS: readonly string[] = ['VESTIGE_WEBHOOK_SECRET'];

/**
 * Gives messages to a program on its standard input. There is no shell in between, and words of the evidence are in
 * the message only: neither arguments nor the environment hold any.
 */
export const program = (
  name: string,
  file: string,
  words: readonly string[] = [],
  timeoutMs = TIMEOUT_MS,
): Channel => ({
  name,
  deliver: ({ body }) =>
    new Promise((resolve, reject) => {
      const env = Object.fromEntries(Object.entries(process.env).filter(([key]) => !SECRETS.includes(key)));
      const child = spawn(file, words, {
        stdio: ['pipe', 'ignore', 'pipe'],
        env,
        timeout: timeoutMs,
        killSignal: 'SIGKILL',
      });
      let complaint = '';
      child.stderr.setEncoding('utf8');
      child.stderr.on('data', (text: string) => {
        if (complaint.length < COMPLAINT_BYTES) complaint += text;
      });
      child.stdin.on('error', () => undefined); // it need not read: how it ends tells
      child.stdin.end(body);
      child.on('error', (error: NodeJS.ErrnoException) =>
        reject(new Undelivered(`cannot run ${file}: ${error.code ?? error.message}`, false)),
      );
      const settle = (code: number | null, signal: string | null): void => {
        child.stderr.destroy();
        const ended = signal === null ? `ended with ${code}` : `was ended by ${signal}`;
        const said = complaint.slice(0, COMPLAINT_BYTES).trim().split('\n')[0] ?? '';
        if (code === 0) resolve();
        else reject(new Undelivered(`${file} ${ended}${said === '' ? '' : `: ${said}`}`, false));
      };
      child.on('close', settle);
      // What it has started may go on and hold its output open: that is not waited for.
      child.on('exit', (code, signal) => void setTimeout(() => settle(code, signal), LAST_WORDS_MS));
    }),
});

/**
 * Hands one line to the system's log. `logger` of util-linux speaks to /dev/log for us, which journald and every
 * syslog daemon read: node has no datagram sockets of the Unix kind, and a package for them would be native code.
 */
export const syslog = (file = 'logger'): Channel =>
  program('syslog', file, ['-t', 'vestige', '-p', 'daemon.notice', '-S', '8KiB', '--socket-errors=on']);
