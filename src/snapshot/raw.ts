import { physical } from '../base/address.ts';
import { PAGE_BYTES, type PhysicalRange, type PhysicalSource } from '../memory/source.ts';
import type { SnapshotFormat } from './format.ts';

/**
 * Physical memory byte by byte, with no header: `pmemsave`, `dd`, a memory backend's file, a VMware .vmem.
 *
 * There is nothing to recognise, so it is what remains when every other format has said no.
 */
export const raw: SnapshotFormat = {
  name: 'raw',
  summary: 'physical memory byte by byte, no header (pmemsave, dd, .vmem)',
  recognises: () => true,
  open(file, { base = 0 }) {
    const whole = Math.floor(file.sizeBytes / PAGE_BYTES) * PAGE_BYTES;
    const ranges: readonly PhysicalRange[] =
      whole === 0 ? [] : [{ start: physical(base), end: physical(base + whole) }];
    const source: PhysicalSource = {
      ranges,
      costlyPages: false,
      read: (at, into) => Math.floor(file.read(at - base, into) / PAGE_BYTES) * PAGE_BYTES,
      fileOffset: (at) => (at >= base && at < base + whole ? at - base : null),
    };
    const rest = file.sizeBytes - whole;
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
