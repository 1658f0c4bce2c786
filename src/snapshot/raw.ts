import { physical } from '../base/address.ts';
import { UnknownFormat } from '../base/errors.ts';
import { PAGE_BYTES } from '../memory/source.ts';
import type { SnapshotFormat } from './format.ts';
import { readSegments } from './segments.ts';

/** No machine that Linux runs on has less memory; a smaller file is something else. */
const MINIMUM_BYTES = 2 ** 20;

/**
 * Physical memory byte by byte, with no header: `pmemsave`, `dd`, a memory backend's file, a VMware .vmem.
 *
 * There is nothing to recognise, so it is what remains when every other format has said no. A file too small to
 * be memory is refused, unless the user says by giving a base address that it is.
 */
export const raw: SnapshotFormat = {
  name: 'raw',
  summary: 'physical memory byte by byte, no header (pmemsave, dd, .vmem)',
  recognises: () => true,
  open(file, { base }) {
    if (base === undefined && file.sizeBytes < MINIMUM_BYTES) {
      throw new UnknownFormat(
        `${file.path} is no snapshot: no known format, and with ${file.sizeBytes} bytes too small to be raw memory`,
      );
    }
    const start = physical(base ?? 0);
    const rest = file.sizeBytes % PAGE_BYTES;
    const { source } = readSegments(file, [{ start, end: physical(start + file.sizeBytes), offset: 0 }]);
    return {
      source,
      vmcoreinfo: null,
      cpus: [],
      takenAt: null,
      facts: file.isSparse ? { storage: 'sparse' } : {},
      notes: rest === 0 ? [] : [`the file ends ${rest} bytes into a page: that page is left out`],
    };
  },
};
