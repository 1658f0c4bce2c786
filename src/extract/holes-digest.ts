// The digest of a file that has long holes, which count as zeros.
// Nobody reads a terabyte of them: past a bound there is no digest.
import { createHash, type Hash } from 'node:crypto';

/** Zeros that are read for a digest of one file: a second's work. */
const MOST_ZEROS = 2 ** 30;
const ZEROS = Buffer.alloc(1 << 20);

/** SHA-256 of bytes with long holes between. */
export class HolesDigest {
  readonly #hash: Hash = createHash('sha256');
  #zerosLeft = MOST_ZEROS;

  update(bytes: Uint8Array): void {
    if (this.#zerosLeft >= 0) this.#hash.update(bytes);
  }

  zeros(count: number): void {
    this.#zerosLeft -= count;
    for (let left = count; left > 0 && this.#zerosLeft >= 0; left -= ZEROS.length)
      this.#hash.update(left < ZEROS.length ? ZEROS.subarray(0, left) : ZEROS);
  }

  hex(): string | null {
    return this.#zerosLeft < 0 ? null : this.#hash.digest('hex');
  }
}
