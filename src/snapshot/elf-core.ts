// The format ELF core: QEMU's dump-guest-memory, `virsh dump`, /proc/vmcore.
// Each PT_LOAD is a piece of physical memory; notes have registers and VMCOREINFO.
import { physical } from '../base/address.ts';
import { BadSnapshot, UnsupportedSnapshot } from '../base/errors.ts';
import {
  ELF_MAGIC,
  type ElfHeaders,
  type ElfSegment,
  PT_LOAD,
  PT_NOTE,
  readElfHeaders,
} from './elf-header.ts';
import { type ElfNotes, MAXIMUM_NOTE_BYTES, readNotes } from './elf-notes.ts';
import type { SnapshotBytes } from './file.ts';
import type { SnapshotFormat } from './format.ts';
import { MAXIMUM_PHYSICAL, readSegments, type Segment } from './segments.ts';

/**
 * An ELF core dump of a machine: one PT_LOAD for each piece of physical memory, registers and VMCOREINFO in
 * notes. QEMU's `dump-guest-memory`, `virsh dump --memory-only`, VirtualBox, `makedumpfile -E`, a copy of
 * `/proc/vmcore`.
 */
export const elfCore: SnapshotFormat = {
  name: 'elf-core',
  summary: 'ELF core dump of a machine (dump-guest-memory, virsh dump --memory-only, vmcore)',
  recognises: (head) => head.subarray(0, 4).equals(ELF_MAGIC),
  open(file) {
    const headers = readElfHeaders(file);
    const notes = [...headers.notes];
    const elfNotes = readNotes(noteBytes(file, headers, notes));
    if (elfNotes.damage !== null) notes.push(elfNotes.damage);
    const claimed = memoryOf(headers, notes);
    refuseOthers(file, headers, elfNotes);
    const { source, cut, notes: aboutSegments } = readSegments(file, claimed);
    return {
      source,
      vmcoreinfo: elfNotes.vmcoreinfo,
      cpus: elfNotes.cpus,
      rawNotes: () => noteBytes(file, headers, []),
      takenAt: null,
      facts: {
        machine: headers.machine,
        ...(elfNotes.hasQemu ? { dumper: 'QEMU' } : {}),
        segments: String(claimed.length),
      },
      cut: headers.cut ?? cut,
      storedEnd: () => endOf(headers),
      notes: [...notes, ...aboutSegments],
    };
  },
};

const isMemory = (segment: ElfSegment): boolean => segment.type === PT_LOAD && segment.memoryBytes > 0;

const endOf = ({ segments }: ElfHeaders): number =>
  segments.reduce((end, { offset, fileBytes }) => Math.max(end, offset + fileBytes), 0);

/** The bytes of all PT_NOTE segments one after the other, as many as are believed. */
function noteBytes(file: SnapshotBytes, headers: ElfHeaders, notes: string[]): Buffer {
  const parts: Buffer[] = [];
  let total = 0;
  for (const segment of headers.segments) {
    if (segment.type !== PT_NOTE || segment.fileBytes === 0) continue;
    const there = Math.max(0, file.sizeBytes - segment.offset);
    const length = Math.min(segment.fileBytes, there, MAXIMUM_NOTE_BYTES - total);
    if (length < segment.fileBytes)
      notes.push(`${segment.fileBytes - length} bytes of ELF notes are not read`);
    const bytes = Buffer.alloc(length);
    parts.push(bytes.subarray(0, file.read(segment.offset, bytes)));
    total += length;
  }
  return Buffer.concat(parts);
}

/**
 * The memory that the segments stand for. What a segment does not store of its size was left out by the dumper:
 * pages of any kind (makedumpfile) or outside a filter (QEMU), so they are missing and not zeros.
 */
function memoryOf(headers: ElfHeaders, notes: string[]): Segment[] {
  const claimed: Segment[] = [];
  let beyond = 0;
  let leftOut = 0;
  const loads = headers.segments.filter(isMemory);
  for (const segment of loads) {
    const start = physical(segment.physical);
    const length = Math.min(segment.fileBytes, segment.memoryBytes);
    // A copy of /proc/kcore gives vmalloc memory the physical address −1: that memory is in other segments too.
    if (start + segment.memoryBytes > MAXIMUM_PHYSICAL) {
      beyond++;
      continue;
    }
    leftOut += segment.memoryBytes - length;
    if (length > 0) claimed.push({ start, end: physical(start + length), offset: segment.offset });
  }
  if (beyond > 0)
    notes.push(
      `${beyond} of ${loads.length} segments ${beyond === 1 ? 'has' : 'have'} no physical address: left out`,
    );
  if (leftOut > 0) notes.push(`the dumper left out ${leftOut} bytes of memory`);
  return claimed;
}

/** @throws UnsupportedSnapshot where the core dump is of a process, BadSnapshot where it holds no memory at all. */
function refuseOthers(file: SnapshotBytes, headers: ElfHeaders, notes: ElfNotes): void {
  const loads = headers.segments.filter(isMemory);
  // The kernel and gdb write no physical addresses into the core dump of a process.
  const isFlat =
    loads.length > 1 && loads.every((segment) => segment.physical === 0 && segment.virtual !== 0);
  if (notes.isOfProcess || isFlat) {
    throw new UnsupportedSnapshot(`${file.path} is the core dump of a process, not of a machine`);
  }
  if (loads.length === 0) throw new BadSnapshot(`${file.path} is an ELF core dump that holds no memory`);
}
