// The five ways in which a schedule is expanded, each with the relation between its words that gives it away.
// FIPS-197, 5.2 defines the expansion; the other forms are those that decryption uses.
import {
  double,
  expandKey,
  invertSchedule,
  keyOfInverted,
  scheduleBytes,
  substitute,
  swapWords,
} from './aes-schedule.ts';

/**
 * What a schedule looks like before anything of AES is computed: XOR relations between its words.
 *
 * FIPS-197, 5.2: w[i] = w[i − Nk] ⊕ w[i − 1], save where i mod Nk = 0 (and, for Nk = 8, where i mod 8 = 4). For
 * the equivalent inverse cipher (5.3.5) the same holds between the inner rounds, because InvMixColumns is
 * linear; as rounds stand in reverse order, the far word then comes after and not before.
 */
export interface AesForm {
  readonly bits: 128 | 192 | 256;
  readonly form: 'encryption' | 'decryption';
  /** Words from a word to the far one: it is the XOR of that and the word before it. */
  readonly far: number;
  /** Words after which a place where the relation holds comes again, `rows` times in one schedule at least. */
  readonly period: number;
  readonly rows: number;
  /** Bytes from a schedule's start to an aligned word in the first of those rows: least and most. */
  readonly nearest: number;
  readonly farthest: number;
}

const aes128 = {
  bits: 128,
  form: 'encryption',
  far: -4,
  period: 4,
  rows: 10,
  nearest: 20,
  farthest: 28,
} as const;
const aes192 = {
  bits: 192,
  form: 'encryption',
  far: -6,
  period: 6,
  rows: 7,
  nearest: 28,
  farthest: 44,
} as const;
const aes256 = {
  bits: 256,
  form: 'encryption',
  far: -8,
  period: 4,
  rows: 13,
  nearest: 36,
  farthest: 44,
} as const;
const inverse128 = {
  bits: 128,
  form: 'decryption',
  far: 4,
  period: 4,
  rows: 8,
  nearest: 20,
  farthest: 28,
} as const;
const inverse256 = {
  bits: 256,
  form: 'decryption',
  far: 8,
  period: 4,
  rows: 11,
  nearest: 20,
  farthest: 28,
} as const;

/**
 * Every form of schedule that is looked for. The decryption schedule of AES-192 is not among them: six does not
 * fit into reversed rounds of four, which leaves the relation in so few of its words that each ordinary sparse
 * page has thousands of places to verify; its encryption schedule is nearly always there as well.
 */
export const aesForms = { aes128, aes192, aes256, inverse128, inverse256 } satisfies Record<string, AesForm>;

/** Bytes of a whole schedule of this form. */
export const bytesOf = ({ bits }: AesForm): number => scheduleBytes(bits / 8);

/** True where the relation of `form` holds for the word at index `at`, and both others are there. */
export function relates(words: Int32Array, at: number, form: AesForm): boolean {
  return at >= 1 && at < words.length && (words[at]! ^ words[at - 1]!) === words[at + form.far];
}

/**
 * Calls `verify` with each byte offset at which a schedule could start, given that the relation holds for the
 * word at `at`: it must hold there in all rows of the schedule, whose words must look like a cipher's.
 */
export function startsAround(
  words: Int32Array,
  at: number,
  form: AesForm,
  verify: (start: number) => void,
): void {
  const { period, rows, nearest, farthest } = form;
  const span = (rows - 1) * period;
  let first = at;
  let last = at;
  while (at - first < span && relates(words, first - period, form)) first -= period;
  while (last - first < 2 * span && last - at < span && relates(words, last + period, form)) last += period;
  for (; first + span <= last; first += period) {
    if (!isMixed(words, first, form)) continue;
    for (let before = farthest; before >= nearest; before--) verify(first * 4 - before);
  }
}

/**
 * True where, in at least half of the rows, the word is another than in the row before, and the relation fails
 * somewhere. Both are so in every row of a schedule but for one key in 2^32 a row: the second because of the word
 * that went through SubWord. Tables of like records have rows like each other; sparse ones keep the relation.
 */
function isMixed(words: Int32Array, first: number, form: AesForm): boolean {
  const { period, rows } = form;
  let changed = 0;
  for (let row = 1, at = first + period; row < rows; row++, at += period) {
    if (words[at] !== words[at - period]) changed++;
  }
  if (2 * changed < rows) return false;
  let spoilt = 0;
  for (let row = 0; row < rows; row++) {
    const start = first + row * period;
    for (let at = start + 1; at < start + period; at++) {
      if (!relates(words, at, form)) {
        spoilt++;
        break;
      }
    }
  }
  return 2 * spoilt >= rows;
}

/** The key and byte order of the schedule at byte `at`, every bit of it verified; null where there is none. */
export function scheduleAt(
  bytes: Uint8Array,
  at: number,
  form: AesForm,
): { readonly key: Uint8Array; readonly byteOrder: 'big' | 'little' } | null {
  const length = bytesOf(form);
  if (at < 0 || at + length > bytes.length) return null;
  for (const byteOrder of ['big', 'little'] as const) {
    const keyBytes = form.bits / 8;
    const encryption = form.form === 'encryption';
    const flip = byteOrder === 'big' ? 0 : 3;
    const plausible = encryption
      ? turnsAt(bytes, at, keyBytes, flip, 1)
      : turnsInverse(bytes, at + length - 16, keyBytes, flip);
    if (!plausible) continue;
    const there = bytes.subarray(at, at + length);
    const standard = byteOrder === 'big' ? there : swapWords(there);
    const key = encryption
      ? new Uint8Array(standard.subarray(0, keyBytes))
      : keyOfInverted(standard, keyBytes);
    const expected = encryption ? expandKey(key) : invertSchedule(expandKey(key));
    if (expected.every((byte, i) => byte === standard[i])) return { key, byteOrder };
  }
  return null;
}

/**
 * Whether word w[i] fits, i being a multiple of Nk: w[i] = w[i − Nk] ⊕ SubWord(RotWord(w[i − 1])) ⊕ Rcon. Given the
 * byte offset of w[i − Nk]; `flip` is 3 where words are reversed. Three bytes of the four are enough.
 */
export function turnsAt(
  bytes: Uint8Array,
  at: number,
  keyBytes: number,
  flip: 0 | 3,
  roundConstant: number,
): boolean {
  const last = at + keyBytes - 4;
  const next = at + keyBytes;
  return (
    bytes[next + flip] === (bytes[at + flip]! ^ substitute[bytes[last + (1 ^ flip)]!]! ^ roundConstant) &&
    bytes[next + (1 ^ flip)] === (bytes[at + (1 ^ flip)]! ^ substitute[bytes[last + (2 ^ flip)]!]!) &&
    bytes[next + (2 ^ flip)] === (bytes[at + (2 ^ flip)]! ^ substitute[bytes[last + (3 ^ flip)]!]!)
  );
}

/**
 * The same for reversed rounds, of which the last is at `end`, for w[Nk], w[2Nk] and w[3Nk]. InvMixColumns leaves
 * the sum of a word's four bytes as it was (its column 0e 0b 0d 09 sums to 1), so sums are compared and most
 * words need not be undone.
 */
function turnsInverse(bytes: Uint8Array, end: number, keyBytes: number, flip: 0 | 3): boolean {
  const place = (at: number) => end - (at & ~15) + (at & 15);
  for (let at = keyBytes, roundConstant = 1; roundConstant <= 4; at += keyBytes, roundConstant *= 2) {
    const substituted = substitutedSum(bytes, place(at - 4), flip, at > 16);
    const expected = sum(bytes, place(at - keyBytes)) ^ substituted ^ roundConstant;
    if (sum(bytes, place(at)) !== expected) return false;
  }
  return true;
}

function sum(bytes: Uint8Array, at: number): number {
  return bytes[at]! ^ bytes[at + 1]! ^ bytes[at + 2]! ^ bytes[at + 3]!;
}

function substitutedSum(bytes: Uint8Array, at: number, flip: 0 | 3, mixed: boolean): number {
  const a = bytes[at + flip]!;
  const b = bytes[at + (1 ^ flip)]!;
  const c = bytes[at + (2 ^ flip)]!;
  const d = bytes[at + (3 ^ flip)]!;
  if (!mixed) return substitute[a]! ^ substitute[b]! ^ substitute[c]! ^ substitute[d]!;
  return (
    substitute[double(a ^ b) ^ b ^ c ^ d]! ^
    substitute[double(b ^ c) ^ c ^ d ^ a]! ^
    substitute[double(c ^ d) ^ d ^ a ^ b]! ^
    substitute[double(d ^ a) ^ a ^ b ^ c]!
  );
}
