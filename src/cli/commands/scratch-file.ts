// Temporary files without a name, for sections that are too long to keep in memory.
// They disappear with the process, however it ends.
import { mkdtempSync, openSync, readSync, rmSync, writeSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { UnreadableFile } from '../../base/errors.ts';
import type { Scratch, ScratchFile } from '../../debuginfo/section-bytes.ts';

/** Files without a name in the folder for temporary files: whatever ends the process takes them away. */
export const scratchOnDisk: Scratch = {
  create(): ScratchFile {
    const folder = explained(() => mkdtempSync(join(tmpdir(), 'vestige-')));
    const path = join(folder, 'unpacked');
    const descriptor = explained(() => openSync(path, 'wx+', 0o600));
    rmSync(folder, { recursive: true });
    let sizeBytes = 0;
    return {
      path,
      get sizeBytes() {
        return sizeBytes;
      },
      append(bytes) {
        for (let done = 0; done < bytes.length; )
          done += explained(() => writeSync(descriptor, bytes, done, bytes.length - done, sizeBytes + done));
        sizeBytes += bytes.length;
      },
      read: (offset, into) =>
        explained(() => {
          let done = 0;
          for (let had = -1; had !== 0 && done < into.length; done += had)
            had = readSync(descriptor, into, done, into.length - done, offset + done);
          return done;
        }),
    };
  },
};

/** A disk that is full is no bug. */
function explained<T>(work: () => T): T {
  try {
    return work();
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    throw new UnreadableFile(
      `cannot unpack to a temporary file in ${tmpdir()}: ${code ?? String(error)}; TMPDIR names another folder`,
    );
  }
}
