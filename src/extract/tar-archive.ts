// A tar of recovered files: written as it comes, whole or not there, and its owner's alone. What a file has no bytes of is a hole.
// Holes are those of GNU tar 1.0 (GNU.sparse.* in a pax header), which GNU tar, bsdtar and Python's tarfile read.
import { once } from 'node:events';
import { type Header, type Pack, pack } from 'tar-stream';
import { attempt, refuseTaken, WholeFile } from '../files/whole-file.ts';
import type { Artefact } from '../plugin/artefact.ts';
import { measured, type Stretch } from './stretches.ts';

/** What an entry of the archive is, beside its bytes. Names are safe already. */
export interface TarEntry {
  readonly path: string;
  readonly type: Header['type'];
  readonly mode: number;
  readonly uid: number;
  readonly gid: number;
  /** Seconds since 1970 with nine digits behind the dot, in decimal. */
  readonly times: { readonly mtime: string; readonly atime: string; readonly ctime: string };
  /** Of a symbolic link where it leads; of a second name of a file the first. */
  readonly linkname?: string;
  readonly device?: { readonly major: number; readonly minor: number };
}

/** What was put in of a file. */
export interface Archived {
  readonly bytes: number;
  readonly missingBytes: number;
  readonly missing: Readonly<Record<string, number>>;
  /** Of the file as it is unpacked; null where it has more zeros than anybody reads. */
  readonly sha256: string | null;
}

const BLOCK_BYTES = 512;
/** Octal numbers of a header end below these; what is above stands in the pax header alone. */
const MOST_ID = 0o7777777;
const MOST_SECONDS = 0o77777777777;

/** An archive that is being written. */
export class TarArchive {
  readonly #file: WholeFile;
  readonly #pack: Pack = pack();
  readonly #ended: Promise<unknown>;
  #length = 0;
  #failure: unknown;

  /** @throws CannotSave */
  constructor(path: string) {
    refuseTaken(path);
    this.#file = new WholeFile(path);
    this.#pack.on('data', (bytes) => this.#write(bytes as Uint8Array));
    this.#ended = once(this.#pack, 'end');
    // Whoever waits for it is told; until then nobody is.
    this.#ended.catch(() => undefined);
  }

  /** Puts in what has no bytes of its own. @throws CannotSave */
  async add(entry: TarEntry): Promise<void> {
    await new Promise<void>((resolve, reject) => {
      this.#pack.entry(headerOf(entry), (error) => (error == null ? resolve() : reject(error)));
    }).catch((error: unknown) => this.#fail(error));
    this.#check();
  }

  /** Puts in a file. @param spend is told how many bytes are written, and may throw to end it @throws CannotSave, and what `spend` throws */
  async addFile(
    entry: TarEntry,
    content: Pick<Artefact, 'size' | 'pieces'>,
    spend: (bytes: number) => void,
  ): Promise<Archived> {
    const { stretches, ...told } = measured(content, spend);
    const stored = stretches.reduce((sum, { length }) => sum + length, 0);
    const isSparse = stored < content.size;
    const map = isSparse ? sparseMap(stretches, content.size) : Buffer.alloc(0);
    const header = headerOf(entry, isSparse ? sparseWords(entry.path, content.size) : {});
    header.size = map.length + stored;
    if (isSparse) header.name = entry.path.replace(/([^/]*)$/, 'GNUSparseFile.0/$1');
    await new Promise<void>((resolve, reject) => {
      const sink = this.#pack.entry(header, (error) => (error == null ? resolve() : reject(error)));
      sink.on('error', reject);
      const bytes = storedBytes(content, stretches);
      const next = (): void => {
        try {
          for (let step = bytes.next(); step.done !== true; step = bytes.next())
            if (!sink.write(step.value)) {
              sink.once('drain', next);
              return;
            }
          sink.end(undefined);
        } catch (error) {
          reject(error);
        }
      };
      if (map.length > 0) sink.write(map);
      next();
    }).catch((error: unknown) => this.#fail(error));
    this.#check();
    return { bytes: content.size, ...told };
  }

  /** Ends the archive, and gives it its name. @throws CannotSave */
  async end(): Promise<void> {
    this.#pack.finalize();
    await this.#ended.catch((error: unknown) => this.#fail(error));
    this.#check();
    this.#file.finish();
  }

  /** Leaves nothing behind. */
  abandon(): void {
    this.#file.discard();
    this.#pack.destroy();
  }

  #write(bytes: Uint8Array): void {
    if (this.#failure !== undefined) return;
    try {
      this.#file.write(bytes, this.#length);
      this.#length += bytes.length;
    } catch (error) {
      // Told when the entry at hand is done: a stream that is destroyed throws where nobody catches it.
      this.#failure = error;
    }
  }

  #fail(error: unknown): void {
    this.#failure ??= error;
  }

  #check(): void {
    if (this.#failure === undefined) return;
    attempt(this.#file.path, () => {
      throw this.#failure;
    });
  }
}

function headerOf(
  { path, type, mode, uid, gid, times, linkname, device }: TarEntry,
  words: Readonly<Record<string, string>> = {},
): Partial<Header> & { name: string } {
  const seconds = Math.min(MOST_SECONDS, Math.max(0, Math.trunc(Number(times.mtime))));
  const large = (name: string, id: number): Readonly<Record<string, string>> =>
    id > MOST_ID ? { [name]: String(id) } : {};
  return {
    name: path,
    type,
    mode: mode & 0o7777,
    uid: Math.min(uid, MOST_ID),
    gid: Math.min(gid, MOST_ID),
    mtime: new Date(seconds * 1000),
    size: 0,
    ...(linkname === undefined ? {} : { linkname }),
    ...(device === undefined ? {} : { devmajor: device.major, devminor: device.minor }),
    pax: { ...times, ...large('uid', uid), ...large('gid', gid), ...words },
  };
}

const sparseWords = (path: string, size: number): Readonly<Record<string, string>> => ({
  'GNU.sparse.major': '1',
  'GNU.sparse.minor': '0',
  'GNU.sparse.name': path,
  'GNU.sparse.realsize': String(size),
});

/** How many stretches there are, and of each where it begins and how long it is, in blocks of the archive. The last tells where the file ends. */
function sparseMap(stretches: readonly Stretch[], size: number): Buffer {
  const last = stretches.at(-1);
  const all =
    last === undefined || last.at + last.length < size ? [...stretches, { at: size, length: 0 }] : stretches;
  const text = `${all.length}\n${all.map(({ at, length }) => `${at}\n${length}\n`).join('')}`;
  return Buffer.concat([Buffer.from(text)], Math.ceil(text.length / BLOCK_BYTES) * BLOCK_BYTES);
}

/** The bytes of the stretches, one after the other: the pieces are gone through again. */
function* storedBytes(
  { pieces }: Pick<Artefact, 'pieces'>,
  stretches: readonly Stretch[],
): Generator<Uint8Array> {
  let nth = 0;
  for (const piece of pieces()) {
    if (!('bytes' in piece)) continue;
    const end = piece.at + piece.bytes.length;
    for (; nth < stretches.length; nth++) {
      const { at, length } = stretches[nth]!;
      if (at >= end) break;
      const from = Math.max(at, piece.at);
      const until = Math.min(at + length, end);
      if (until > from) yield piece.bytes.subarray(from - piece.at, until - piece.at);
      if (at + length > end) break;
    }
  }
}
