// AES key schedules: how FIPS-197 expands a key, forwards and backwards, and what is told of one that was found.
// `aes-form.ts` knows how a schedule is recognised.
/** An AES key whose expanded schedule stands in memory, every bit of it right. */
export interface AesSchedule {
  readonly bits: 128 | 192 | 256;
  /** The key itself: 16, 24 or 32 bytes, in the order of FIPS-197. */
  readonly key: Uint8Array;
  /** `decryption`: the schedule of the equivalent inverse cipher (FIPS-197, 5.3.5), last round first. */
  readonly form: 'encryption' | 'decryption';
  /** `little`: words are kept as numbers of a little-endian machine, so the bytes of each are reversed. */
  readonly byteOrder: 'big' | 'little';
  /**
   * `head` and `tail`: the schedule lies across two virtual pages that are no neighbours in physical memory, and
   * this is its part before or after the border.
   */
  readonly part: 'whole' | 'head' | 'tail';
}

/**
 * AES key schedules as FIPS-197 writes them: byte arrays, the first byte of a word first.
 *
 * The tables are computed here from their definitions, so that there is nothing to mistype.
 */

/** Doubles a byte in GF(2^8) modulo x^8 + x^4 + x^3 + x + 1 (FIPS-197, 4.2). */
export const double = (byte: number): number => ((byte << 1) ^ ((byte >>> 7) * 0x11b)) & 0xff;

/** SubBytes (FIPS-197, 5.1.1): the inverse in GF(2^8), then an affine map over GF(2). */
export const substitute: Uint8Array = substitutionTable();

/** Bytes of the whole schedule for a key of `keyBytes`: one round key of 16 bytes more than there are rounds. */
export const scheduleBytes = (keyBytes: number): number => 16 * (keyBytes / 4 + 7);

/** Rcon[0] to Rcon[9], powers of two in GF(2^8): what is added to w[Nk], w[2Nk] and so on (FIPS-197, 5.2). */
export const roundConstants: readonly number[] = [1, 2, 4, 8, 16, 32, 64, 128, 0x1b, 0x36];

/** The round keys for encryption, the key itself first (FIPS-197, 5.2). */
export function expandKey(key: Uint8Array): Uint8Array {
  const w = new Uint8Array(scheduleBytes(key.length));
  w.set(key);
  for (let at = key.length; at < w.length; at += 4) addTerm(w, at, at - key.length, at, key.length);
  return w;
}

/** The key whose schedule holds `window` (as long as the key) from its word `index` on: expansion run backwards. */
export function keyBefore(window: Uint8Array, index: number): Uint8Array {
  const keyBytes = window.length;
  const w = new Uint8Array(4 * index + keyBytes);
  w.set(window, 4 * index);
  for (let at = w.length - 4; at >= keyBytes; at -= 4) addTerm(w, at - keyBytes, at, at, keyBytes);
  return w.slice(0, keyBytes);
}

/** w[to] = w[from] plus the term of the word at byte `at`: the word before it, turned and substituted where due. */
function addTerm(w: Uint8Array, to: number, from: number, at: number, keyBytes: number): void {
  const place = at % keyBytes;
  const turned = place === 0 ? 1 : 0;
  const substituted = place === 0 || (keyBytes === 32 && place === 16);
  for (let i = 0; i < 4; i++) {
    const byte = w[at - 4 + ((i + turned) & 3)]!;
    w[to + i] = w[from + i]! ^ (substituted ? substitute[byte]! : byte);
  }
  if (place === 0) w[to]! ^= roundConstants[at / keyBytes - 1]!;
}

/**
 * The round keys of the equivalent inverse cipher in the order in which it uses them: last round first, all
 * but the outermost two through InvMixColumns (FIPS-197, 5.3.5). It is what AES-NI's `aesimc` code, OpenSSL's
 * AES_set_decrypt_key and the kernel's crypto_aes_ctx.key_dec hold.
 */
export function invertSchedule(schedule: Uint8Array): Uint8Array {
  const inverted = new Uint8Array(schedule.length);
  const last = schedule.length - 16;
  for (let at = 0; at <= last; at += 16) {
    const round = schedule.subarray(last - at, last - at + 16);
    const inner = at > 0 && at < last;
    for (let column = 0; column < 16; column += 4) {
      const word = round.subarray(column, column + 4);
      // InvMixColumns is MixColumns three times over: its matrix to the fourth power is the identity.
      inverted.set(inner ? mixColumn(mixColumn(mixColumn(word))) : word, at + column);
    }
  }
  return inverted;
}

/** MixColumns on one column of four bytes (FIPS-197, 5.1.3). */
export function mixColumn(word: Uint8Array): Uint8Array {
  return word.map((byte, i) => {
    const next = word[(i + 1) & 3]!;
    return double(byte ^ next) ^ next ^ word[(i + 2) & 3]! ^ word[(i + 3) & 3]!;
  });
}

/** The key that an inverted schedule was made from: its last round key, and as much as is needed of the one before. */
export function keyOfInverted(inverted: Uint8Array, keyBytes: number): Uint8Array {
  const key = new Uint8Array(keyBytes);
  key.set(inverted.subarray(inverted.length - 16));
  for (let at = 16; at < keyBytes; at += 4) {
    const place = inverted.length - 32 + at - 16;
    key.set(mixColumn(inverted.subarray(place, place + 4)), at);
  }
  return key;
}

/** A copy with the bytes of every word in opposite order. */
export function swapWords(bytes: Uint8Array): Uint8Array {
  return Uint8Array.from(bytes, (_, i) => bytes[i ^ 3]!);
}

function substitutionTable(): Uint8Array {
  const powers = new Uint8Array(255);
  const exponents = new Uint8Array(256);
  for (let exponent = 0, power = 1; exponent < 255; exponent++) {
    powers[exponent] = power;
    exponents[power] = exponent;
    power ^= double(power); // times 3, which generates the whole field
  }
  return Uint8Array.from({ length: 256 }, (_, byte) => {
    const inverse = byte === 0 ? 0 : powers[(255 - exponents[byte]!) % 255]!;
    let image = 0x63;
    for (let turn = 0; turn < 5; turn++) image ^= (inverse << turn) | (inverse >>> (8 - turn));
    return image & 0xff;
  });
}
