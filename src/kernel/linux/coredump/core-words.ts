// Bytes of a core file that are written word by word, in words of either width.
// Linux: include/linux/elf.h (ELFCLASS32, ELFCLASS64): both are little-endian here.
import { viewOf } from '../../../base/bytes.ts';

/** Bytes that there is room for at first. */
const FIRST_ROOM = 1024;

/** What is written one behind the other. */
export class CoreWords {
  readonly #wordBytes: 4 | 8;
  #room = new Uint8Array(FIRST_ROOM);
  #view = viewOf(this.#room);
  /** Bytes so far. */
  length = 0;

  constructor(wordBytes: 4 | 8) {
    this.#wordBytes = wordBytes;
  }

  /** A number of so many bytes. */
  number(bytes: 2 | 4 | 8, value: number | bigint): this {
    const at = this.#take(bytes);
    if (bytes === 8) this.#view.setBigUint64(at, BigInt.asUintN(64, BigInt(value)), true);
    else if (bytes === 4) this.#view.setUint32(at, Number(BigInt.asUintN(32, BigInt(value))), true);
    else this.#view.setUint16(at, Number(BigInt.asUintN(16, BigInt(value))), true);
    return this;
  }

  /** Words of the class of the file. */
  words(...values: readonly (number | bigint)[]): this {
    for (const value of values) this.number(this.#wordBytes, value);
    return this;
  }

  bytes(bytes: Uint8Array): this {
    const at = this.#take(bytes.length);
    this.#room.set(bytes, at);
    return this;
  }

  /** Zeros up to a multiple. */
  align(to: number): this {
    this.#take((to - (this.length % to)) % to);
    return this;
  }

  /** Bytes cut or filled up with zeros to a length. */
  field(bytes: Uint8Array, length: number): this {
    const at = this.#take(length);
    this.#room.set(bytes.subarray(0, length), at);
    return this;
  }

  all(): Uint8Array {
    return this.#room.subarray(0, this.length);
  }

  /** Room for so many bytes, which are zeros. @returns where it begins */
  #take(bytes: number): number {
    const at = this.length;
    this.length += bytes;
    if (this.length > this.#room.length) {
      const larger = new Uint8Array(Math.max(this.length, 2 * this.#room.length));
      larger.set(this.#room);
      this.#room = larger;
      this.#view = viewOf(larger);
    }
    return at;
  }
}
