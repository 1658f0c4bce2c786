import { renameSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { UnreadableFile } from '../base/errors.ts';

/**
 * Writes a file as a whole or not at all: whoever reads it at the same time, or after a full disk, sees the old
 * text or the new one. What is no plain file (a pipe, /dev/stdout) is written to as it is.
 *
 * @throws UnreadableFile
 */
export function replaceFile(path: string, text: string | Uint8Array): void {
  const beside = `${path}.${process.pid}.tmp`;
  try {
    const there = statSync(path, { throwIfNoEntry: false });
    if (there !== undefined && !there.isFile()) {
      writeFileSync(path, text);
      return;
    }
    writeFileSync(beside, text, { flag: 'wx', ...(there === undefined ? {} : { mode: there.mode & 0o777 }) });
    renameSync(beside, path);
  } catch (error) {
    rmSync(beside, { force: true });
    throw new UnreadableFile(
      `cannot write ${path}: ${(error as NodeJS.ErrnoException).code ?? String(error)}`,
    );
  }
}
