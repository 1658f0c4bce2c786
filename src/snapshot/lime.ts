// The format LiME: a header of 32 bytes before each range of RAM.
// LiME: doc/README.md, version 1.
import { hex, physical } from '../base/address.ts';
import { BadSnapshot, CutSnapshot, UnsupportedSnapshot } from '../base/errors.ts';
import type { SnapshotBytes } from './file.ts';
import type { SnapshotFormat } from './format.ts';
import { MAXIMUM_PHYSICAL, MAXIMUM_SEGMENTS, readSegments, type Segment } from './segments.ts';

/** `EMiL` in the file: 0x4C694D45, little-endian. */
const MAGIC = Buffer.from('EMiL', 'latin1');
const HEADER_BYTES = 32;

/**
 * What the Linux Memory Extractor writes by default: before each range of RAM a header of 32 bytes (magic,
 * version, first address, last address, 8 reserved; LiME, doc/README.md, "Spec"). AVML writes the same without
 * `--compress`. Ranges come from the machine's own memory map and need not begin or end with a page.
 */
export const lime: SnapshotFormat = {
  name: 'lime',
  summary: 'LiME ranges, version 1 (LiME, AVML without compression)',
  recognises: (head) => head.subarray(0, 4).equals(MAGIC),
  open(file) {
    const notes: string[] = [];
    const { segments: claimed, cut: cutHeader } = readHeaders(file, notes);
    const { source, cut, notes: aboutSegments } = readSegments(file, claimed);
    return {
      source,
      vmcoreinfo: null,
      cpus: [],
      takenAt: null,
      facts: { segments: String(claimed.length) },
      cut: cut ?? cutHeader,
      storedEnd: () =>
        claimed.reduce((last, { start, end, offset }) => Math.max(last, offset + end - start), 0),
      notes: [...notes, ...aboutSegments],
    };
  },
};

/** All headers up to the end of the file or the first that is none, and the note that says that one is cut. Only the first must be sound. */
function readHeaders(
  file: SnapshotBytes,
  notes: string[],
): { readonly segments: Segment[]; readonly cut: string | null } {
  const segments: Segment[] = [];
  let cut: string | null = null;
  const header = Buffer.alloc(HEADER_BYTES);
  for (let offset = 0; offset < file.sizeBytes; ) {
    const had = file.read(offset, header);
    const wrong = faultOf(header.subarray(0, had));
    if (wrong !== null) {
      if (offset === 0)
        throw new (wrong.kind ?? BadSnapshot)(`${file.path} is no sound LiME file: ${wrong.why}`);
      const note = `the last ${file.sizeBytes - offset} bytes of the file are left out: ${wrong.why}`;
      notes.push(note);
      if (wrong.kind === CutSnapshot) cut = note;
      break;
    }
    if (segments.length === MAXIMUM_SEGMENTS) {
      notes.push(`the file has more than ${MAXIMUM_SEGMENTS} ranges: the others are left out`);
      break;
    }
    const start = Number(header.readBigUInt64LE(8));
    const end = Number(header.readBigUInt64LE(16)) + 1;
    segments.push({ start: physical(start), end: physical(end), offset: offset + HEADER_BYTES });
    offset += HEADER_BYTES + (end - start);
  }
  return { segments, cut };
}

interface Fault {
  readonly why: string;
  readonly kind?: typeof UnsupportedSnapshot | typeof CutSnapshot;
}

function faultOf(header: Buffer): Fault | null {
  if (header.length < HEADER_BYTES) {
    return {
      why: `a header of ${HEADER_BYTES} bytes is cut after ${header.length}`,
      kind: CutSnapshot,
    };
  }
  if (!header.subarray(0, 4).equals(MAGIC))
    return { why: `${hex(header.readUInt32LE(0))} is not the magic of a header` };
  const version = header.readUInt32LE(4);
  if (version !== 1) {
    return { why: `version ${version} of a header is not supported, only 1`, kind: UnsupportedSnapshot };
  }
  const first = header.readBigUInt64LE(8);
  const last = header.readBigUInt64LE(16);
  if (first > last) return { why: `a range ends at ${hex(last)} before it begins at ${hex(first)}` };
  if (last >= BigInt(MAXIMUM_PHYSICAL)) return { why: `${hex(last)} is no physical address` };
  return null;
}
