import { closeSync, fstatSync, openSync, readSync } from 'node:fs';
import { BadSnapshot, UnreadableFile } from '../base/errors.ts';

/** What tells two states of a file apart without reading it. */
export interface FileIdentity {
  readonly device: bigint;
  readonly inode: bigint;
  readonly sizeBytes: number;
  /** Nanoseconds since 1970. */
  readonly modified: bigint;
  /** Nanoseconds since 1970: set by the kernel, so that `touch` cannot hide a change. */
  readonly changed: bigint;
}

/** A snapshot file opened for reading. Never written, never locked. */
export class SnapshotFile {
  readonly path: string;
  readonly identity: FileIdentity;
  /** True where the file system stores fewer bytes than the file's size: it has holes. */
  readonly isSparse: boolean;
  readonly #fd: number;

  /** @throws UnreadableFile where the system would not open it, BadSnapshot where it is empty. */
  constructor(path: string) {
    this.path = path;
    try {
      this.#fd = openSync(path, 'r');
    } catch (cause) {
      throw new UnreadableFile(`cannot open ${path}: ${explain(cause)}`);
    }
    const stat = fstatSync(this.#fd, { bigint: true });
    if (!stat.isFile() && !stat.isBlockDevice()) {
      closeSync(this.#fd);
      throw new UnreadableFile(`${path} is ${stat.isDirectory() ? 'a directory' : 'no regular file'}`);
    }
    if (stat.size === 0n) {
      closeSync(this.#fd);
      throw new BadSnapshot(`${path} is empty`);
    }
    this.isSparse = stat.blocks * 512n < stat.size;
    this.identity = {
      device: stat.dev,
      inode: stat.ino,
      sizeBytes: Number(stat.size),
      modified: stat.mtimeNs,
      changed: stat.ctimeNs,
    };
  }

  get sizeBytes(): number {
    return this.identity.sizeBytes;
  }

  /** The operating system's handle, for the one caller that must ask it about holes. */
  get descriptor(): number {
    return this.#fd;
  }

  /** Fills `into` from `offset` on. @returns bytes had: fewer than asked at the end of the file. @throws UnreadableFile */
  read(offset: number, into: Uint8Array): number {
    let done = 0;
    while (done < into.length) {
      let had: number;
      try {
        had = readSync(this.#fd, into, done, into.length - done, offset + done);
      } catch (cause) {
        throw new UnreadableFile(`cannot read ${this.path}: ${explain(cause)}`);
      }
      if (had === 0) break;
      done += had;
    }
    return done;
  }

  /** Exactly `length` bytes at `offset`. @throws BadSnapshot where the file ends before, saying `what` was cut. */
  bytes(offset: number, length: number, what: string): Buffer {
    const bytes = Buffer.alloc(length);
    const had = offset < this.sizeBytes ? this.read(offset, bytes) : 0;
    if (had < length) {
      throw new BadSnapshot(`${this.path} is cut in its ${what}: ${length} bytes wanted at ${offset}, ${had} there`);
    }
    return bytes;
  }

  close(): void {
    closeSync(this.#fd);
  }
}

function explain(cause: unknown): string {
  const { code } = cause as NodeJS.ErrnoException;
  switch (code) {
    case 'ENOENT':
      return 'no such file';
    case 'EACCES':
    case 'EPERM':
      return 'permission denied';
    case 'EISDIR':
      return 'it is a directory';
    default:
      return code ?? String(cause);
  }
}
