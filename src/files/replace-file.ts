// Writing a file so that nobody ever sees half of it: what is there is replaced at once, or stays as it is. What is no plain
// file is written to as it is.
import { accessSync, constants, renameSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { UnreadableFile } from '../base/errors.ts';

const OWNERS_MODE = 0o600;
/** What holds nothing of a machine's memory is whose the umask says. */
export const PUBLIC_MODE = 0o666;

/**
 * Writes a file as a whole or not at all: whoever reads it at the same time, or after a full disk, sees the old
 * text or the new one. What is no plain file (a pipe, /dev/stdout) is written to as it is.
 *
 * A new file is its owner's alone unless `mode` says more: most of what is written here quotes memory. One that is there
 * keeps its own mode.
 *
 * @throws UnreadableFile
 */
export function replaceFile(path: string, text: string | Uint8Array, mode = OWNERS_MODE): void {
  const beside = `${path}.${process.pid}.tmp`;
  try {
    const there = statSync(path, { throwIfNoEntry: false });
    if (there !== undefined && !there.isFile()) {
      writeFileSync(path, text);
      return;
    }
    writeFileSync(beside, text, { flag: 'wx', mode: there === undefined ? mode : there.mode & 0o777 });
    renameSync(beside, path);
  } catch (error) {
    rmSync(beside, { force: true });
    throw unwritable(path, error);
  }
}

/** Says before the work is done that its result could not be written. @throws UnreadableFile */
export function checkWritable(path: string): void {
  try {
    const there = statSync(path, { throwIfNoEntry: false });
    if (there?.isDirectory() === true) throw new UnreadableFile(`cannot write ${path}: it is a folder`);
    accessSync(there === undefined || there.isFile() ? dirname(path) : path, constants.W_OK);
  } catch (error) {
    throw error instanceof UnreadableFile ? error : unwritable(path, error);
  }
}

const unwritable = (path: string, error: unknown): UnreadableFile =>
  new UnreadableFile(`cannot write ${path}: ${(error as NodeJS.ErrnoException).code ?? String(error)}`);
