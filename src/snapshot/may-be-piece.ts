// Whether a file may be one of several that are read as one: a glance that costs next to nothing, since nearly none is.
// Whoever opens a snapshot asks this first.
import { closeSync, constants, lstatSync, openSync, readSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { KDUMP_MAGIC, readKdumpHeader } from './kdump-header.ts';
import { countingsOf } from './piece-names.ts';

/** Whether the first of the pieces that `path` may be one of is there, or its own headers say that it is a part of a dump. */
export function mayBePiece(path: string): boolean {
  const name = basename(path);
  try {
    const isFirstThere = countingsOf(name).some(
      ({ indexOf, nameOf }) =>
        indexOf(name) !== undefined &&
        lstatSync(join(dirname(path), nameOf(0)), { throwIfNoEntry: false }) !== undefined,
    );
    return isFirstThere || isShare(path);
  } catch {
    return false; // whoever opens the file says what keeps it from being looked at
  }
}

/** @throws what the system says, or SnapshotError */
function isShare(path: string): boolean {
  const fd = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK);
  try {
    const bytes = (offset: number, length: number): Buffer => {
      const into = Buffer.alloc(length);
      return readSync(fd, into, 0, length, offset) < length ? Buffer.alloc(length) : into;
    };
    const isKdump = bytes(0, KDUMP_MAGIC.length).equals(KDUMP_MAGIC);
    return isKdump && readKdumpHeader({ path, bytes }).share !== null;
  } finally {
    closeSync(fd);
  }
}
