// The format raw: physical memory byte by byte, without headers.
// Nothing recognises it, so it is taken if no other format fits.
import { physical } from '../base/address.ts';
import { UnknownFormat } from '../base/errors.ts';
import { PAGE_BYTES } from '../memory/source.ts';
import type { SnapshotFormat } from './format.ts';
import { readSegments, type Segment } from './segments.ts';

const FOUR_GIB = 2 ** 32;
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
  open(file, { base, hole, map }) {
    if (base === undefined && map === undefined && file.sizeBytes < MINIMUM_BYTES) {
      throw new UnknownFormat(
        `${file.path} is no snapshot: no known format, and with ${file.sizeBytes} bytes too small to be raw memory`,
      );
    }
    const start = physical(base ?? 0);
    const rest = file.sizeBytes % PAGE_BYTES;
    const end = physical(start + file.sizeBytes);
    const pieces =
      map?.map((piece) => ({ ...piece, start: physical(piece.start), end: physical(piece.end) })) ??
      (hole === undefined ? [{ start, end, offset: 0 }] : aroundHole(end, hole));
    const { source, cut, notes } = readSegments(file, pieces);
    const isTold = map !== undefined || file.pieces.some(({ state }) => state === null);
    return {
      source,
      vmcoreinfo: null,
      cpus: [],
      takenAt: null,
      cut: isTold ? cut : null, // else nothing says how long it should be, but for the kernel inside
      facts: {
        ...(file.isSparse ? { storage: 'sparse' } : {}),
        ...(hole === undefined
          ? {}
          : { layout: `without the ${hole / 2 ** 30} GiB below 4 GiB that are no RAM` }),
      },
      notes: [...(isTold ? notes : []), ...(map !== undefined || rest === 0 ? [] : [endText(rest)])],
    };
  },
};

const endText = (bytes: number): string => `the file ends ${bytes} bytes into a page: that page is left out`;

/** A PC's RAM in one piece, as a memory backend's file has it: below the hole, then from 4 GiB on. */
function aroundHole(end: number, hole: number): Segment[] {
  const below = FOUR_GIB - hole;
  return [
    { start: physical(0), end: physical(below), offset: 0 },
    { start: physical(FOUR_GIB), end: physical(end + hole), offset: below },
  ];
}
