// The first byte of what a zlib stream unpacks to, found without unpacking it: a sweep that looks for pages by how
// they begin passes over nearly all of them so. RFC 1950 and 1951 define everything that is read here.

/** Code lengths of code lengths stand in this order (RFC 1951, 3.2.7). */
const ORDER = Uint8Array.of(16, 17, 18, 0, 8, 7, 9, 6, 10, 5, 11, 4, 12, 3, 13, 2, 14, 1, 15);
const ZLIB_HEADER_BYTES = 2;
/** The method `deflate` in the low half of a zlib stream's first byte. */
const DEFLATE = 8;
/** Literals are numbered below this, what repeats earlier bytes from there on. */
const LITERALS = 256;
const LONGEST_CODE = 15;
const LONGEST_INNER_CODE = 7;
/** What is certain to hold the tables of a block and its first code: 318 lengths in at most 14 bits each. */
export const FIRST_BYTES = 640;

/** Finds first bytes, one stream after the other. What that takes is made once. */
export class FirstByte {
  #bytes: Uint8Array = new Uint8Array(0);
  #at = 0;
  #hold = 0;
  #held = 0;
  readonly #inner = new Uint8Array(ORDER.length);
  /** Which symbol a code of up to seven bits stands for, and how many bits it takes: 0 where there is none. */
  readonly #symbols = new Uint8Array(1 << LONGEST_INNER_CODE);
  readonly #widths = new Uint8Array(1 << LONGEST_INNER_CODE);
  /** The code lengths of literals, and behind them those of distances. */
  readonly #lengths = new Uint8Array(2 * 320);
  readonly #counts = new Uint16Array(LONGEST_CODE + 1);

  /**
   * The first byte that a zlib stream unpacks to, of which `stream` has the first `FIRST_BYTES` or all; −1 where that
   * cannot be told so: it is damaged, or its first block is empty.
   */
  of(stream: Uint8Array): number {
    if (stream.length <= ZLIB_HEADER_BYTES || (stream[0]! & 15) !== DEFLATE) return -1;
    this.#bytes = stream;
    this.#at = ZLIB_HEADER_BYTES;
    this.#hold = 0;
    this.#held = 0;
    this.#take(1);
    switch (this.#take(2)) {
      case 0:
        return this.#stored();
      case 1:
        return this.#fixed();
      case 2:
        return this.#dynamic();
      default:
        return -1;
    }
  }

  /** A block that is not compressed: its length, the length's complement, its bytes (RFC 1951, 3.2.4). */
  #stored(): number {
    const bytes = this.#bytes;
    const at = ZLIB_HEADER_BYTES + 1;
    const isEmpty = bytes[at] === 0 && bytes[at + 1] === 0;
    return isEmpty || at + 4 >= bytes.length ? -1 : bytes[at + 4]!;
  }

  /** Codes that everybody knows: 8 bits for bytes below 144, 9 for the others (RFC 1951, 3.2.6). */
  #fixed(): number {
    let code = 0;
    for (let bit = 0; bit < 8; bit++) code = (code << 1) | this.#take(1);
    if (code >= 0x30 && code <= 0xbf) return code - 0x30;
    return code >= 0xc8 ? ((code << 1) | this.#take(1)) - 0x190 + 144 : -1;
  }

  /** Codes that the block tells first (RFC 1951, 3.2.7). */
  #dynamic(): number {
    const literals = this.#take(5) + 257;
    const all = literals + this.#take(5) + 1;
    const told = this.#take(4) + 4;
    this.#inner.fill(0);
    for (let i = 0; i < told; i++) this.#inner[ORDER[i]!] = this.#take(3);
    this.#makeInnerTable();
    return this.#readLengths(all) ? this.#firstLiteral(literals) : -1;
  }

  /** The canonical code of the code lengths, as a table of all that seven bits can be (RFC 1951, 3.2.2). */
  #makeInnerTable(): void {
    this.#widths.fill(0);
    let code = 0;
    for (let width = 1; width <= LONGEST_INNER_CODE; width++, code <<= 1) {
      for (let symbol = 0; symbol < ORDER.length; symbol++) {
        if (this.#inner[symbol] !== width) continue;
        let mirrored = 0; // codes stand with their first bit lowest
        for (let bit = 0; bit < width; bit++) mirrored |= ((code >> bit) & 1) << (width - 1 - bit);
        for (let bits = mirrored; bits < this.#widths.length; bits += 1 << width) {
          this.#symbols[bits] = symbol;
          this.#widths[bits] = width;
        }
        code++;
      }
    }
  }

  /** The lengths of `all` codes. @returns whether they make sense */
  #readLengths(all: number): boolean {
    const lengths = this.#lengths;
    for (let i = 0; i < all; ) {
      this.#need(LONGEST_INNER_CODE);
      const width = this.#widths[this.#hold & 127]!;
      if (width === 0) return false;
      const symbol = this.#symbols[this.#hold & 127]!;
      this.#hold >>>= width;
      this.#held -= width;
      if (symbol < 16) {
        lengths[i++] = symbol;
        continue;
      }
      const value = symbol === 16 ? (i === 0 ? 0 : lengths[i - 1]!) : 0;
      const times =
        symbol === 16 ? 3 + this.#take(2) : symbol === 17 ? 3 + this.#take(3) : 11 + this.#take(7);
      lengths.fill(value, i, i + times);
      i += times;
    }
    return this.#at <= this.#bytes.length + 4;
  }

  /** Decodes one symbol bit by bit: codes of one length follow each other in the order of their symbols. */
  #firstLiteral(literals: number): number {
    const lengths = this.#lengths;
    const counts = this.#counts.fill(0);
    for (let symbol = 0; symbol < literals; symbol++) counts[lengths[symbol]!]!++;
    let [code, first] = [0, 0];
    for (let width = 1; width <= LONGEST_CODE; width++) {
      code |= this.#take(1);
      let nth = code - first;
      if (nth < counts[width]!) {
        for (let symbol = 0; symbol < literals; symbol++)
          if (lengths[symbol] === width && nth-- === 0) return symbol < LITERALS ? symbol : -1;
      }
      first = (first + counts[width]!) << 1;
      code <<= 1;
    }
    return -1;
  }

  #take(bits: number): number {
    this.#need(bits);
    const value = this.#hold & ((1 << bits) - 1);
    this.#hold >>>= bits;
    this.#held -= bits;
    return value;
  }

  /** Past the end there are zeros. */
  #need(bits: number): void {
    while (this.#held < bits) {
      this.#hold |= (this.#bytes[this.#at++] ?? 0) << this.#held;
      this.#held += 8;
    }
  }
}
