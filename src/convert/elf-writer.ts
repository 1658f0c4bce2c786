// Writes an ELF core dump of a machine: a PT_NOTE with the CPUs and VMCOREINFO, a PT_LOAD for each range of memory.
// elf(5); QEMU, dump/dump.c. Of 32 bits for i386 where every address fits. crash wants the headers in front.
import { UnsupportedSnapshot } from '../base/errors.ts';
import type { From, Machine } from './from.ts';
import { withVmcoreinfo } from './notes.ts';
import { type MemoryWriter, type Output, writeSparsely } from './writer.ts';

const PAGE_BYTES = 4096;
const FOUR_GIB = 2 ** 32;
/** Room for ranges that pages cut that could not be read: those past it are joined, and such pages are zeros. */
const SPARE_SEGMENTS = 1024;
/** More have another place for their number (PN_XNUM), which crash does not look at. */
const MOST_SEGMENTS = 0xfffe;
const PT_LOAD = 1;
const PT_NOTE = 4;
const ET_CORE = 4;
const MACHINES: Readonly<Record<Machine, number>> = { 'x86-64': 62, i386: 3, aarch64: 183 };

interface Segment {
  readonly start: number;
  readonly offset: number;
  length: number;
}

/** @throws UnsupportedSnapshot where its headers have no room for as many ranges */
export function elfWriter(from: From & { readonly machine: Machine }, output: Output): MemoryWriter {
  const { source, machine, vmcoreinfo } = from;
  const notes = withVmcoreinfo(from.notes, vmcoreinfo);
  const isWide = machine !== 'i386' || (source.ranges.at(-1)?.end ?? 0) > FOUR_GIB;
  const sizes = isWide ? { header: 64, segment: 56 } : { header: 52, segment: 32 };
  if (source.ranges.length > MOST_SEGMENTS)
    throw new UnsupportedSnapshot(
      `it has ${source.ranges.length} ranges of memory, and an ELF core has room for ${MOST_SEGMENTS}: --to lime or kdump`,
    );
  const room = Math.min(MOST_SEGMENTS, source.ranges.length + SPARE_SEGMENTS);
  const notesAt = sizes.header + (room + 1) * sizes.segment;
  let end = Math.ceil((notesAt + notes.length) / PAGE_BYTES) * PAGE_BYTES;
  const segments: Segment[] = [];
  return {
    put(at, bytes) {
      const last = segments.at(-1);
      const next = last === undefined ? -1 : last.start + last.length;
      if (next === at) last!.length += bytes.length;
      else if (segments.length < room) segments.push({ start: at, offset: end, length: bytes.length });
      else {
        // No room: the pages between are there as zeros.
        end += at - next;
        last!.length += at - next + bytes.length;
      }
      writeSparsely(output, bytes, end);
      end += bytes.length;
    },
    finish() {
      const table = Buffer.alloc(sizes.header + (segments.length + 1) * sizes.segment);
      writeHeader(table, isWide, MACHINES[machine], segments.length + 1);
      const place = (nth: number): Buffer => table.subarray(sizes.header + nth * sizes.segment);
      writeSegment(place(0), isWide, { type: PT_NOTE, offset: notesAt, start: 0, length: notes.length });
      for (const [nth, segment] of segments.entries())
        writeSegment(place(nth + 1), isWide, { type: PT_LOAD, ...segment });
      output.write(table, 0);
      output.write(notes, notesAt);
      return end;
    },
  };
}

function writeHeader(header: Buffer, isWide: boolean, machine: number, segments: number): void {
  header.write('\x7fELF', 'latin1');
  header.set([isWide ? 2 : 1, 1, 1], 4);
  header.writeUInt16LE(ET_CORE, 16);
  header.writeUInt16LE(machine, 18);
  header.writeUInt32LE(1, 20);
  header.writeUInt32LE(isWide ? 64 : 52, isWide ? 32 : 28); // e_phoff
  const halves = isWide ? 52 : 40;
  header.writeUInt16LE(isWide ? 64 : 52, halves);
  header.writeUInt16LE(isWide ? 56 : 32, halves + 2);
  header.writeUInt16LE(segments, halves + 4);
}

function writeSegment(
  into: Buffer,
  isWide: boolean,
  { type, offset, start, length }: Segment & { readonly type: number },
): void {
  const memory = type === PT_NOTE ? 0 : length;
  if (isWide) {
    into.writeUInt32LE(type, 0);
    for (const [nth, word] of [offset, 0, start, length, memory, 0].entries())
      into.writeBigUInt64LE(BigInt(word), 8 + 8 * nth);
    return;
  }
  for (const [nth, word] of [type, offset, 0, start, length, memory, 0, 0].entries())
    into.writeUInt32LE(word, 4 * nth);
}
