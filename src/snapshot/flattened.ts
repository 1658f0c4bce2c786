// makedumpfile's flattened form: a dump written into a pipe, with a header before each piece.
// It is read as the file that it stands for.
import { BadSnapshot } from '../base/errors.ts';
import { exactly, type SnapshotBytes } from './file.ts';

const MAGIC = Buffer.from('makedumpfile\0\0\0\0', 'latin1');
/** The header fills this much whatever it says (QEMU, include/sysemu/dump.h, MAX_SIZE_MDF_HEADER). */
const HEADER_BYTES = 4096;
/** Offset and size of a record, big-endian. */
const RECORD_BYTES = 16;

/** Records that are believed: 32 GiB of what QEMU writes, 24 bytes of index for each. */
const MAXIMUM_RECORDS = 2 ** 21;

/** Offsets and sizes that are believed: 4 PiB, far from where a double rounds. */
const MAXIMUM_OFFSET = 2 ** 52;

/** Whether the file is in makedumpfile's flattened form. */
export const isFlattened = (head: Buffer): boolean => head.subarray(0, MAGIC.length).equals(MAGIC);

/**
 * A file in makedumpfile's flattened form, read as the file that it stands for.
 *
 * A dump that goes down a pipe cannot be written at the offsets where it belongs; so it is cut into records of
 * offset, size and bytes, in the order of writing, and ends with a record of −1 (makedumpfile(8), -F; QEMU,
 * dump/dump.c). QEMU writes kdump like this always, up to 8.1 even into files.
 */
export class FlattenedFile implements SnapshotBytes {
  readonly path: string;
  readonly sizeBytes: number;
  readonly pieces = [];
  readonly isSparse = false;
  /** Why it holds less than was to be written, which is one of `notes`; null where it has its end. */
  readonly cut: string | null;
  /** Lowercase sentences: that the file was cut, or is damaged. */
  readonly notes: readonly string[];
  /** Where in the file its records end. */
  readonly recordsEnd: number;
  readonly #file: SnapshotBytes;
  readonly #records: Records;

  /** Finds all records: one small read each. @throws BadSnapshot where they contradict each other. */
  constructor(file: SnapshotBytes) {
    this.#file = file;
    this.path = file.path;
    const notes: string[] = [];
    const { records, cut, end } = readRecords(file, notes);
    this.#records = ascending(file.path, records);
    this.cut = cut;
    this.recordsEnd = end;
    this.notes = notes;
    const { starts, lengths } = this.#records;
    this.sizeBytes = starts.length === 0 ? 0 : starts.at(-1)! + lengths.at(-1)!;
  }

  read(offset: number, into: Uint8Array): number {
    const { starts, places, lengths } = this.#records;
    const wanted = Math.max(0, Math.min(into.length, this.sizeBytes - offset));
    let record = this.#recordAt(offset);
    let done = 0;
    while (done < wanted) {
      const at = offset + done;
      const end = record < 0 ? 0 : starts[record]! + lengths[record]!;
      const next = starts[record + 1] ?? this.sizeBytes;
      if (at < end) {
        const take = Math.min(end - at, wanted - done);
        const had = this.#file.read(
          places[record]! + (at - starts[record]!),
          into.subarray(done, done + take),
        );
        done += had;
        if (had < take) break;
      } else {
        // What no record wrote is a hole, as it would be in the file that this one stands for.
        const hole = Math.min(next - at, wanted - done);
        into.fill(0, done, done + hole);
        done += hole;
      }
      if (offset + done === next) record++;
    }
    return done;
  }

  bytes(offset: number, length: number, what: string): Buffer {
    return exactly(this, offset, length, what);
  }

  position(offset: number): number | null {
    const { starts, places, lengths } = this.#records;
    const record = this.#recordAt(offset);
    if (record < 0) return null;
    const within = offset - starts[record]!;
    return within < lengths[record]! ? places[record]! + within : null;
  }

  trouble(message: string): void {
    this.#file.trouble(message);
  }

  /** The last record that begins at or before `offset`, or −1. Binary search. */
  #recordAt(offset: number): number {
    const { starts } = this.#records;
    let low = 0;
    let high = starts.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (starts[middle]! <= offset) low = middle + 1;
      else high = middle;
    }
    return low - 1;
  }
}

/** Record n: its bytes belong at `starts[n]`, stand in the file at `places[n]`, and are `lengths[n]`. */
interface Records {
  readonly starts: number[];
  readonly places: number[];
  readonly lengths: number[];
}

/** All records in the order of writing, up to the end record or to where the file is cut. */
function readRecords(
  file: SnapshotBytes,
  notes: string[],
): { readonly records: Records; readonly cut: string | null; readonly end: number } {
  let cut: string | null = null;
  const records: Records = { starts: [], places: [], lengths: [] };
  const header = Buffer.alloc(RECORD_BYTES);
  let at = HEADER_BYTES;
  for (;;) {
    if (at >= file.sizeBytes || file.read(at, header) < RECORD_BYTES) {
      cut = 'the flattened file is cut: it has no end record';
      notes.push(cut);
      break;
    }
    const start = int64At(header, 0);
    const size = int64At(header, 8);
    if (start === -1) break;
    if (start < 0 || start > MAXIMUM_OFFSET || size < 0 || size > MAXIMUM_OFFSET) {
      notes.push(
        `the flattened file is damaged: the record at ${at} makes no sense, it and those after it are left out`,
      );
      break;
    }
    if (records.starts.length === MAXIMUM_RECORDS) {
      notes.push(`the flattened file has more than ${MAXIMUM_RECORDS} records: the others are left out`);
      break;
    }
    const place = at + RECORD_BYTES;
    const length = Math.min(size, Math.max(0, file.sizeBytes - place));
    if (length > 0) {
      records.starts.push(start);
      records.places.push(place);
      records.lengths.push(length);
    }
    at = place + size;
  }
  return { records, cut, end: Math.min(at + RECORD_BYTES, file.sizeBytes) };
}

/** A number of 64 bits with its sign, highest byte first; one that is not to be believed is rounded. */
const int64At = (bytes: Buffer, at: number): number =>
  bytes.readInt32BE(at) * 2 ** 32 + bytes.readUInt32BE(at + 4);

/** Sorted by where they belong. Of two at the same place the one written later counts. @throws BadSnapshot where records overlap otherwise. */
function ascending(path: string, { starts, places, lengths }: Records): Records {
  const order = Uint32Array.from(starts, (_, record) => record);
  order.sort((a, b) => starts[a]! - starts[b]! || a - b);
  const sorted: Records = { starts: [], places: [], lengths: [] };
  for (const record of order) {
    const last = sorted.starts.length - 1;
    const start = starts[record]!;
    const end = last < 0 ? 0 : sorted.starts[last]! + sorted.lengths[last]!;
    const isRewrite = start === sorted.starts[last] && lengths[record]! >= sorted.lengths[last]!;
    if (start < end && !isRewrite)
      throw new BadSnapshot(`${path} is a flattened file whose records overlap at ${start}`);
    const to = isRewrite ? last : last + 1;
    sorted.starts[to] = start;
    sorted.places[to] = places[record]!;
    sorted.lengths[to] = lengths[record]!;
  }
  return sorted;
}
