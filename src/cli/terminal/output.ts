// Writes to stdout and stderr, and draws the progress line.
// It waits for slow readers, and ends quietly when the reader of a pipe has gone.
import { writeSync } from 'node:fs';
import { ForensicError } from '../../base/errors.ts';
import type { Listener } from '../../base/listener.ts';
import { escapeText } from '../../report/escape.ts';
import { EXIT } from '../exit.ts';

/** The reader of our output has gone (`| head`): no error, but nothing more to do either. */
export class ReaderGone extends Error {}

/** The output cannot be written: the disk that it is sent to is full. */
class OutputLost extends ForensicError {
  readonly code = 'output-lost';
}

/** How long a full pipe is waited for before the next try, in milliseconds. */
const PIPE_WAIT_MS = 2;

const waiting = new Int32Array(new SharedArrayBuffer(4));

/** Writes all of `text` to a descriptor, waiting for a slow reader. @throws ReaderGone, OutputLost */
function writeAll(descriptor: number, text: string | Uint8Array): void {
  const bytes = Buffer.from(text);
  for (let done = 0; done < bytes.length; ) {
    try {
      done += writeSync(descriptor, bytes, done);
    } catch (error) {
      const { code } = error as NodeJS.ErrnoException;
      if (code === 'EPIPE') throw new ReaderGone();
      if (code !== 'EAGAIN') throw new OutputLost(`cannot write the output: ${code ?? String(error)}`);
      Atomics.wait(waiting, 0, 0, PIPE_WAIT_MS);
    }
  }
}

/** Data, to stdout. @throws ReaderGone, OutputLost */
export const writeData = (text: string | Uint8Array): void => {
  if (text.length > 0) writeAll(1, text);
};

/** What is said beside the data, to stderr; `text` is safe to print and ends in a newline. Nobody reading is no error. */
export function writeAside(text: string): void {
  clearProgress();
  try {
    if (text !== '') writeAll(2, text);
  } catch (error) {
    if (!(error instanceof ReaderGone || error instanceof OutputLost)) throw error;
  }
}

/** One line that tells what went wrong or was done without. Messages may quote the evidence, so they are escaped. */
export const complain = (message: string): void => writeAside(`vestige: ${escapeText(message)}\n`);

/** The line that is on the terminal now; empty where there is none. */
let progressLine = '';

/**
 * Shows how far a sweep has come, on a terminal only. While the line is there, Ctrl-C takes it away before it ends
 * the process. At all other times the system's own answer to Ctrl-C stands: it works in the middle of a long
 * synchronous search too, and shells report the same 130.
 */
export function showProgress(what: string, done: number, total: number): void {
  if (!process.stderr.isTTY || total === 0 || done >= total) {
    clearProgress();
    return;
  }
  const line = `${what}: ${Math.floor((100 * done) / total)} %`;
  if (line === progressLine) return;
  if (progressLine === '') process.on('SIGINT', interrupt);
  progressLine = line;
  process.stderr.write(`\r${line}\x1b[K`);
}

/** Takes the progress line away again. */
export function clearProgress(): void {
  if (progressLine === '') return;
  progressLine = '';
  process.off('SIGINT', interrupt);
  process.stderr.write('\r\x1b[K');
}

function interrupt(): void {
  clearProgress();
  process.exit(EXIT.interrupted);
}

/** Columns of the terminal that stdout is, or Infinity where it is none: a file or pipe gets every letter. */
export const terminalWidth = (): number =>
  process.stdout.isTTY ? process.stdout.columns || 80 : Number.POSITIVE_INFINITY;

/** Text that nobody watches is 100 columns wide: wide enough to read, narrow enough to mail. */
export const pageWidth = (): number => (process.stdout.isTTY ? terminalWidth() : 100);

/** What is said and shown while snapshots are asked, on stderr. */
export const TERMINAL: Listener = {
  warn: complain,
  say: (sentence) => writeAside(`${escapeText(sentence)}\n`),
  progress: showProgress,
};
