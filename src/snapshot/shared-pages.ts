// The pages of a kdump that makedumpfile wrote into several files at once (--split): each has headers and bitmaps of its own,
// the same in all, and the pages of some frames.

import { hex } from '../base/address.ts';
import { BadSnapshot, CutSnapshot } from '../base/errors.ts';
import type { FilePiece } from '../memory/origin.ts';
import { exactly, type SnapshotBytes } from './file.ts';
import { Frames } from './frames.ts';
import { KDUMP_MAGIC, type KdumpHeader, readKdumpHeader, type Share } from './kdump-header.ts';
import { KdumpPages, type PageStore } from './kdump-pages.ts';

/** Shares that a note lists. */
const MOST_NAMED = 4;

/** One of the files, and the frames of which it has the pages. */
interface Part extends Share {
  readonly pages: KdumpPages;
  readonly offset: number;
}

/** The pages of all the files, found by their frames. */
export class SharedPages implements PageStore {
  readonly #parts: readonly Part[];
  readonly #stored: Frames;
  readonly #lacksShare: boolean;
  /** The one that was asked last: most frames are asked for one after the other. */
  #last: Part | undefined;

  /** @param notes is told of frames of which no file has the pages. @throws BadSnapshot where a file's share makes no sense */
  constructor(file: SnapshotBytes, header: KdumpHeader, stored: Frames, notes: string[]) {
    const parts: Part[] = [];
    for (const [bytes, own] of partsOf(file, header)) {
      const share = own.share ?? { start: 0, end: 0 };
      if (share.start > share.end || share.end > own.frames)
        throw new BadSnapshot(
          `${bytes.path} claims the frames ${share.start} to ${share.end} of ${own.frames}`,
        );
      // Descriptors are counted from the first frame of the share on (makedumpfile, write_kdump_pages).
      const pages = new KdumpPages(bytes, own, stored.within(share.start, share.end));
      parts.push({ ...share, pages, offset: bytes.offset });
    }
    this.#parts = parts.sort((a, b) => a.start - b.start);
    this.#stored = stored;
    const lacking = sharesBetween(this.#parts, header.frames).filter(
      ({ start, end }) => stored.within(start, end).count > 0,
    );
    this.#lacksShare = lacking.length > 0;
    if (lacking.length > 0) notes.push(lackingText(lacking, stored, header.blockBytes));
  }

  read(frame: number, into: Uint8Array): boolean {
    return this.#partOf(frame)?.pages.read(frame, into) ?? false;
  }

  gather(first: number, end: number, into: Buffer, offset: number): number {
    const part = this.#partOf(first);
    return part === undefined || end > part.end ? -1 : part.pages.gather(first, end, into, offset);
  }

  firstByte(frame: number): number {
    return this.#partOf(frame)?.pages.firstByte(frame) ?? -1;
  }

  position(frame: number, within: number): number | null {
    return this.#partOf(frame)?.pages.position(frame, within) ?? null;
  }

  isCut(): boolean {
    return this.#lacksShare || this.#parts.some(({ pages }) => pages.isCut());
  }

  present(): Frames {
    const all = new Frames();
    for (const { pages, start, end } of this.#parts) {
      const here = pages.isCut() ? pages.present() : this.#stored.within(start, end);
      here.starts.forEach((from, run) => {
        all.add(from, here.ends[run]!);
      });
    }
    return all;
  }

  storedEnd(): number {
    return this.#parts.reduce((end, { pages, offset }) => Math.max(end, offset + pages.storedEnd()), 0);
  }

  #partOf(frame: number): Part | undefined {
    const last = this.#last;
    if (last !== undefined && frame >= last.start && frame < last.end) return last;
    this.#last = this.#parts.find(({ start, end }) => frame >= start && frame < end);
    return this.#last;
  }
}

/** The files with their headers; one by itself is all that there is. */
function* partsOf(file: SnapshotBytes, header: KdumpHeader): Generator<[PartBytes, KdumpHeader]> {
  // A file that holds some frames may have been split once more, as any file.
  if (!file.pieces.every(({ offset }) => beginsLikeKdump(file, offset)) || file.pieces.length === 0) {
    yield [new PartBytes(file, { path: file.path, offset: 0, sizeBytes: file.sizeBytes }), header];
    return;
  }
  for (const piece of file.pieces) {
    const bytes = new PartBytes(file, piece);
    try {
      yield [bytes, readKdumpHeader(bytes)];
    } catch (error) {
      if (!(error instanceof CutSnapshot)) throw error;
      file.trouble(error.message); // its share is missing
    }
  }
}

function beginsLikeKdump(file: SnapshotBytes, offset: number): boolean {
  const head = Buffer.alloc(KDUMP_MAGIC.length);
  return file.read(offset, head) === head.length && head.equals(KDUMP_MAGIC);
}

/** One of several files that are read as one. */
class PartBytes implements SnapshotBytes {
  readonly path: string;
  readonly sizeBytes: number;
  readonly offset: number;
  readonly pieces = [];
  readonly isSparse: boolean;
  readonly #file: SnapshotBytes;

  constructor(
    file: SnapshotBytes,
    { path, offset, sizeBytes }: Pick<FilePiece, 'path' | 'offset' | 'sizeBytes'>,
  ) {
    this.#file = file;
    this.path = path;
    this.offset = offset;
    this.sizeBytes = sizeBytes;
    this.isSparse = file.isSparse;
  }

  read(offset: number, into: Uint8Array): number {
    const there = Math.max(0, Math.min(into.length, this.sizeBytes - offset));
    return this.#file.read(this.offset + offset, into.subarray(0, there));
  }

  bytes(offset: number, length: number, what: string): Buffer {
    return exactly(this, offset, length, what);
  }

  position(offset: number): number | null {
    return offset < 0 || offset >= this.sizeBytes ? null : this.#file.position(this.offset + offset);
  }

  trouble(message: string): void {
    this.#file.trouble(message);
  }
}

/** The frames that are in no share. */
function sharesBetween(parts: readonly Share[], frames: number): Share[] {
  const between: Share[] = [];
  let at = 0;
  for (const { start, end } of parts) {
    if (start > at) between.push({ start: at, end: start });
    at = Math.max(at, end);
  }
  if (at < frames) between.push({ start: at, end: frames });
  return between;
}

function lackingText(lacking: readonly Share[], stored: Frames, blockBytes: number): string {
  const pages = lacking.reduce((sum, { start, end }) => sum + stored.within(start, end).count, 0);
  const named = lacking
    .slice(0, MOST_NAMED)
    .map(
      ({ start, end }) =>
        `${start} to ${end - 1} (memory ${hex(start * blockBytes)}-${hex(end * blockBytes)})`,
    );
  const more = lacking.length > MOST_NAMED ? ' and others' : '';
  return (
    `the dump was split, and of ${pages} of its ${stored.count} stored pages the files are not here: ` +
    `page frames ${named.join(', ')}${more}`
  );
}
