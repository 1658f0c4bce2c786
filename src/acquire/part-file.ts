// The file that a snapshot is written into until it is complete.
// It has another name until then, so that nobody analyses half a machine, and it is removed after a failure.
import {
  closeSync,
  constants,
  existsSync,
  fchmodSync,
  fchownSync,
  fstatSync,
  fsyncSync,
  linkSync,
  lstatSync,
  openSync,
  readdirSync,
  realpathSync,
  renameSync,
  rmSync,
  statfsSync,
  statSync,
} from 'node:fs';
import { join } from 'node:path';
import type { Note } from '../base/errors.ts';
import { messageOf, NotAcquired } from './errors.ts';

/** Whoever may read the memory of a machine has everything that is in it. */
const MODE = 0o600;

/** What a file is called until it is whole: `.web-1-20261123T114044Z.kdump.part`. */
const PART_NAME = /^\..*-\d{8}T\d{6}Z\.(?:kdump|elf|raw)\.part$/;

const codeOf = (error: unknown): string => (error as NodeJS.ErrnoException).code ?? messageOf(error);

/** The folder as everybody sees it who does not stand where we stand. @throws NotAcquired */
export function folderAt(path: string): string {
  try {
    if (statSync(path).isDirectory()) return realpathSync(path);
  } catch (error) {
    throw new NotAcquired(`cannot write to ${path}: ${codeOf(error)}; the folder must be there already`);
  }
  throw new NotAcquired(`${path} is no folder`);
}

/** How long a file that is still being written may seem to be left: no writer pauses for a day. */
const ABANDONED_MS = 86_400_000;

/**
 * Files in a folder that were begun here and that nobody goes on with, since whatever wrote them was ended. Others may
 * still be at work, on other hosts too, so that they are named and not deleted.
 */
export function abandonedIn(folder: string, now: number = Date.now()): string[] {
  let names: string[];
  try {
    names = readdirSync(folder);
  } catch {
    return []; // a folder may take files and show none
  }
  return names
    .filter((name) => PART_NAME.test(name))
    .flatMap((name) => {
      const path = join(folder, name);
      const stat = statSync(path, { throwIfNoEntry: false });
      return stat?.isFile() === true && now - stat.mtimeMs > ABANDONED_MS ? [path] : [];
    });
}

/** How much more fits into a folder, for those who are not root. */
export function freeBytes(folder: string): number {
  const { bavail, bsize } = statfsSync(folder);
  return bavail * bsize;
}

/** A file that has another name until it is whole, so that nobody analyses half a machine. */
export class PartFile {
  /** Where it is written. */
  readonly path: string;
  /** Where it will be. */
  readonly finished: string;
  /** The file that was made here: what is done to it is done to no other that somebody puts in its place. */
  #descriptor: number | undefined;

  private constructor(folder: string, name: string) {
    this.finished = join(folder, name);
    this.path = join(folder, `.${name}.part`);
  }

  /**
   * Names a file, and makes it where its writer would give it a mode that lets others read it.
   *
   * @throws NotAcquired
   */
  static begin(folder: string, name: string, make: boolean): PartFile {
    const file = new PartFile(folder, name);
    for (const path of [file.finished, file.path])
      if (existsSync(path)) throw new NotAcquired(`${path} is there already; try again in a second`);
    try {
      if (make) file.#descriptor = openSync(file.path, 'wx', MODE);
    } catch (error) {
      throw new NotAcquired(`cannot write to ${folder}: ${codeOf(error)}; choose a folder that is writable`);
    }
    return file;
  }

  /** Lets another user write, who is to have it only until it is whole. */
  lendTo({ uid, gid }: { readonly uid: number; readonly gid: number }): void {
    if (this.#descriptor !== undefined) fchownSync(this.#descriptor, uid, gid);
  }

  /** Gives the file its name. @returns its size @throws NotAcquired */
  finish(note: Note): number {
    try {
      const { size, ino, uid: owner } = lstatSync(this.path);
      // A writer in a container or on another machine has written to a file of the same name, but not to ours.
      const isOurs = this.#descriptor === undefined || fstatSync(this.#descriptor).ino === ino;
      if (size === 0 || !isOurs)
        throw new NotAcquired(`nothing was written to ${this.path}; it must be run where QEMU runs`);
      const own = process.getuid?.() ?? owner;
      if (own === 0 || own === owner) this.#settle(own);
      else note(`${this.finished} belongs to the user of number ${owner}, who wrote it`);
      this.#rename();
      return size;
    } catch (error) {
      if (error instanceof NotAcquired) throw error;
      throw new NotAcquired(`cannot finish ${this.finished}: ${codeOf(error)}`);
    }
  }

  /** Takes away what is not whole. The writer may go on with a file that has no name any more. */
  discard(): void {
    this.#close();
    rmSync(this.path, { force: true });
  }

  /** The bytes are on the disk before the name is: after a power cut there is a whole file or none. */
  #settle(own: number): void {
    this.#descriptor ??= openSync(this.path, constants.O_RDONLY | constants.O_NOFOLLOW);
    if (own === 0) fchownSync(this.#descriptor, 0, 0);
    fchmodSync(this.#descriptor, MODE);
    fsyncSync(this.#descriptor);
    this.#close();
  }

  /** A link fails where the name is taken; renaming would put an end to what is there. */
  #rename(): void {
    try {
      linkSync(this.path, this.finished);
      rmSync(this.path);
    } catch (error) {
      if (codeOf(error) === 'EEXIST' || existsSync(this.finished))
        throw new NotAcquired(`${this.finished} is there already`);
      renameSync(this.path, this.finished); // a file system without links
    }
  }

  #close(): void {
    if (this.#descriptor !== undefined) closeSync(this.#descriptor);
    this.#descriptor = undefined;
  }
}
