import { writeSync } from 'node:fs';
import { escapeText } from '../report/escape.ts';

/** The reader of our output has gone (`| head`): no error, but nothing more to do either. */
export class ReaderGone extends Error {}

/** How long a full pipe is waited for before the next try, in milliseconds. */
const PIPE_WAIT_MS = 2;

const waiting = new Int32Array(new SharedArrayBuffer(4));

/** Writes all of `text` to a descriptor, waiting for a slow reader. @throws ReaderGone */
function writeAll(descriptor: number, text: string): void {
  const bytes = Buffer.from(text);
  for (let done = 0; done < bytes.length; ) {
    try {
      done += writeSync(descriptor, bytes, done);
    } catch (error) {
      const { code } = error as NodeJS.ErrnoException;
      if (code === 'EPIPE') throw new ReaderGone();
      if (code !== 'EAGAIN') throw error;
      Atomics.wait(waiting, 0, 0, PIPE_WAIT_MS);
    }
  }
}

/** Data, to stdout. @throws ReaderGone */
export const writeData = (text: string): void => {
  if (text !== '') writeAll(1, text);
};

/** What is said beside the data, to stderr; `text` is safe to print and ends in a newline. Nobody reading is no error. */
export function writeAside(text: string): void {
  clearProgress();
  try {
    if (text !== '') writeAll(2, text);
  } catch (error) {
    if (!(error instanceof ReaderGone)) throw error;
  }
}

/** One line that tells what went wrong or was done without. Messages may quote the evidence, so they are escaped. */
export const complain = (message: string): void => writeAside(`vestige: ${escapeText(message)}\n`);

let progressShown = false;

/** Shows how far a sweep has come, on a terminal only. */
export function showProgress(what: string, done: number, total: number): void {
  if (!process.stderr.isTTY || total === 0) return;
  progressShown = true;
  process.stderr.write(`\r${what}: ${Math.floor((100 * done) / total)} %\x1b[K`);
  if (done >= total) clearProgress();
}

/** Takes the progress line away again. */
export function clearProgress(): void {
  if (progressShown) process.stderr.write('\r\x1b[K');
  progressShown = false;
}

/** Columns of the terminal that stdout is, or Infinity where it is none: a file or pipe gets every letter. */
export const terminalWidth = (): number =>
  process.stdout.isTTY ? process.stdout.columns || 80 : Number.POSITIVE_INFINITY;
