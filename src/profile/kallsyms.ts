// Reads kallsyms: names, addresses and types of the kernel's symbols.
// Linux: kernel/kallsyms.c.
import { hex } from '../base/address.ts';
import { viewOf } from '../base/bytes.ts';
import { CorruptStructure, EvidenceFault } from '../base/errors.ts';
import { Markers, type Resumption } from './kallsyms-markers.ts';
import { MAXIMUM_NAME_BYTES, readTokens } from './kallsyms-tokens.ts';
import { hashByte, NameSet, shiftOf } from './name-hash.ts';
import { type Gap, type ImageReader, isMissing, readPiecewise } from './piecewise.ts';

/** Where a kernel keeps its tables, as virtual addresses. Linux: scripts/kallsyms.c writes them, kernel/kallsyms.c reads them. */
export interface KallsymsPlaces {
  readonly names: bigint;
  readonly symbolCount: number;
  readonly tokenTable: bigint;
  readonly tokenIndex: bigint;
  readonly offsets: bigint;
  /** The value of kallsyms_relative_base, or null where the kernel has none (since 7.0). */
  readonly relativeBase: bigint | null;
}

/**
 * How an entry of the offsets table becomes an address.
 *
 * `absolute-percpu`: not negative is the address itself, negative counts back from relative_base − 1
 * (CONFIG_KALLSYMS_ABSOLUTE_PERCPU, x86-64 up to 6.14). `relative`: relative_base + offset. `self-relative`: the
 * entry's own address + offset (since 7.0).
 */
export type AddressScheme = 'absolute-percpu' | 'relative' | 'self-relative';

/** A symbol as kallsyms has it. */
export interface KernelSymbol {
  readonly name: string;
  /** The letter that nm shows: `T`, `d`, `B` …. */
  readonly type: string;
  readonly address: bigint;
}

/** Past this a count is nonsense: 7.2 has 187,000 symbols. */
export const MAXIMUM_SYMBOLS = 2_000_000;

/** Addresses that are read at a time where many are looked at: those on a page. */
const STRETCH = 1024;

/** The kernel's own symbol table. Names are read in one piece, addresses one by one. */
export class Kallsyms {
  readonly places: KallsymsPlaces;
  /** Pages of names that the snapshot lacks: the symbols in them are not found. */
  readonly #gaps: readonly Gap[];
  readonly #names: Uint8Array;
  readonly #tokens: readonly Uint8Array[];
  readonly #read: ImageReader;

  #markers: Markers | undefined;
  #starts: Int32Array | undefined;
  /** Of the table of addresses, by their numbers; null where one cannot be read in one piece. */
  readonly #stretches = new Map<number, DataView | null>();

  /** @throws EvidenceFault where the tokens cannot be read, without which no name can */
  constructor(places: KallsymsPlaces, read: ImageReader) {
    this.places = places;
    this.#read = read;
    const { bytes, gaps } = readPiecewise(read, places.names, Number(places.tokenTable - places.names));
    this.#names = bytes;
    this.#gaps = gaps;
    this.#tokens = readTokens(places, read);
  }

  /** The ways in which the offsets can be meant, given the tables that are there. */
  get schemes(): readonly AddressScheme[] {
    return this.places.relativeBase === null ? ['self-relative'] : ['absolute-percpu', 'relative'];
  }

  /** Whether all names could be read. */
  get isWhole(): boolean {
    return this.#gaps.length === 0;
  }

  /** The address of symbol number `index`. @throws EvidenceFault */
  addressOf(index: number, scheme: AddressScheme): bigint {
    const bytes = this.#read(this.places.offsets + BigInt(4 * index), 4);
    const offset = new DataView(bytes.buffer, bytes.byteOffset, 4).getInt32(0, true);
    return this.#resolve(index, offset, scheme);
  }

  /**
   * The numbers of the wanted names; what does not exist is left out. Of two symbols of one name (static
   * functions and variables of different files) the first counts.
   */
  find(wanted: Iterable<string>): Map<string, number> {
    const sought = new NameSet(wanted);
    const found = new Map<string, number>();
    const hashes = Int32Array.from(this.#tokens, (token) => token.reduce(hashByte, 0));
    const shifts = Int32Array.from(this.#tokens, (token) => shiftOf(token.length));
    // The first character of the expanded name is the symbol's type and does not count.
    const firsts = Int32Array.from(this.#tokens, (token) => token.subarray(1).reduce(hashByte, 0));
    const names = this.#names;
    let gapAt = this.#gaps[0]?.start ?? Number.POSITIVE_INFINITY;
    let at = 0;
    for (let index = 0; index < this.places.symbolCount && at < names.length; index++) {
      let length = names[at++]!;
      if (length >= 0x80) length = (length & 0x7f) | (names[at++]! << 7);
      const end = Math.min(at + length, names.length);
      if (end > gapAt) {
        const next = this.#resume(end);
        if (next === undefined) break;
        [index, at, gapAt] = [next.index - 1, next.at, this.#gapFrom(next.at)];
        continue;
      }
      let hash = firsts[names[at]!]!;
      for (let i = at + 1; i < end; i++)
        hash = (Math.imul(hash, shifts[names[i]!]!) + hashes[names[i]!]!) | 0;
      const name = sought.withHash(hash);
      if (name !== undefined && !found.has(name) && this.#spell(at, end).slice(1) === name) {
        found.set(name, index);
        if (found.size === sought.size) break;
      }
      at = end;
    }
    return found;
  }

  /** Every symbol in the table's own order, which is that of addresses; those are left out of which name or address is missing. */
  *all(scheme: AddressScheme): Generator<KernelSymbol> {
    const { offsets, symbolCount } = this.places;
    const { bytes, gaps } = readPiecewise(this.#read, offsets, 4 * symbolCount);
    const view = viewOf(bytes);
    for (const [index, at] of this.#namesAt.entries()) {
      if (at < 0 || isMissing(gaps, 4 * index, 4 * index + 4)) continue;
      const address = this.#resolve(index, view.getInt32(4 * index, true), scheme);
      yield this.#symbolAt(at, address);
    }
  }

  /**
   * The symbol at or before an address, of several there the first, as the kernel itself takes it (kernel/kallsyms.c,
   * get_symbol_pos); undefined below the first. Reads no more of the table than the pages on the way there. @throws EvidenceFault where that is missing
   */
  nearest(address: bigint, scheme: AddressScheme): KernelSymbol | undefined {
    const found = this.#countBelow(address + 1n, scheme) - 1;
    if (found < 0) return undefined;
    const at = this.#addressAt(found, scheme);
    const name = this.#namesAt[this.#countBelow(at, scheme)]!;
    if (name < 0) throw new CorruptStructure(`the name of the symbol at ${hex(at)} is missing`);
    return this.#symbolAt(name, at);
  }

  /** How many symbols lie below an address. @throws EvidenceFault */
  #countBelow(address: bigint, scheme: AddressScheme): number {
    let low = 0;
    let high = this.places.symbolCount;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (this.#addressAt(middle, scheme) < address) low = middle + 1;
      else high = middle;
    }
    return low;
  }

  /** `addressOf`, where many are asked for: a stretch of the table is read once. @throws EvidenceFault */
  #addressAt(index: number, scheme: AddressScheme): bigint {
    const number = Math.floor(index / STRETCH);
    let stretch = this.#stretches.get(number);
    if (stretch === undefined) this.#stretches.set(number, (stretch = this.#readStretch(number)));
    if (stretch === null) return this.addressOf(index, scheme);
    return this.#resolve(index, stretch.getInt32(4 * (index % STRETCH), true), scheme);
  }

  /** Null where some of it is missing: what is asked for may be there all the same. */
  #readStretch(number: number): DataView | null {
    const first = number * STRETCH;
    const count = Math.min(STRETCH, this.places.symbolCount - first);
    try {
      return viewOf(this.#read(this.places.offsets + BigInt(4 * first), 4 * count));
    } catch (fault) {
      if (!(fault instanceof EvidenceFault)) throw fault;
      return null;
    }
  }

  /** Where each name begins, by the number of its symbol; −1 where it is missing. */
  get #namesAt(): Int32Array {
    if (this.#starts !== undefined) return this.#starts;
    const { symbolCount } = this.places;
    const starts = new Int32Array(symbolCount).fill(-1);
    let gapAt = this.#gapFrom(0);
    let at = 0;
    for (let index = 0; index < symbolCount && at < this.#names.length; index++) {
      const [, end] = this.#nameFrom(at);
      if (end > gapAt) {
        const next = this.#resume(end);
        if (next === undefined) break;
        [index, at, gapAt] = [next.index - 1, next.at, this.#gapFrom(next.at)];
        continue;
      }
      starts[index] = at;
      at = end;
    }
    this.#starts = starts;
    return starts;
  }

  /** Where the tokens begin and end of the name whose length is at `at`. */
  #nameFrom(at: number): readonly [start: number, end: number] {
    const first = this.#names[at]!;
    if (first < 0x80) return [at + 1, at + 1 + first];
    return [at + 2, at + 2 + ((first & 0x7f) | ((this.#names[at + 1] ?? 0) << 7))];
  }

  #symbolAt(at: number, address: bigint): KernelSymbol {
    const [start, end] = this.#nameFrom(at);
    const spelled = this.#spell(start, Math.min(end, this.#names.length));
    return { type: spelled.slice(0, 1), name: spelled.slice(1), address };
  }

  /** Where the first gap begins that ends behind `at`. */
  #gapFrom(at: number): number {
    return this.#gaps.find(({ end }) => end > at)?.start ?? Number.POSITIVE_INFINITY;
  }

  /** The next name that can be found behind the gap into which a name reaches that would end at `end`. */
  #resume(end: number): Resumption | undefined {
    this.#markers ??= new Markers(this.#names, this.#gaps, this.places.symbolCount);
    const gap = this.#gaps.findLast(({ start }) => start < end);
    return this.#markers.after(gap?.end ?? end);
  }

  #resolve(index: number, offset: number, scheme: AddressScheme): bigint {
    const { offsets, relativeBase } = this.places;
    const base = relativeBase ?? 0n;
    switch (scheme) {
      case 'absolute-percpu':
        return offset >= 0 ? BigInt(offset) : BigInt.asUintN(64, base - 1n - BigInt(offset));
      case 'relative':
        return BigInt.asUintN(64, base + BigInt(offset >>> 0));
      case 'self-relative':
        return BigInt.asUintN(64, offsets + BigInt(4 * index) + BigInt(offset));
    }
  }

  #spell(start: number, end: number): string {
    let name = '';
    for (let i = start; i < end && name.length < MAXIMUM_NAME_BYTES; i++) {
      name += String.fromCharCode(...this.#tokens[this.#names[i]!]!);
    }
    return name;
  }
}

/** How many names stand between `names` and what follows them: padding, or a marker of 0. Past `MAXIMUM_SYMBOLS` where pages of them are missing. */
export function countNames(read: ImageReader, names: bigint, tokenTable: bigint): number {
  const { bytes, gaps } = readPiecewise(read, names, Number(tokenTable - names));
  if (gaps.length > 0) return Number.POSITIVE_INFINITY;
  let count = 0;
  for (let at = 0; at < bytes.length && bytes[at] !== 0; count++) {
    const length = bytes[at++]!;
    at += length < 0x80 ? length : (length & 0x7f) | (bytes[at++]! << 7);
  }
  return count;
}
