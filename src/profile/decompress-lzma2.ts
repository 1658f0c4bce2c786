// Expands LZMA2 streams, without native code and bounded.
// The format: xz-embedded and the LZMA specification of 7-Zip.

/** The stream says something that no encoder writes, or ends early. The message says which. */
export class DamagedLzma extends Error {}

/** Where expanded bytes go. They are the dictionary too, so nothing is held twice. */
export interface Room {
  bytes: Uint8Array;
  /** Bytes written so far. */
  length: number;
}

/** How many bytes the LZMA2 stream at `start` expands to: its chunks say so in the clear. @throws DamagedLzma where it ends early */
export function expandedBytes(bytes: Uint8Array, start: number): number {
  let total = 0;
  for (let at = start; bytes[at] !== 0; ) {
    const control = bytes[at]!;
    if (at + 6 > bytes.length) throw endsEarly();
    const low = (bytes[at + 1]! << 8) | bytes[at + 2]!;
    if (control >= 0x80) {
      total += ((control & 0x1f) << 16) + low + 1;
      at += (control >= 0xc0 ? 6 : 5) + ((bytes[at + 3]! << 8) | bytes[at + 4]!) + 1;
    } else {
      total += low + 1;
      at += 3 + low + 1;
    }
  }
  return total;
}

// LZMA as the specification in the LZMA SDK (lzma-specification.txt) has it; LZMA2's chunks as in XZ Embedded's
// description of them. No package of the registry expands xz synchronously, within a bound and without native code.
const STATES = 12;
const POSITION_STATES = 16;
const LITERALS = 0x300;
const FIRST_MATCH_LENGTH = 2;
const ALIGN_BITS = 4;
/** Distances of slots below this are the slot; of those below the second, they are coded by a tree of their own. */
const FIRST_MODEL_SLOT = 4;
const END_MODEL_SLOT = 14;

/** Bits as the encoder guessed them: each probability is of a zero, in 2048ths, and learns from what it sees. */
class RangeDecoder {
  readonly #bytes: Uint8Array;
  #range = 0;
  #code = 0;
  at = 0;

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
  }

  begin(at: number): void {
    if (this.#bytes[at] !== 0) throw new DamagedLzma('the xz stream is damaged: a chunk begins wrongly');
    this.#range = 0xffffffff;
    this.#code = 0;
    for (let i = 1; i < 5; i++) this.#code = ((this.#code << 8) | this.#bytes[at + i]!) >>> 0;
    this.at = at + 5;
  }

  get isAtRest(): boolean {
    return this.#code === 0;
  }

  bit(model: Uint16Array, index: number): number {
    const guess = model[index]!;
    const bound = (this.#range >>> 11) * guess;
    let bit: number;
    if (this.#code < bound) {
      this.#range = bound;
      model[index] = guess + ((2048 - guess) >>> 5);
      bit = 0;
    } else {
      this.#range -= bound;
      this.#code -= bound;
      model[index] = guess - (guess >>> 5);
      bit = 1;
    }
    if (this.#range < 0x1000000) this.#refill();
    return bit;
  }

  /** Bits that are as likely zero as one, the highest first. */
  direct(count: number): number {
    let value = 0;
    for (let i = 0; i < count; i++) {
      this.#range >>>= 1;
      const one = this.#code >= this.#range ? 1 : 0;
      if (one === 1) this.#code -= this.#range;
      value = value * 2 + one;
      if (this.#range < 0x1000000) this.#refill();
    }
    return value;
  }

  /** A number whose bits are each guessed from those above. */
  tree(model: Uint16Array, base: number, bits: number): number {
    let node = 1;
    for (let i = 0; i < bits; i++) node = (node << 1) | this.bit(model, base + node);
    return node - (1 << bits);
  }

  /** The same with the lowest bit first. */
  reverseTree(model: Uint16Array, base: number, bits: number): number {
    let node = 1;
    let value = 0;
    for (let i = 0; i < bits; i++) {
      const bit = this.bit(model, base + node);
      node = (node << 1) | bit;
      value |= bit << i;
    }
    return value;
  }

  #refill(): void {
    this.#range = (this.#range << 8) >>> 0;
    // Past the end zeros are read: that the chunk was overrun shows when it ends.
    this.#code = ((this.#code << 8) | (this.#bytes[this.at++] ?? 0)) >>> 0;
  }
}

/** Lengths of matches: short, middle and long ones have trees of their own. */
class LengthDecoder {
  readonly #choice = new Uint16Array(2);
  readonly #low = new Uint16Array(POSITION_STATES << 3);
  readonly #middle = new Uint16Array(POSITION_STATES << 3);
  readonly #high = new Uint16Array(256);

  reset(): void {
    for (const model of [this.#choice, this.#low, this.#middle, this.#high]) model.fill(1024);
  }

  next(range: RangeDecoder, positionState: number): number {
    if (range.bit(this.#choice, 0) === 0) return range.tree(this.#low, positionState << 3, 3);
    if (range.bit(this.#choice, 1) === 0) return 8 + range.tree(this.#middle, positionState << 3, 3);
    return 16 + range.tree(this.#high, 0, 8);
  }
}

/** One LZMA2 stream: chunks that each say how long they are and how much they expand to. */
export class Lzma2 {
  readonly #bytes: Uint8Array;
  readonly #range: RangeDecoder;
  readonly #room: Room;
  #at: number;
  /** Where the dictionary begins in the room: nothing before may be referred to. */
  #dictionary: number;
  #needs: 'dictionary' | 'properties' | 'state' | 'nothing' = 'dictionary';

  #literalContextBits = 0;
  #literalPositionMask = 0;
  #positionMask = 0;
  #state = 0;
  readonly #recent = [0, 0, 0, 0];

  #literal = new Uint16Array(0);
  readonly #isMatch = new Uint16Array(STATES * POSITION_STATES);
  readonly #isRepeat = new Uint16Array(STATES);
  readonly #isRepeat0 = new Uint16Array(STATES);
  readonly #isRepeat1 = new Uint16Array(STATES);
  readonly #isRepeat2 = new Uint16Array(STATES);
  readonly #isRepeat0Long = new Uint16Array(STATES * POSITION_STATES);
  readonly #slot = new Uint16Array(4 << 6);
  readonly #special = new Uint16Array(128);
  readonly #align = new Uint16Array(1 << ALIGN_BITS);
  readonly #lengths = new LengthDecoder();
  readonly #repeatLengths = new LengthDecoder();

  /** A stream that begins at `at`; the room has space for all of `expandedBytes`. */
  constructor(bytes: Uint8Array, at: number, room: Room) {
    this.#bytes = bytes;
    this.#at = at;
    this.#room = room;
    this.#dictionary = room.length;
    this.#range = new RangeDecoder(bytes);
  }

  /** Expands all of it into the room. @returns where it ends @throws DamagedLzma */
  decode(): number {
    for (let control = this.#next(1); control !== 0; control = this.#next(1)) {
      if (control >= 0x80) this.#compressed(control);
      else if (control <= 2) this.#stored(control);
      else throw new DamagedLzma(`the xz stream is damaged: a chunk of kind ${control}`);
    }
    return this.#at;
  }

  /** A chunk of bytes as they are. */
  #stored(control: number): void {
    if (control === 1) this.#dictionary = this.#room.length;
    else if (this.#needs === 'dictionary') throw outOfOrder();
    if (this.#needs === 'dictionary') this.#needs = 'properties';
    const length = this.#next(2) + 1;
    if (this.#at + length > this.#bytes.length) throw endsEarly();
    this.#room.bytes.set(this.#bytes.subarray(this.#at, this.#at + length), this.#room.length);
    this.#room.length += length;
    this.#at += length;
  }

  #compressed(control: number): void {
    const expanded = ((control & 0x1f) << 16) + this.#next(2) + 1;
    const length = this.#next(2) + 1;
    // 0: goes on; 1: forgets what it learned; 2: and has new properties; 3: and begins a new dictionary.
    const reset = (control >> 5) & 3;
    if (reset === 3) this.#dictionary = this.#room.length;
    else if (this.#needs === 'dictionary') throw outOfOrder();
    if (reset >= 2) this.#setProperties(this.#next(1));
    else if (this.#needs === 'properties') throw outOfOrder();
    if (reset >= 1) this.#reset();
    else if (this.#needs === 'state') throw outOfOrder();
    this.#needs = 'nothing';
    if (this.#at + length > this.#bytes.length) throw endsEarly();
    this.#range.begin(this.#at);
    this.#expand(this.#room.length + expanded);
    this.#at += length;
    if (this.#range.at !== this.#at || !this.#range.isAtRest)
      throw new DamagedLzma('the xz stream is damaged: a chunk ends in the wrong place');
  }

  #setProperties(properties: number): void {
    const literalContextBits = properties % 9;
    const literalPositionBits = Math.floor(properties / 9) % 5;
    const positionBits = Math.floor(properties / 45);
    if (positionBits > 4 || literalContextBits + literalPositionBits > 4)
      throw new DamagedLzma(`the xz stream is damaged: properties ${properties}`);
    this.#literalContextBits = literalContextBits;
    this.#literalPositionMask = (1 << literalPositionBits) - 1;
    this.#positionMask = (1 << positionBits) - 1;
    this.#literal = new Uint16Array(LITERALS << (literalContextBits + literalPositionBits));
  }

  #reset(): void {
    this.#state = 0;
    this.#recent.fill(0);
    for (const model of [
      this.#literal,
      this.#isMatch,
      this.#isRepeat,
      this.#isRepeat0,
      this.#isRepeat1,
      this.#isRepeat2,
      this.#isRepeat0Long,
      this.#slot,
      this.#special,
      this.#align,
    ])
      model.fill(1024);
    this.#lengths.reset();
    this.#repeatLengths.reset();
  }

  /** Expands a chunk up to `end` in the room. */
  #expand(end: number): void {
    const room = this.#room;
    const range = this.#range;
    while (room.length < end) {
      const position = room.length - this.#dictionary;
      const positionState = position & this.#positionMask;
      const context = (this.#state << 4) + positionState;
      if (range.bit(this.#isMatch, context) === 0) {
        this.#literalAt(position);
        continue;
      }
      const length =
        range.bit(this.#isRepeat, this.#state) === 0
          ? this.#match(positionState)
          : this.#repeat(context, positionState);
      this.#copy(this.#recent[0]!, length, end);
    }
  }

  #literalAt(position: number): void {
    const { bytes, length } = this.#room;
    const range = this.#range;
    const model = this.#literal;
    const previous = position === 0 ? 0 : bytes[length - 1]!;
    const bits = this.#literalContextBits;
    const base = LITERALS * (((position & this.#literalPositionMask) << bits) + (previous >> (8 - bits)));
    let symbol = 1;
    if (this.#state >= 7) {
      // After a match the byte that would have gone on with it is a hint, as long as it agrees.
      if (this.#recent[0]! >= position) throw tooFarBack();
      let hint = bytes[length - this.#recent[0]! - 1]!;
      while (symbol < 0x100) {
        const hinted = (hint >> 7) & 1;
        hint <<= 1;
        const bit = range.bit(model, base + ((1 + hinted) << 8) + symbol);
        symbol = (symbol << 1) | bit;
        if (bit !== hinted) break;
      }
    }
    while (symbol < 0x100) symbol = (symbol << 1) | range.bit(model, base + symbol);
    bytes[length] = symbol;
    this.#room.length = length + 1;
    this.#state = this.#state < 4 ? 0 : this.#state < 10 ? this.#state - 3 : this.#state - 6;
  }

  /** A match at a new distance. @returns its length */
  #match(positionState: number): number {
    const recent = this.#recent;
    recent[3] = recent[2]!;
    recent[2] = recent[1]!;
    recent[1] = recent[0]!;
    const length = this.#lengths.next(this.#range, positionState);
    this.#state = this.#state < 7 ? 7 : 10;
    recent[0] = this.#distance(Math.min(length, 3));
    return length + FIRST_MATCH_LENGTH;
  }

  #distance(lengthState: number): number {
    const range = this.#range;
    const slot = range.tree(this.#slot, lengthState << 6, 6);
    if (slot < FIRST_MODEL_SLOT) return slot;
    const lowBits = (slot >> 1) - 1;
    const high = (2 | (slot & 1)) * 2 ** lowBits;
    if (slot < END_MODEL_SLOT) return high + range.reverseTree(this.#special, high - slot, lowBits);
    const middle = range.direct(lowBits - ALIGN_BITS) * (1 << ALIGN_BITS);
    return high + middle + range.reverseTree(this.#align, 0, ALIGN_BITS);
  }

  /** A match at one of the last four distances. @returns its length */
  #repeat(context: number, positionState: number): number {
    const range = this.#range;
    const recent = this.#recent;
    const state = this.#state;
    if (range.bit(this.#isRepeat0, state) === 0) {
      if (range.bit(this.#isRepeat0Long, context) === 0) {
        this.#state = state < 7 ? 9 : 11;
        return 1;
      }
    } else {
      const which = range.bit(this.#isRepeat1, state) === 0 ? 1 : 2 + range.bit(this.#isRepeat2, state);
      const distance = recent[which]!;
      for (let i = which; i > 0; i--) recent[i] = recent[i - 1]!;
      recent[0] = distance;
    }
    this.#state = state < 7 ? 8 : 11;
    return this.#repeatLengths.next(range, positionState) + FIRST_MATCH_LENGTH;
  }

  #copy(distance: number, length: number, end: number): void {
    const { bytes, length: at } = this.#room;
    if (distance >= at - this.#dictionary) throw tooFarBack();
    if (at + length > end) throw new DamagedLzma('the xz stream is damaged: a match runs past its chunk');
    for (let i = at; i < at + length; i++) bytes[i] = bytes[i - distance - 1]!; // it may overlap itself
    this.#room.length = at + length;
  }

  /** A number of `count` bytes, the highest first. */
  #next(count: number): number {
    let value = 0;
    for (let i = 0; i < count; i++) {
      const byte = this.#bytes[this.#at++];
      if (byte === undefined) throw endsEarly();
      value = (value << 8) | byte;
    }
    return value;
  }
}

const endsEarly = (): DamagedLzma => new DamagedLzma('the xz stream ends early');
const outOfOrder = (): DamagedLzma => new DamagedLzma('the xz stream is damaged: a chunk is out of order');
const tooFarBack = (): DamagedLzma =>
  new DamagedLzma('the xz stream is damaged: a match begins before the data');
