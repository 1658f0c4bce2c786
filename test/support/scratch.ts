import type { Scratch } from '../../src/debuginfo/section-bytes.ts';
import { imageFile } from './elf-object.ts';

/** Unpacked sections, kept in memory. */
export const scratchInMemory: Scratch = {
  create() {
    let all: Uint8Array = new Uint8Array(0);
    return {
      path: 'scratch',
      get sizeBytes() {
        return all.length;
      },
      append(bytes) {
        all = Buffer.concat([all, bytes]);
      },
      read: (offset, into) => imageFile(all).read(offset, into),
    };
  },
};
