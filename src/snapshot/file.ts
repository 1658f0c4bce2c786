// Files opened for reading by offset.
// They are never written and never locked; one that is cut says so.
import { closeSync, constants, fstatSync, openSync, readSync } from 'node:fs';
import { BadSnapshot, CutSnapshot, UnreadableFile } from '../base/errors.ts';
import type { FilePiece } from '../memory/origin.ts';
import { PAGE_BYTES } from '../memory/source.ts';
import { HoleProbe, PROBE_BYTES, SWEEP_BYTES, WORTH_PROBING_BYTES } from './hole-probe.ts';
import { ReadAhead } from './read-ahead.ts';

/** Distinct troubles kept for one file: a failing disk has one for every page. */
const MAXIMUM_TROUBLES = 50;

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

/** The bytes that a format reads: a file, or what is unwrapped from one. All that a format may touch. */
export interface SnapshotBytes {
  readonly path: string;
  readonly sizeBytes: number;
  /** The files that are read as this one, one behind the other; none where it is a file by itself. */
  readonly pieces: readonly FilePiece[];
  /** True where the file system stores fewer bytes than the file's size: it has holes. */
  readonly isSparse: boolean;
  /** Fills `into` from `offset` on; never throws. @returns bytes had: fewer at the end and where the file cannot be read. */
  read(offset: number, into: Uint8Array): number;
  /** Exactly `length` bytes at `offset`. @throws CutSnapshot where they are not there, saying `what` was cut. */
  bytes(offset: number, length: number, what: string): Buffer;
  /** The offset in the file on disk of the byte at `offset`, or null where it is stored nowhere. */
  position(offset: number): number | null;
  /** Remembers that something could not be read, for whoever asks after the run. */
  trouble(message: string): void;
}

/** Bytes that were opened, and that whoever opened them closes. */
export interface SnapshotStorage extends SnapshotBytes {
  /** What could not be read since it was opened, each sentence once, in the order it was met. Empty in a good run. */
  readonly troubles: readonly string[];
  close(): void;
}

/** A snapshot file opened for reading. Never written, never locked. */
export class SnapshotFile implements SnapshotStorage {
  readonly path: string;
  readonly pieces = [];
  readonly identity: FileIdentity;
  readonly isSparse: boolean;
  readonly #fd: number;
  /** Only where most of the file is holes: bytes that are there are then read twice in a sweep. */
  readonly #holes: HoleProbe | null;
  readonly #ahead = new ReadAhead((offset, into) => this.#readAhead(offset, into));
  readonly #troubles = new Set<string>();
  #furtherTroubles = 0;

  /** @throws UnreadableFile where the system would not open it or it is no file, BadSnapshot where it is empty. */
  constructor(path: string) {
    this.path = path;
    try {
      // Without O_NONBLOCK the open of a named pipe waits for a writer, perhaps for ever.
      this.#fd = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK);
    } catch (cause) {
      throw new UnreadableFile(`cannot open ${path}: ${explain(cause)}`);
    }
    const stat = fstatSync(this.#fd, { bigint: true });
    if (!stat.isFile()) {
      closeSync(this.#fd);
      throw new UnreadableFile(`${path} is ${stat.isDirectory() ? 'a directory' : 'no regular file'}`);
    }
    if (stat.size === 0n) {
      closeSync(this.#fd);
      throw new BadSnapshot(`${path} is empty`);
    }
    this.isSparse = stat.blocks * 512n < stat.size;
    const isMostlyHoles = stat.blocks * 512n < stat.size / 2n && stat.size >= WORTH_PROBING_BYTES;
    this.#holes = isMostlyHoles ? HoleProbe.of(this.#fd) : null;
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

  get troubles(): readonly string[] {
    const further =
      this.#furtherTroubles === 0 ? [] : [`${this.#furtherTroubles} further troubles are not shown`];
    return [...this.#troubles, ...further];
  }

  trouble(message: string): void {
    if (this.#troubles.size < MAXIMUM_TROUBLES) this.#troubles.add(message);
    else if (!this.#troubles.has(message)) this.#furtherTroubles++;
  }

  read(offset: number, into: Uint8Array): number {
    if (this.#ahead.take(offset, into)) return into.length;
    if (this.#holes === null || into.length < SWEEP_BYTES) return this.#readPlainly(offset, into);
    let done = 0;
    while (done < into.length) {
      const piece = into.subarray(done, done + PROBE_BYTES);
      const isZero = this.#holes.isZero(offset + done, piece.length);
      if (isZero) piece.fill(0);
      const had = isZero ? piece.length : this.#readPlainly(offset + done, piece);
      done += had;
      if (had < piece.length) break;
    }
    return done;
  }

  /**
   * Fills `into` from `offset` on. An I/O error ends the read like the end of the file: a bad sector is missing
   * evidence, not a reason to lose the rest. Page by page up to it, so that it costs no good neighbours before it.
   */
  #readPlainly(offset: number, into: Uint8Array): number {
    let done = 0;
    let step = into.length;
    while (done < into.length) {
      try {
        const had = readSync(this.#fd, into, done, Math.min(step, into.length - done), offset + done);
        if (had === 0) {
          if (offset + done < this.sizeBytes) {
            this.trouble(
              `${this.path} ends at ${offset + done}: it was ${this.sizeBytes} bytes long when it was opened`,
            );
          }
          break;
        }
        done += had;
      } catch (cause) {
        if (step > PAGE_BYTES) {
          step = PAGE_BYTES;
          continue;
        }
        this.trouble(`cannot read ${this.path} at ${offset + done}: ${explain(cause)}`);
        break;
      }
    }
    return done;
  }

  /** Nobody has asked for these bytes yet: what keeps them from being read is said when somebody does. */
  #readAhead(offset: number, into: Uint8Array): number {
    try {
      return readSync(this.#fd, into, 0, into.length, offset);
    } catch {
      return 0;
    }
  }

  bytes(offset: number, length: number, what: string): Buffer {
    return exactly(this, offset, length, what);
  }

  position(offset: number): number | null {
    return offset >= 0 && offset < this.sizeBytes ? offset : null;
  }

  close(): void {
    this.#holes?.close();
    closeSync(this.#fd);
  }
}

/** What `SnapshotBytes.bytes` does, for each that implements it. `length` is bounded by the caller. @throws CutSnapshot */
export function exactly(file: SnapshotBytes, offset: number, length: number, what: string): Buffer {
  const bytes = Buffer.alloc(length);
  const had = offset < file.sizeBytes ? file.read(offset, bytes) : 0;
  if (had < length) {
    throw new CutSnapshot(
      `${file.path} is cut in its ${what}: ${length} bytes wanted at ${offset}, ${had} there`,
    );
  }
  return bytes;
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
    case 'EIO':
      return 'the device gives an input/output error';
    default:
      return code ?? String(cause);
  }
}
