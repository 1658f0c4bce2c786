// A file that is written under another name until it is whole, and then has its own: never over what is there, and its
// owner's alone (0600), since it holds memory of somebody's machine.
import {
  closeSync,
  existsSync,
  ftruncateSync,
  linkSync,
  openSync,
  renameSync,
  rmSync,
  writeSync,
} from 'node:fs';
import { ForensicError } from '../base/errors.ts';

/** A folder, or a file in it, cannot be written. The message is one line and names the path. */
export class CannotSave extends ForensicError {
  readonly code: 'cannot-save' | 'too-large-to-save' = 'cannot-save';
}

/** The file system takes no file that is as large. */
export class TooLargeToSave extends CannotSave {
  override readonly code = 'too-large-to-save';
}

export const OWNERS_MODE = 0o600;
const TOO_LARGE = ['EFBIG', 'EINVAL', 'ERR_OUT_OF_RANGE'];

/** Does what may fail as the system says. @throws CannotSave */
export function attempt<T>(path: string, work: () => T): T {
  try {
    return work();
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (error instanceof ForensicError || code === undefined) throw error;
    throw new CannotSave(`cannot write ${path}: ${code}`);
  }
}

/** Says before the work is done that nothing may be written there. @throws CannotSave */
export function refuseTaken(path: string): void {
  if (existsSync(path)) throw new CannotSave(`cannot write ${path}: it is there already`);
}

/** A file that is being written. It is there under its own name once `finish` has returned. */
export class WholeFile {
  readonly path: string;
  readonly #part: string;
  #descriptor: number | undefined;

  /** @throws CannotSave */
  constructor(path: string) {
    this.path = path;
    this.#part = `${path}.part`;
    this.#descriptor = attempt(path, () => openSync(this.#part, 'wx', OWNERS_MODE));
  }

  /** Writes all of `bytes` at an offset. @throws CannotSave */
  write(bytes: Uint8Array, at: number): void {
    attempt(this.path, () => {
      for (let done = 0; done < bytes.length; )
        done += writeSync(this.#descriptor!, bytes, done, bytes.length - done, at + done);
    });
  }

  /** Gives it a size: what nothing was written to is a hole. @throws TooLargeToSave */
  resize(size: number): void {
    try {
      ftruncateSync(this.#descriptor!, size);
    } catch (error) {
      const { code = '' } = error as NodeJS.ErrnoException;
      if (TOO_LARGE.includes(code))
        throw new TooLargeToSave(`cannot write ${this.path}: its file system takes no file of ${size} bytes`);
      throw new CannotSave(`cannot write ${this.path}: ${code}`);
    }
  }

  /** Gives it its name, unless something has that name by now. @throws CannotSave */
  finish(): void {
    attempt(this.path, () => {
      closeSync(this.#descriptor!);
      this.#descriptor = undefined;
      putInPlace(this.#part, this.path);
    });
  }

  /** Leaves nothing of it, where it was not finished. */
  discard(): void {
    if (this.#descriptor !== undefined) closeSync(this.#descriptor);
    this.#descriptor = undefined;
    rmSync(this.#part, { force: true });
  }
}

function putInPlace(part: string, path: string): void {
  try {
    linkSync(part, path);
    rmSync(part);
  } catch (error) {
    // A file system without hard links.
    if (!['EPERM', 'ENOTSUP', 'EOPNOTSUPP', 'ENOSYS'].includes((error as NodeJS.ErrnoException).code ?? ''))
      throw error;
    if (existsSync(path)) throw new CannotSave(`cannot write ${path}: EEXIST`);
    renameSync(part, path);
  }
}
