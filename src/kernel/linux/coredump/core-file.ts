// A core file of a process, as the kernel would have written it at that moment: gdb opens it.
// Linux: fs/binfmt_elf.c (elf_core_dump), include/uapi/linux/elf.h. What is nowhere in memory has a segment without bytes.
import { unlessFault } from '../../../base/unless-fault.ts';
import { type Piece, piecesOf, stretchesOf } from '../memory/pieces.ts';
import { type Area, areasOf } from '../process/areas.ts';
import type { Task } from '../process/task.ts';
import { abiOf, type CoreAbi } from './core-abi.ts';
import { type CoreSegment, headerBytes, headersOf } from './core-headers.ts';
import { notesOf } from './core-notes.ts';

/** Segments of one file: vm.max_map_count is 65,530, and a mapping may have holes. What more there are of these are zeros in the file. */
const MOST_SEGMENTS = 262_144;
const PAGE_BYTES = 4096;
// include/linux/mm.h VM_READ, VM_WRITE, VM_EXEC; include/uapi/linux/elf.h PF_R, PF_W, PF_X.
const RIGHTS: readonly (readonly [vm: bigint, elf: number])[] = [
  [1n, 4],
  [2n, 2],
  [4n, 1],
];

/** What is written of a process. */
export interface CoreFile {
  readonly size: number;
  /** Bytes of mappings that are nowhere in memory, by reason: their segments have none in the file. */
  readonly absent: Readonly<Record<string, number>>;
  /** Sentences on what it lacks beside. */
  readonly remarks: readonly string[];
  pieces(): Iterable<Piece>;
}

/** The core file of a process; null for threads of the kernel and zombies, which have no memory. @throws EvidenceFault */
export function coreOf(task: Task): CoreFile | null {
  const { memory, kernel } = task;
  if (memory === null) return null;
  const abi = abiOf(memory);
  const areas: Area[] = [];
  const remarks = kernel.notedApart(() => {
    // As many as somebody wants: no call takes them all as arguments.
    for (const area of areasOf(task)) areas.push(area);
  });
  const notes = notesOf({ task, memory, areas, abi });
  const absent: Record<string, number> = {};
  const segments = segmentsOf(task, areas, absent, remarks);
  const heads = headerBytes(abi, segments.length);
  let end = roundedUp(heads + notes.bytes.length);
  for (const segment of segments) {
    segment.offset = end;
    end += segment.fileBytes;
  }
  return {
    ...{ size: end, absent, remarks: [...remarks, ...notes.remarks] },
    pieces: () => piecesOfCore(task, abi, segments, notes.bytes, heads),
  };
}

const roundedUp = (bytes: number): number => Math.ceil(bytes / PAGE_BYTES) * PAGE_BYTES;

/** Segments of all mappings: stretches that memory has, and stretches that it has not. */
function segmentsOf(
  task: Task,
  areas: readonly Area[],
  absent: Record<string, number>,
  remarks: string[],
): CoreSegment[] {
  const segments: CoreSegment[] = [];
  const space = task.userSpace!;
  for (const area of areas) {
    const bounds = unlessFault(() => ({ start: area.start, end: area.end, rights: rightsOf(area) }), null);
    if (bounds === null) {
      remarks.push('a mapping cannot be read');
      continue;
    }
    const { start, end, rights } = bounds;
    for (const { at, length, why } of stretchesOf(space, start, Number(end - start))) {
      const address = start + BigInt(at);
      const last = at === 0 ? undefined : segments.at(-1);
      const isFull = segments.length >= MOST_SEGMENTS;
      // Past the bound what is there and what is not share a segment; of one with bytes the pieces tell what is missing.
      const joins = last !== undefined && (last.fileBytes > 0 === (why === null) || isFull);
      const hasBytes = joins ? last.fileBytes > 0 : why === null;
      if (!hasBytes) count(absent, why ?? 'beyond-bounds', length);
      if (joins) {
        last.memoryBytes += length;
        if (hasBytes) last.fileBytes += length;
        continue;
      }
      if (isFull) {
        remarks.push(
          `more than ${MOST_SEGMENTS} segments: the mappings from 0x${address.toString(16)} on are left out`,
        );
        return segments;
      }
      segments.push({ address, memoryBytes: length, fileBytes: hasBytes ? length : 0, rights, offset: 0 });
    }
  }
  return segments;
}

function count(absent: Record<string, number>, why: string, length: number): void {
  absent[why] = (absent[why] ?? 0) + length;
}

function rightsOf({ raw }: Area): number {
  const flags = raw.vm_flags;
  return RIGHTS.reduce((rights, [vm, elf]) => ((flags & vm) === 0n ? rights : rights | elf), 0);
}

function* piecesOfCore(
  task: Task,
  abi: CoreAbi,
  segments: readonly CoreSegment[],
  notes: Uint8Array,
  heads: number,
): Generator<Piece> {
  const head = new Uint8Array(roundedUp(heads + notes.length));
  head.set(headersOf(abi, segments, notes.length, PAGE_BYTES));
  head.set(notes, heads);
  yield { at: 0, bytes: head };
  for (const { address, fileBytes, offset } of segments)
    if (fileBytes > 0) yield* piecesOf(task.userSpace!, address, fileBytes, offset);
}
