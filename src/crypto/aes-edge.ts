// Parts of AES key schedules at the borders of pages, where the rest lies in a page that is elsewhere.
// Such a part is reported as torn, with the bytes that were there.
import { PAGE_BYTES } from '../memory/source.ts';
import type { Report } from '../scan/scanner.ts';
import { type AesForm, aesForms, bytesOf, relates, turnsAt } from './aes-form.ts';
import { type AesSchedule, expandKey, keyBefore, roundConstants, swapWords } from './aes-schedule.ts';

/**
 * A process sees its pages in a row, physical memory has them anywhere: an encryption schedule that crosses the
 * border of two pages (one in twenty does, where nothing aligns them) is then in two parts. Each part that is
 * longer than two keys tells the whole key, and of every schedule at least one is. (A decryption schedule in two
 * parts is not looked for.)
 */
const forms = [aesForms.aes128, aesForms.aes192, aesForms.aes256];

/** Bytes of a part from which the key can be had with as many left over to prove it, wherever words begin. */
const leastBytes = (form: AesForm): number => (2 * form.bits) / 8 + 4;

/** Reports parts of schedules at the borders of pages, without those whose whole is there: in `whole`, or before. */
export function probeEdges(
  bytes: Uint8Array,
  words: Int32Array,
  from: number,
  to: number,
  whole: ReadonlySet<number>,
  report: Report<AesSchedule>,
): void {
  const last = Math.min(bytes.length, to + PAGE_BYTES - 1);
  for (let edge = Math.ceil(from / PAGE_BYTES) * PAGE_BYTES; edge <= last; edge += PAGE_BYTES) {
    for (const form of forms) {
      if (looksRelated(words, edge / 4 - 4, form)) {
        for (const { at, found } of headsBefore(bytes, edge, form)) {
          if (at >= from && at < to && !whole.has(at)) report(at, found);
        }
      }
      if (edge < to && looksRelated(words, edge / 4 - form.far, form)) {
        const found = tailFrom(bytes, edge, form);
        if (found !== null) report(edge, found);
      }
    }
  }
}

/** The relation in two of four words, and not just because all is zero: no row of a schedule spoils more. */
function looksRelated(words: Int32Array, first: number, form: AesForm): boolean {
  let related = 0;
  for (let at = first; at < first + 4; at++) {
    if (relates(words, at, form) && (words[at] !== 0 || words[at - 1] !== 0)) related++;
  }
  return related >= 2;
}

const orders = [
  ['big', 0],
  ['little', 3],
] as const;

/** Schedules that begin before `edge`, reach over it, and are right up to there. */
function* headsBefore(
  bytes: Uint8Array,
  edge: number,
  form: AesForm,
): Generator<{ at: number; found: AesSchedule }> {
  const keyBytes = form.bits / 8;
  for (let at = Math.max(0, edge - bytesOf(form) + 1); at <= edge - leastBytes(form); at++) {
    for (const [byteOrder, flip] of orders) {
      if (!turnsAt(bytes, at, keyBytes, flip, 1)) continue;
      const key = standard(bytes, at, keyBytes, flip);
      if (!agrees(bytes, at, at, edge, expandKey(key), flip)) continue;
      yield { at, found: { bits: form.bits, key, form: 'encryption', byteOrder, part: 'head' } };
    }
  }
}

/** The schedule that began `behind` bytes before `edge` and is right from there to its end. */
function tailFrom(bytes: Uint8Array, edge: number, form: AesForm): AesSchedule | null {
  const keyBytes = form.bits / 8;
  const nk = keyBytes / 4;
  for (let behind = 1; behind <= bytesOf(form) - leastBytes(form); behind++) {
    const start = edge - behind;
    const end = start + bytesOf(form);
    if (end > bytes.length) continue;
    const first = Math.ceil(behind / 4); // of the words that are wholly there
    const turn = Math.ceil((first + nk) / nk);
    for (const [byteOrder, flip] of orders) {
      if (!turnsAt(bytes, start + (turn - 1) * keyBytes, keyBytes, flip, roundConstants[turn - 1]!)) continue;
      const key = keyBefore(standard(bytes, start + 4 * first, keyBytes, flip), first);
      const schedule = expandKey(key);
      if (!agrees(bytes, start, edge, end, schedule, flip)) continue;
      if (start >= 0 && agrees(bytes, start, start, edge, schedule, flip)) return null; // whole, found elsewhere
      return { bits: form.bits, key, form: 'encryption', byteOrder, part: 'tail' };
    }
  }
  return null;
}

/** A copy of whole words, in the byte order of FIPS-197. */
function standard(bytes: Uint8Array, at: number, length: number, flip: 0 | 3): Uint8Array {
  const words = bytes.subarray(at, at + length);
  return flip === 0 ? new Uint8Array(words) : swapWords(words);
}

/** True where the bytes in [`from`, `to`) are those of a schedule that starts at `start`. */
function agrees(
  bytes: Uint8Array,
  start: number,
  from: number,
  to: number,
  schedule: Uint8Array,
  flip: 0 | 3,
): boolean {
  for (let at = from; at < to; at++) if (bytes[at] !== schedule[(at - start) ^ flip]) return false;
  return true;
}
