// Whether what comes out of the store is what went in: SQLite finds pages that make no sense, and no letter or number that
// has become another one on the disk.
import { createHash, type Hash } from 'node:crypto';
import type { SqlValue } from './values.ts';

/** Hex digits that are kept: 128 bits tell any damage. Whoever can write the file can write a checksum too. */
const DIGITS = 32;

/** The checksum of an answer: of its rows as SQLite has them, and of its notes. */
export class Checksum {
  readonly #hash: Hash = createHash('sha256');

  /** Adds a row. A number is the same whether SQLite takes it as a number or gives it as a bigint. */
  add(values: readonly SqlValue[]): void {
    this.#hash.update(`${values.join('\x1f')}\x1e`);
  }

  /** @param notes as they are kept */
  end(notes: string): string {
    return this.#hash.update(notes).digest('hex').slice(0, DIGITS);
  }
}

/** The checksum of one text. */
export const checksumOf = (text: string): string => new Checksum().end(text);
