// The beginning of a file, looked at without opening it as a snapshot.
// Other programs' files are recognised by it.
import { closeSync, constants, openSync, readSync } from 'node:fs';

/** The first bytes of a file, at most so many. @throws what the system says */
export function firstBytes(path: string, most: number): Buffer {
  const fd = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK); // a pipe would wait for a writer
  try {
    const head = Buffer.alloc(most);
    return head.subarray(0, readSync(fd, head, 0, most, 0));
  } finally {
    closeSync(fd);
  }
}
