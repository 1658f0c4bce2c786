// Bytes of a core file that are written word by word, in words of either width.
// Linux: include/linux/elf.h (ELFCLASS32, ELFCLASS64): both are little-endian here.
import { viewOf } from '../../../base/bytes.ts';

/** What is written one behind the other. */
export class CoreWords {
  readonly #wordBytes: 4 | 8;
  readonly #parts: Uint8Array[] = [];
  /** Bytes so far. */
  length = 0;

  constructor(wordBytes: 4 | 8) {
    this.#wordBytes = wordBytes;
  }

  /** A number of so many bytes. */
  number(bytes: 2 | 4 | 8, value: number | bigint): this {
    const part = new Uint8Array(8);
    viewOf(part).setBigUint64(0, BigInt.asUintN(8 * bytes, BigInt(value)), true);
    return this.bytes(part.subarray(0, bytes));
  }

  /** Words of the class of the file. */
  words(...values: readonly (number | bigint)[]): this {
    for (const value of values) this.number(this.#wordBytes, value);
    return this;
  }

  bytes(bytes: Uint8Array): this {
    this.#parts.push(bytes);
    this.length += bytes.length;
    return this;
  }

  /** Zeros up to a multiple. */
  align(to: number): this {
    const rest = this.length % to;
    return rest === 0 ? this : this.bytes(new Uint8Array(to - rest));
  }

  /** Bytes cut or filled up with zeros to a length. */
  field(bytes: Uint8Array, length: number): this {
    const field = new Uint8Array(length);
    field.set(bytes.subarray(0, length));
    return this.bytes(field);
  }

  all(): Uint8Array {
    const all = new Uint8Array(this.length);
    let at = 0;
    for (const part of this.#parts) {
      all.set(part, at);
      at += part.length;
    }
    return all;
  }
}
