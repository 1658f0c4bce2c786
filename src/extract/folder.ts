// A folder into which artefacts are written, each as a whole or not at all, with a list of what they are. Files are the
// owner's alone (0600): they are memory of somebody's machine.

import { createHash, type Hash } from 'node:crypto';
import {
  closeSync,
  existsSync,
  ftruncateSync,
  linkSync,
  lstatSync,
  openSync,
  readdirSync,
  renameSync,
  rmSync,
  writeSync,
} from 'node:fs';
import { join } from 'node:path';
import { ForensicError } from '../base/errors.ts';
import { makeFolder as makeAll } from '../files/make-folder.ts';
import type { Artefact } from '../plugin/artefact.ts';
import { freeName } from './safe-name.ts';

/** The folder, or a file in it, cannot be written. The message is one line and names the path. */
class CannotSave extends ForensicError {
  readonly code = 'cannot-save';
}

/** What became of one artefact: a line of `manifest.jsonl`. Plain data. */
export interface Saved {
  readonly snapshot: string;
  /** The question, and the row of it. */
  readonly question: string;
  readonly row: unknown;
  /** The file's name in the folder. */
  readonly name: string;
  /** Bytes of the file. */
  readonly bytes: number;
  /** How many of them could not be read: they are zeros in the file. */
  readonly missingBytes: number;
  /** Why, and how many bytes for each reason. */
  readonly missing: Readonly<Record<string, number>>;
  /** Of the file as it lies; null where it has more zeros than anybody reads. */
  readonly sha256: string | null;
}

const MANIFEST = 'manifest.jsonl';
const OWNERS_MODE = 0o600;
const OWNERS_FOLDER = 0o700;
/** Zeros that are read for a digest of one artefact: a second's work. */
const MOST_ZEROS = 2 ** 30;
const ZEROS = Buffer.alloc(1 << 20);

/** A folder that is being filled. */
export class ArtefactFolder {
  readonly path: string;
  /** How many artefacts are in it, and how many of those lack bytes. */
  saved = 0;
  gapped = 0;
  readonly #taken = new Set([MANIFEST]);
  readonly #manifest: number;
  #bytesLeft = 0;

  /**
   * Makes the folder, or takes one that is there and empty: nothing in it is ever overwritten. @throws CannotSave
   */
  constructor(path: string) {
    this.path = path;
    this.#manifest = this.#attempt(path, () => {
      makeFolder(path);
      return openSync(join(path, MANIFEST), 'wx', OWNERS_MODE);
    });
  }

  /** So many bytes may be written from now on. */
  allow(bytes: number): void {
    this.#bytesLeft = bytes;
  }

  /** Writes one artefact. @param what names it in the list @throws CannotSave, and then nothing of it is left @throws BudgetExceeded likewise */
  save(what: Pick<Saved, 'snapshot' | 'question' | 'row'>, artefact: Artefact): Saved {
    const name = freeName(artefact.name, this.#taken);
    const path = join(this.path, name);
    const part = `${path}.part`;
    let file: number | undefined;
    try {
      return this.#attempt(path, () => {
        file = openSync(part, 'wx', OWNERS_MODE);
        const content = this.#write(file, artefact);
        ftruncateSync(file, artefact.size);
        closeSync(file);
        file = undefined;
        putInPlace(part, path);
        const saved = { ...what, name, bytes: artefact.size, ...content };
        writeSync(this.#manifest, `${JSON.stringify(saved)}\n`);
        this.saved++;
        if (saved.missingBytes > 0) this.gapped++;
        return saved;
      });
    } catch (error) {
      if (file !== undefined) closeSync(file);
      rmSync(part, { force: true });
      throw error;
    }
  }

  close(): void {
    closeSync(this.#manifest);
  }

  #write(file: number, { size, pieces }: Artefact): Pick<Saved, 'missingBytes' | 'missing' | 'sha256'> {
    const missing: Record<string, number> = {};
    const digest = new HolesDigest();
    let missingBytes = 0;
    let end = 0;
    for (const piece of pieces()) {
      if (piece.at !== end) throw new Error(`a piece at ${piece.at} follows one that ends at ${end}`);
      if ('bytes' in piece) {
        const { bytes } = piece;
        this.#bytesLeft -= bytes.length;
        if (this.#bytesLeft < 0)
          throw new CannotSave(`${this.path}: more is to be saved than the machine has memory`);
        if (!isZeros(bytes)) writeAll(file, bytes, end);
        digest.update(bytes);
        end += bytes.length;
      } else if ('zeros' in piece) {
        digest.zeros(piece.zeros);
        end += piece.zeros;
      } else {
        missing[piece.why] = (missing[piece.why] ?? 0) + piece.missing;
        missingBytes += piece.missing;
        digest.zeros(piece.missing);
        end += piece.missing;
      }
    }
    if (end !== size) throw new Error(`an artefact of ${size} bytes has pieces of ${end}`);
    return { missingBytes, missing, sha256: digest.hex() };
  }

  #attempt<T>(path: string, work: () => T): T {
    try {
      return work();
    } catch (error) {
      const { code } = error as NodeJS.ErrnoException;
      if (error instanceof ForensicError || code === undefined) throw error;
      throw new CannotSave(`cannot write ${path}: ${code}`);
    }
  }
}

/** SHA-256 of bytes with long holes between. */
class HolesDigest {
  readonly #hash: Hash = createHash('sha256');
  #zerosLeft = MOST_ZEROS;

  update(bytes: Uint8Array): void {
    if (this.#zerosLeft >= 0) this.#hash.update(bytes);
  }

  zeros(count: number): void {
    this.#zerosLeft -= count;
    for (let left = count; left > 0 && this.#zerosLeft >= 0; left -= ZEROS.length)
      this.#hash.update(left < ZEROS.length ? ZEROS.subarray(0, left) : ZEROS);
  }

  hex(): string | null {
    return this.#zerosLeft < 0 ? null : this.#hash.digest('hex');
  }
}

/** @throws CannotSave where it is a link, no folder, or not empty @throws Error of the system */
function makeFolder(path: string): void {
  const there = lstatSync(path, { throwIfNoEntry: false });
  if (there === undefined) return void makeAll(path, OWNERS_FOLDER);
  if (there.isSymbolicLink()) throw new CannotSave(`cannot save into ${path}: it is a link`);
  if (!there.isDirectory()) throw new CannotSave(`cannot save into ${path}: it is no folder`);
  if (readdirSync(path).length > 0) throw new CannotSave(`cannot save into ${path}: it is not empty`);
}

/** Gives a whole file its name, unless something has that name by now. */
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

function writeAll(file: number, bytes: Uint8Array, at: number): void {
  for (let done = 0; done < bytes.length; )
    done += writeSync(file, bytes, done, bytes.length - done, at + done);
}

function isZeros(bytes: Uint8Array): boolean {
  for (let at = 0; at < bytes.length; at += ZEROS.length) {
    const piece = bytes.subarray(at, at + ZEROS.length);
    if (Buffer.compare(piece, ZEROS.subarray(0, piece.length)) !== 0) return false;
  }
  return true;
}
