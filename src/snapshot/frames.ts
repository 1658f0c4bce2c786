// Sets of page frames as ascending runs, read from bitmaps.
// It gives the rank of a frame, which is where its descriptor stands.
import { UnsupportedSnapshot } from '../base/errors.ts';
import type { SnapshotBytes } from './file.ts';

/** Runs of page frames that are kept: past this a dump is in more pieces than memory should be spent on. */
const MAXIMUM_RUNS = 2 ** 20;

const WINDOW_BYTES = 65536;

/**
 * A set of page frames as ascending runs, and the rank of each frame in it. Three numbers for each run, however
 * long, so that an index of a large machine stays small.
 */
export class Frames {
  /** First frame of each run, and the first after it. */
  readonly starts: number[] = [];
  readonly ends: number[] = [];
  /** How many frames the runs before hold. */
  readonly #ranks: number[] = [];
  #count = 0;

  /** Frames in the set. */
  get count(): number {
    return this.#count;
  }

  /** Runs in the set. */
  get runs(): number {
    return this.starts.length;
  }

  /** Adds the frames from `start` up to and without `end`, all above those added before. @returns false where no more runs fit. */
  add(start: number, end: number): boolean {
    const last = this.starts.length - 1;
    if (last >= 0 && this.ends[last] === start) {
      this.ends[last] = end;
    } else {
      if (this.starts.length === MAXIMUM_RUNS) return false;
      this.starts.push(start);
      this.ends.push(end);
      this.#ranks.push(this.#count);
    }
    this.#count += end - start;
    return true;
  }

  /** Those from `first` up to and without `end`. */
  within(first: number, end: number): Frames {
    const inside = new Frames();
    for (let run = 0; run < this.runs; run++) {
      const [from, to] = [Math.max(first, this.starts[run]!), Math.min(end, this.ends[run]!)];
      if (from < to) inside.add(from, to);
    }
    return inside;
  }

  /** How many frames of the set lie below `frame`, which is in it; −1 where it is not. Binary search. */
  rankOf(frame: number): number {
    let low = 0;
    let high = this.starts.length - 1;
    while (low <= high) {
      const middle = (low + high) >>> 1;
      const start = this.starts[middle]!;
      if (frame < start) high = middle - 1;
      else if (frame >= this.ends[middle]!) low = middle + 1;
      else return this.#ranks[middle]! + (frame - start);
    }
    return -1;
  }
}

/**
 * Reads the first `bits` bits of a bitmap at `offset`, lowest bit of each byte first, as a set of frames.
 * @throws CutSnapshot where the file ends before the bitmap does, UnsupportedSnapshot where it is in too many runs.
 */
export function readBitmap(file: SnapshotBytes, offset: number, bits: number): Frames {
  const frames = new Frames();
  let start = -1;
  const turn = (frame: number): void => {
    if (start < 0) {
      start = frame;
    } else {
      if (!frames.add(start, frame)) {
        throw new UnsupportedSnapshot(`${file.path} holds memory in more than ${MAXIMUM_RUNS} pieces`);
      }
      start = -1;
    }
  };
  for (let done = 0; done < bits; done += WINDOW_BYTES * 8) {
    const window = file.bytes(
      offset + done / 8,
      Math.ceil(Math.min(WINDOW_BYTES * 8, bits - done) / 8),
      'bitmap',
    );
    for (let index = 0; index < window.length; index++) {
      // Whole bytes that go on as before are nearly all of them.
      index = endOf(window, index, start < 0 ? 0 : 0xff);
      if (index === window.length) break;
      const byte = window[index]!;
      for (let bit = 0; bit < 8; bit++) {
        const frame = done + index * 8 + bit;
        if (frame < bits && ((byte >> bit) & 1) === (start < 0 ? 1 : 0)) turn(frame);
      }
    }
  }
  if (start >= 0) turn(bits);
  return frames;
}

/** Counts the set bits among the first `bits` of a bitmap at `offset`. @throws CutSnapshot where the file ends before it. */
export function countBits(file: SnapshotBytes, offset: number, bits: number): number {
  let count = 0;
  for (let done = 0; done < bits; done += WINDOW_BYTES * 8) {
    const wanted = Math.min(WINDOW_BYTES * 8, bits - done);
    const window = file.bytes(offset + done / 8, Math.ceil(wanted / 8), 'bitmap');
    if (wanted % 8 > 0) window[window.length - 1]! &= (1 << (wanted % 8)) - 1;
    count += bitsIn(window);
  }
  return count;
}

/** Where a run of bytes of one value ends. A function of its own, which the compiler makes fast before all else. */
function endOf(bytes: Uint8Array, from: number, value: number): number {
  let at = from;
  while (at < bytes.length && bytes[at] === value) at++;
  return at;
}

function bitsIn(bytes: Uint8Array): number {
  let count = 0;
  for (let at = 0; at < bytes.length; at++) count += BITS_SET[bytes[at]!]!;
  return count;
}

/** How many bits are set in each byte. */
const BITS_SET = Uint8Array.from({ length: 256 }, (_, byte) => byte.toString(2).replaceAll('0', '').length);
