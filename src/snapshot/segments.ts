// Memory that a file stores in plain segments, checked and sorted.
// ELF, LiME and raw files are read through it.
import { hex, type PhysicalAddress, physical } from '../base/address.ts';
import { PAGE_BYTES, type PhysicalRange, type PhysicalSource, rangeIndexOf } from '../memory/source.ts';
import type { SnapshotBytes } from './file.ts';
import { partsHad } from './gaps.ts';

/** Physical addresses have at most 52 bits on every architecture we read (Intel SDM vol. 3A, 4.1.4; Arm ARM, D8.1). */
export const MAXIMUM_PHYSICAL = 2 ** 52;

/** Segments of one file that are believed: some 30 MB of them. Real dumps have tens, filtered ones tens of thousands. */
export const MAXIMUM_SEGMENTS = 2 ** 18;

/** Overlaps that are compared byte by byte to tell a harmless copy from a contradiction. */
const COMPARED_OVERLAPS = 64;

/** Physical memory from `start` up to and without `end`, in bytes and not aligned, stored plainly at `offset` of the file. */
export interface Segment {
  readonly start: PhysicalAddress;
  readonly end: PhysicalAddress;
  readonly offset: number;
}

/** Memory that a file stores in plain segments, and what is wrong with them. */
export interface Segments {
  readonly source: PhysicalSource;
  /** Why the file holds less than the segments claim, which is one of `notes`; null where it holds all. */
  readonly cut: string | null;
  readonly notes: readonly string[];
}

/**
 * A source over plain segments in any order. Segments that the file is too short for are cut and said; of two
 * that hold the same address the one that begins first is used, and a note says so where their bytes differ.
 */
export function readSegments(file: SnapshotBytes, claimed: readonly Segment[]): Segments {
  const { stored, cut } = clipped(file, claimed);
  const notes = cut === null ? [] : [cut];
  const segments = disjoint(file, stored, notes);
  return { source: sourceOf(file, segments), cut, notes };
}

/** Cuts what lies past the end of the file, or in a piece of it that is missing, so that ranges say what the file really holds. */
function clipped(
  file: SnapshotBytes,
  claimed: readonly Segment[],
): { readonly stored: Segment[]; readonly cut: string | null } {
  const stored: Segment[] = [];
  let missing = 0;
  let first = Number.POSITIVE_INFINITY;
  for (const segment of claimed) {
    let at: number = segment.start;
    const lack = (until: number): void => {
      if (until <= at) return;
      missing += until - at;
      first = Math.min(first, at);
    };
    for (const { offset, length } of partsHad(file, segment.offset, segment.end - segment.start)) {
      const start = physical(segment.start + (offset - segment.offset));
      lack(start);
      at = start + length;
      stored.push({ start, end: physical(at), offset });
    }
    lack(segment.end);
  }
  const cut =
    missing === 0 ? null : `the file is cut: ${missing} bytes of memory are missing, from ${hex(first)} on`;
  return { stored, cut };
}

/** Sorted, without overlaps, and with neighbours joined that also are neighbours in the file. */
function disjoint(file: SnapshotBytes, stored: Segment[], notes: string[]): Segment[] {
  stored.sort((a, b) => a.start - b.start);
  const segments: Segment[] = [];
  let contradictions = 0;
  let compared = 0;
  let first = 0;
  for (const segment of stored) {
    const last = segments.at(-1);
    if (last === undefined || segment.start > last.end) {
      segments.push(segment);
      continue;
    }
    const isSamePlace = segment.offset - segment.start === last.offset - last.start;
    const overlap = Math.min(last.end, segment.end) - segment.start;
    if (
      !isSamePlace &&
      overlap > 0 &&
      compared++ < COMPARED_OVERLAPS &&
      !isSame(file, last, segment, overlap)
    ) {
      if (contradictions++ === 0) first = segment.start;
    }
    if (segment.end <= last.end) continue;
    if (isSamePlace) segments[segments.length - 1] = { ...last, end: segment.end };
    else segments.push({ start: last.end, end: segment.end, offset: segment.offset + overlap });
  }
  if (contradictions > 0) {
    const which =
      contradictions === 1 ? 'a segment contradicts an' : `${contradictions} segments contradict an`;
    notes.push(
      `${which}other that holds the same memory, at ${hex(first)}: the one that begins first is used`,
    );
  }
  return segments;
}

/**
 * Whether two segments agree on the first page they share. A copy of `/proc/vmcore` holds the kernel's own
 * pages twice, in a segment of their own and in that of the RAM around them: no contradiction.
 */
function isSame(file: SnapshotBytes, one: Segment, other: Segment, overlap: number): boolean {
  const length = Math.min(overlap, PAGE_BYTES);
  const a = Buffer.alloc(length);
  const b = Buffer.alloc(length);
  file.read(one.offset + (other.start - one.start), a);
  file.read(other.offset, b);
  return a.equals(b);
}

function sourceOf(file: SnapshotBytes, segments: readonly Segment[]): PhysicalSource {
  const segmentAt = (at: number) => segments[rangeIndexOf(segments, at)];
  return {
    ranges: wholePages(segments),
    costlyPages: false,
    read(at, into) {
      let done = 0;
      while (done < into.length) {
        const segment = segmentAt(at + done);
        if (segment === undefined) break;
        const length = Math.min(into.length - done, segment.end - (at + done));
        const had = file.read(
          segment.offset + (at + done - segment.start),
          into.subarray(done, done + length),
        );
        done += had;
        if (had < length) break;
      }
      return Math.floor(done / PAGE_BYTES) * PAGE_BYTES;
    },
    fileOffset(at) {
      const segment = segmentAt(at);
      return segment === undefined ? null : file.position(segment.offset + (at - segment.start));
    },
  };
}

/** The whole pages in sorted segments; a page that two segments share is whole where they touch. */
function wholePages(segments: readonly Segment[]): PhysicalRange[] {
  const ranges: PhysicalRange[] = [];
  for (let index = 0; index < segments.length; ) {
    const start = physical(Math.ceil(segments[index]!.start / PAGE_BYTES) * PAGE_BYTES);
    let reach: number = segments[index]!.end;
    while (++index < segments.length && segments[index]!.start === reach) reach = segments[index]!.end;
    const end = physical(Math.floor(reach / PAGE_BYTES) * PAGE_BYTES);
    if (start < end) ranges.push({ start, end });
  }
  return ranges;
}
