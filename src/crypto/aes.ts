// The scanner for AES key schedules: which words of memory are worth a closer look, and what is found there.
// `aes-form.ts` and `aes-edge.ts` verify what it comes upon.
import type { Report, Scanner } from '../scan/scanner.ts';
import { probeEdges } from './aes-edge.ts';
import { type AesForm, aesForms, relates, scheduleAt, startsAround } from './aes-form.ts';
import type { AesSchedule } from './aes-schedule.ts';

/** The longest schedule, that of AES-256, in bytes. */
const LONGEST = 240;

/**
 * Finds AES-128, -192 and -256 key schedules at any byte offset.
 *
 * Nearly every word of a schedule is the XOR of the word before it and one a fixed distance away (`aes-form.ts`).
 * That relation holds byte by byte, so under a schedule at an odd address it holds for the aligned words that
 * lie wholly within its good stretches: no unaligned load is ever needed. And as good stretches come again and
 * again, one aligned word in fourteen is enough to look at: see `probeWords`.
 */
export const aes: Scanner<AesSchedule> = {
  name: 'aes',
  module: import.meta.url,
  version: 1,
  overlapBytes: LONGEST,
  scan(bytes, from, to, report) {
    const words = new Int32Array(bytes.buffer, bytes.byteOffset, bytes.length >>> 2);
    const search = new Search(bytes, words, from, to, report);
    // No schedule that starts in [from, to) has a probe's word before its second row or after its end.
    const first = (from + 16) >>> 2;
    const end = Math.min(words.length, (to + LONGEST) >>> 2);
    probeWords(words, first, end, search);
    probeEdges(bytes, words, from, to, search.found, report);
  },
};

/**
 * Words from one probe to the next: 56 bytes, which is 8 modulo both 16 and 24.
 *
 * A row of a schedule is 16 bytes (24 for AES-192), of which one word is bad, so at most two adjacent aligned
 * words of a row are spoilt. Two probes 8 bytes apart within the row are never both spoilt, and the shortest
 * stretch of rows with the relation, 128 bytes in the AES-128 decryption schedule, always holds two probes.
 */
const STRIDE = 14;

/** Probes for every form. The distances are those in `aesForms`, written out to keep the loop dumb. */
function probeWords(words: Int32Array, first: number, end: number, search: Search): void {
  const { aes128, aes192, aes256, inverse128, inverse256 } = aesForms;
  const all = [aes128, aes192, aes256, inverse128, inverse256];
  let at = first;
  // Near the ends a distance may reach outside of the words, which the loop between does not check.
  for (; at < Math.min(end, 8); at++) search.probe(at, all);
  for (const inside = Math.min(end, words.length - 8); at < inside; at += STRIDE) {
    const sum = words[at]! ^ words[at - 1]!;
    // Zeros relate to zeros, and sparse pages are full of them. Eight zero bytes in a row past its first rows has
    // the schedule of one key in 2^58.
    if (sum === 0 && words[at] === 0) continue;
    if (
      sum === words[at - 4] ||
      sum === words[at - 6] ||
      sum === words[at - 8] ||
      sum === words[at + 4] ||
      sum === words[at + 8]
    ) {
      search.probe(at, all);
    }
  }
  for (; at < end; at++) search.probe(at, all);
}

/** What a scan has to look at more closely, and what came of it. */
class Search {
  readonly #bytes: Uint8Array;
  readonly #words: Int32Array;
  readonly #from: number;
  readonly #to: number;
  readonly #report: Report<AesSchedule>;
  /** Offsets reported. Two schedules cannot start at one offset, but many probes lead to each. */
  readonly found = new Set<number>();

  constructor(bytes: Uint8Array, words: Int32Array, from: number, to: number, report: Report<AesSchedule>) {
    this.#bytes = bytes;
    this.#words = words;
    this.#from = from;
    this.#to = to;
    this.#report = report;
  }

  /** Follows the relation from the word at index `at` to every schedule that could be around it. */
  probe(at: number, forms: readonly AesForm[]): void {
    for (const form of forms) {
      if (!relates(this.#words, at, form)) continue;
      startsAround(this.#words, at, form, (start) => this.#verify(start, form));
    }
  }

  #verify(start: number, form: AesForm): void {
    if (start < this.#from || start >= this.#to || this.found.has(start)) return;
    const schedule = scheduleAt(this.#bytes, start, form);
    if (schedule === null) return;
    this.found.add(start);
    this.#report(start, { bits: form.bits, form: form.form, part: 'whole', ...schedule });
  }
}
