// Expands xz files and checks their checksums.
// The .xz file format 1.2; the only filter is LZMA2.
import { viewOf } from '../base/bytes.ts';
import { BadProfile } from '../base/errors.ts';
import { DamagedLzma, expandedBytes, Lzma2, type Room } from './decompress-lzma2.ts';
import { tooLarge } from './too-large.ts';

// The .xz file format, version 1.2.1: tukaani.org/xz/xz-file-format.txt.
const HEADER_BYTES = 12;
const FOOTER_BYTES = 12;
const MAGIC = [0xfd, 0x37, 0x7a, 0x58, 0x5a, 0x00];
const LZMA2_FILTER = 0x21;
/** Bytes of the check after each block, by its kind: the section "Stream Flags". */
const CHECK_BYTES = [0, 4, 4, 4, 8, 8, 8, 16, 16, 16, 32, 32, 32, 64, 64, 64];
/** Threads of `xz` write blocks of a mebibyte or more: a file of more than this holds nothing but their headers. */
const MAXIMUM_BLOCKS = 65_536;
const CRC32 = 1;
const CRC64 = 4;

/**
 * Expands xz: all streams of a file and all their blocks, with no filter but LZMA2, which is what `xz` writes for
 * anything but executables. CRC32 and CRC64 (what `xz` writes unasked) are checked, SHA-256 is not. @throws BadProfile
 */
export function unXz(bytes: Uint8Array, limit: number, name: string): Uint8Array {
  const room: Room = { bytes: new Uint8Array(), length: 0 };
  const makeSpace = (count: number): void => {
    const wanted = room.length + count;
    if (wanted > limit) throw tooLarge(name, limit);
    if (wanted <= room.bytes.length) return;
    const larger = new Uint8Array(Math.max(wanted, Math.min(limit, room.length * 2)));
    larger.set(room.bytes.subarray(0, room.length));
    room.bytes = larger;
  };
  try {
    return new XzReader(bytes, room, makeSpace).all();
  } catch (flaw) {
    if (!(flaw instanceof DamagedLzma)) throw flaw;
    throw new BadProfile(`${name}: ${flaw.message}`);
  }
}

class XzReader {
  readonly #bytes: Uint8Array;
  readonly #view: DataView;
  readonly #room: Room;
  readonly #makeSpace: (count: number) => void;
  #at = 0;
  #blocks = 0;

  constructor(bytes: Uint8Array, room: Room, makeSpace: (count: number) => void) {
    this.#bytes = bytes;
    this.#view = viewOf(bytes);
    this.#room = room;
    this.#makeSpace = makeSpace;
  }

  all(): Uint8Array {
    do {
      this.#stream();
      // Streams may be padded to multiples of four with zeros, and others may follow.
      while (this.#at < this.#bytes.length && this.#bytes[this.#at] === 0) this.#at++;
    } while (this.#at < this.#bytes.length);
    return this.#room.bytes.subarray(0, this.#room.length);
  }

  #stream(): void {
    const header = this.#need(HEADER_BYTES);
    if (!MAGIC.every((byte, index) => this.#bytes[header + index] === byte))
      throw new DamagedLzma('bytes after the xz stream are no stream');
    this.#crc32(header + 6, 2, header + 8, 'stream header');
    const check = this.#bytes[header + 7]! & 0xf;
    while (this.#byte(this.#at) !== 0) this.#block(check);
    this.#index();
    const footer = this.#need(FOOTER_BYTES);
    this.#crc32(footer + 4, 6, footer, 'stream footer');
  }

  #block(check: number): void {
    if (++this.#blocks > MAXIMUM_BLOCKS) throw new DamagedLzma('the xz stream has too many blocks');
    const start = this.#at;
    const headerBytes = 4 * (this.#byte(start) + 1);
    this.#need(headerBytes);
    this.#crc32(start, headerBytes - 4, start + headerBytes - 4, 'block header');
    const flags = this.#byte(start + 1);
    let at = start + 2;
    for (const flag of [0x40, 0x80]) if ((flags & flag) !== 0) at = this.#pastNumber(at);
    const filter = this.#byte(at);
    if ((flags & 3) !== 0 || filter !== LZMA2_FILTER)
      throw new DamagedLzma(`the xz stream uses filter 0x${filter.toString(16)}: only LZMA2 alone is read`);
    const began = this.#room.length;
    this.#makeSpace(expandedBytes(this.#bytes, start + headerBytes));
    const end = new Lzma2(this.#bytes, start + headerBytes, this.#room).decode();
    this.#at = start + Math.ceil((end - start) / 4) * 4;
    const checkAt = this.#need(CHECK_BYTES[check]!);
    const written = this.#room.bytes.subarray(began, this.#room.length);
    if (check === CRC32 && crc32(written) !== this.#view.getUint32(checkAt, true))
      throw new DamagedLzma('the xz stream is damaged: a block has another CRC32');
    if (check === CRC64 && !isCrc64(written, this.#view, checkAt))
      throw new DamagedLzma('the xz stream is damaged: a block has another CRC64');
  }

  /** The index repeats the sizes of blocks, for those who seek: its own check is all that is looked at. */
  #index(): void {
    const start = this.#at;
    let at = start + 1;
    const count = this.#number(at);
    at = this.#pastNumber(at);
    for (let record = 0; record < count; record++) at = this.#pastNumber(this.#pastNumber(at));
    const padded = start + Math.ceil((at - start) / 4) * 4;
    this.#at = padded;
    this.#crc32(start, padded - start, this.#need(4), 'index');
  }

  /** A number of the format: seven bits in each byte, the lowest first. */
  #number(at: number): number {
    let value = 0;
    for (let i = 0; i < 9; i++) {
      const byte = this.#byte(at + i);
      value += (byte & 0x7f) * 2 ** (7 * i);
      if (byte < 0x80) break;
    }
    return value;
  }

  #pastNumber(at: number): number {
    let end = at;
    while (this.#byte(end) >= 0x80) end++;
    return end + 1;
  }

  #byte(at: number): number {
    const byte = this.#bytes[at];
    if (byte === undefined) throw new DamagedLzma('the xz stream ends early');
    return byte;
  }

  /** Goes past `length` bytes that must be there. @returns where they are */
  #need(length: number): number {
    const at = this.#at;
    this.#at += length;
    if (this.#at > this.#bytes.length) throw new DamagedLzma('the xz stream ends early');
    return at;
  }

  #crc32(at: number, length: number, crcAt: number, what: string): void {
    if (crc32(this.#bytes.subarray(at, at + length)) !== this.#view.getUint32(crcAt, true))
      throw new DamagedLzma(`the xz stream is damaged: its ${what} has another CRC32`);
  }
}

/** Remainders of each byte, as words of 32 bits, for a reflected polynomial of 64 bits given in halves. */
function tableOf(polynomialHigh: number, polynomialLow: number): { high: Uint32Array; low: Uint32Array } {
  const high = new Uint32Array(256);
  const low = new Uint32Array(256);
  for (let byte = 0; byte < 256; byte++) {
    let [h, l] = [0, byte];
    for (let bit = 0; bit < 8; bit++) {
      const odd = (l & 1) !== 0;
      l = (l >>> 1) | (h << 31);
      h >>>= 1;
      if (odd) [h, l] = [h ^ polynomialHigh, l ^ polynomialLow];
    }
    high[byte] = h;
    low[byte] = l;
  }
  return { high, low };
}

const TABLE_32 = tableOf(0, 0xedb88320).low;
const TABLE_64 = tableOf(0xc96c5795, 0xd7870f42);

function crc32(bytes: Uint8Array): number {
  let crc = -1;
  for (let i = 0; i < bytes.length; i++) crc = (crc >>> 8) ^ TABLE_32[(crc ^ bytes[i]!) & 0xff]!;
  return ~crc >>> 0;
}

function isCrc64(bytes: Uint8Array, expected: DataView, at: number): boolean {
  let high = -1;
  let low = -1;
  for (let i = 0; i < bytes.length; i++) {
    const index = (low ^ bytes[i]!) & 0xff;
    low = ((low >>> 8) | (high << 24)) ^ TABLE_64.low[index]!;
    high = (high >>> 8) ^ TABLE_64.high[index]!;
  }
  return ~low >>> 0 === expected.getUint32(at, true) && ~high >>> 0 === expected.getUint32(at + 4, true);
}
