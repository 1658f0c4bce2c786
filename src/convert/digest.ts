// SHA-256 of a file as it lies, with its progress.
// Holes of large sparse files are told cheaply, and count as the zeros that whoever reads the file sees.
import { createHash } from 'node:crypto';
import { setImmediate } from 'node:timers/promises';
import { UnreadableFile } from '../base/errors.ts';
import { SnapshotFile } from '../snapshot/file.ts';

const WINDOW_BYTES = 1 << 21;
/** Whoever wants to end the process is heard after so many windows. */
const WINDOWS_IN_A_ROW = 8;

/** The digest in hex. @throws UnreadableFile where some of it cannot be read */
export async function digestOf(
  path: string,
  progress: (done: number, total: number) => void,
): Promise<string> {
  const file = new SnapshotFile(path);
  try {
    const { sizeBytes } = file;
    const hash = createHash('sha256');
    const window = Buffer.alloc(WINDOW_BYTES);
    for (let at = 0, nth = 0; at < sizeBytes; at += WINDOW_BYTES, nth++) {
      const bytes = window.subarray(0, Math.min(WINDOW_BYTES, sizeBytes - at));
      if (file.read(at, bytes) < bytes.length)
        throw new UnreadableFile(file.troubles[0] ?? `${path} cannot be read at ${at}`);
      hash.update(bytes);
      if (nth % WINDOWS_IN_A_ROW === 0) {
        progress(at, sizeBytes);
        await setImmediate();
      }
    }
    progress(sizeBytes, sizeBytes);
    return hash.digest('hex');
  } finally {
    file.close();
  }
}
