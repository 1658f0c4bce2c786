// Reads numbers from a DWARF section, one after the other.
// Reading past the end is an error, always.
import { hex } from '../base/address.ts';
import { BadProfile } from '../base/errors.ts';

/** Bytes that a LEB128 of 64 bits has at most. */
const MAXIMUM_LEB_BYTES = 10;
const TWO_32 = 2 ** 32;

/** A piece of a debug section, read number by number. Past its end is an error, always. */
export class DwarfCursor {
  readonly bytes: Uint8Array;
  /** The next byte to be read. */
  at = 0;
  readonly #where: string;
  readonly #origin: number;

  /** `where` names file and section in messages, `origin` is the offset of the piece in it. */
  constructor(bytes: Uint8Array, where: string, origin = 0) {
    this.bytes = bytes;
    this.#where = where;
    this.#origin = origin;
  }

  /** An error that says where it is. */
  flaw(what: string, at = this.at): BadProfile {
    return new BadProfile(`${this.#where} is not sound at ${hex(this.#origin + at)}: ${what}`);
  }

  u8(): number {
    const at = this.#take(1);
    return this.bytes[at]!;
  }

  u16(): number {
    const at = this.#take(2);
    return this.bytes[at]! | (this.bytes[at + 1]! << 8);
  }

  u24(): number {
    const at = this.#take(3);
    return this.bytes[at]! | (this.bytes[at + 1]! << 8) | (this.bytes[at + 2]! << 16);
  }

  u32(): number {
    const at = this.#take(4);
    const { bytes } = this;
    return (bytes[at]! | (bytes[at + 1]! << 8) | (bytes[at + 2]! << 16) | (bytes[at + 3]! << 24)) >>> 0;
  }

  /** Rounded above 2^53, where no offset or size of a kernel is. */
  u64(): number {
    const low = this.u32();
    return this.u32() * TWO_32 + low;
  }

  /** A number of 1, 2, 3, 4 or 8 bytes. */
  unsigned(bytes: number): number {
    switch (bytes) {
      case 1:
        return this.u8();
      case 2:
        return this.u16();
      case 3:
        return this.u24();
      case 4:
        return this.u32();
      default:
        return this.u64();
    }
  }

  /** The signature of a type, as a key. */
  signature(): string {
    return `${this.u32()} ${this.u32()}`;
  }

  uleb(): number {
    const { bytes } = this;
    const first = bytes[this.at];
    if (first !== undefined && first < 0x80) {
      this.at++;
      return first;
    }
    return this.#longLeb(false);
  }

  sleb(): number {
    return this.#longLeb(true);
  }

  /** Passes over `length` bytes. */
  skip(length: number): void {
    this.#take(length);
  }

  /** Passes over text that ends in NUL, and the NUL. */
  skipText(): void {
    const end = this.bytes.indexOf(0, this.at);
    if (end < 0) throw this.flaw('text has no end');
    this.at = end + 1;
  }

  #take(length: number): number {
    const { at } = this;
    if (at + length > this.bytes.length) throw this.flaw('it is cut here');
    this.at = at + length;
    return at;
  }

  #longLeb(isSigned: boolean): number {
    const start = this.at;
    let value = 0;
    let unit = 1;
    for (let i = 0; i < MAXIMUM_LEB_BYTES; i++) {
      const byte = this.u8();
      value += (byte & 0x7f) * unit;
      unit *= 128;
      if (byte < 0x80) return isSigned && (byte & 0x40) !== 0 ? value - unit : value;
    }
    throw this.flaw(`a number has more than ${MAXIMUM_LEB_BYTES} bytes`, start);
  }
}
