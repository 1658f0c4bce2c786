// Finds the symbols that a kernel exports to modules, by the structure of their tables.
// Linux: include/linux/export.h, kernel/module/main.c.
import { viewOf } from '../base/bytes.ts';
/** What an image exports to modules: name → virtual address. */
export type Exports = ReadonlyMap<string, bigint>;

/** An image as bytes from a virtual address on. */
export interface ImageBytes {
  readonly base: bigint;
  readonly bytes: Buffer;
}

/** How `struct kernel_symbol` is laid out: fields of one width, the value first, the name second. */
interface Shape {
  readonly fieldBytes: 4 | 8;
  readonly fields: 2 | 3;
  /** Since Linux kernel commit 7290d5809571 ("module: use relative references for __ksymtab entries") (in v4.19). */
  readonly isRelative: boolean;
}

/** Fewer entries than this in a row are chance. */
const MINIMUM_ENTRIES = 16;
/** Two tables stand one after the other, `__ksymtab` and `__ksymtab_gpl`; older kernels had up to five. */
const MAXIMUM_TABLES = 5;
/** Kernels export 10,000 to 20,000 symbols; this many entries are looked at in all. */
const MAXIMUM_ENTRIES = 200_000;
/** KSYM_NAME_LEN. */
const MAXIMUM_NAME_BYTES = 512;
/** Occurrences that are looked at: of a name in the image, and of pointers to one. */
const MAXIMUM_PLACES = 64;
const MAXIMUM_HITS = 1024;
/** What share of the exported functions must be where the kernel lists them. Some are listed under another name. */
const AGREEMENT = 0.9;
const MINIMUM_AGREEING = 8;

/** How `struct kernel_symbol` was laid out over time: three fields since namespaces of symbols came, in v5.4. */
const shapesOf = (pointerBytes: 4 | 8): readonly Shape[] =>
  [true, false].flatMap((isRelative) =>
    ([3, 2] as const).map((fields) => ({ fieldBytes: isRelative ? 4 : pointerBytes, fields, isRelative })),
  );

/** Exports, at the addresses that the image was said to have. */
export interface FoundExports {
  readonly symbols: Exports;
  /** How much higher the kernel lists the functions among them. */
  readonly distance: bigint;
}

/**
 * The symbols that an image exports, found by the structure of their tables: where `probes`, names that every kernel
 * exports, stand in the image, which words lead to them, and whether these words are part of long tables that are
 * sorted by name. Tables are believed when the functions in them are where `listed` says that they are, or all as far
 * from there: `distance`, where that is known. At least `leastAgreeing` of them must be listed.
 */
export function searchExports(
  image: ImageBytes,
  probes: readonly string[],
  listed: (name: string) => readonly bigint[],
  pointerBytes: 4 | 8,
  distance?: bigint,
  leastAgreeing = MINIMUM_AGREEING,
): FoundExports | undefined {
  const names = placesOfNames(image.bytes, probes);
  for (const shape of shapesOf(pointerBytes)) {
    const symbols = new Map<string, bigint>();
    const tables = new ExportTables(image, shape);
    let common = distance;
    for (const entry of tables.entriesOf(names)) {
      const table = new Map(tables.tableAround(entry));
      const own = distanceOf(table, listed, leastAgreeing);
      if (own === undefined || own !== (common ?? own)) continue;
      common = own;
      for (const [name, address] of table) symbols.set(name, address);
    }
    if (symbols.size > 0 && common !== undefined) return { symbols, distance: common };
  }
  return undefined;
}

/** How much higher than in the table nearly all of its functions are listed; undefined where they do not agree. */
function distanceOf(
  table: Exports,
  listed: (name: string) => readonly bigint[],
  least: number,
): bigint | undefined {
  const votes = new Map<bigint, number>();
  let known = 0;
  for (const [name, address] of table) {
    const addresses = listed(name);
    if (addresses.length > 0) known++;
    for (const other of addresses) votes.set(other - address, (votes.get(other - address) ?? 0) + 1);
  }
  for (const [distance, agreeing] of votes)
    if (agreeing >= least && agreeing >= known * AGREEMENT) return distance;
  return undefined;
}

/** Where these names stand in the image. The linker lets a name be the end of a longer one, so only what follows is told. */
function placesOfNames(bytes: Buffer, names: readonly string[]): number[] {
  return names.flatMap((name) => {
    const needle = Buffer.from(`${name}\0`, 'latin1');
    const places: number[] = [];
    for (
      let at = bytes.indexOf(needle);
      at >= 0 && places.length < MAXIMUM_PLACES;
      at = bytes.indexOf(needle, at + 1)
    )
      places.push(at);
    return places;
  });
}

/** Tables of entries of one shape. Places are offsets in the image. */
class ExportTables {
  readonly #image: ImageBytes;
  readonly #shape: Shape;
  readonly #entryBytes: number;
  readonly #view: DataView;
  #left = MAXIMUM_ENTRIES;
  readonly #baseHigh: number;
  readonly #baseLow: number;
  /** First and last entries of tables that were read: hits within them lead nowhere new. */
  readonly #seen: (readonly [first: number, last: number])[] = [];

  constructor(image: ImageBytes, shape: Shape) {
    const { bytes, base } = image;
    this.#image = image;
    this.#shape = shape;
    this.#entryBytes = shape.fieldBytes * shape.fields;
    this.#view = viewOf(bytes);
    this.#baseHigh = Number(base >> 32n);
    this.#baseLow = Number(base & 0xffff_ffffn);
  }

  /** The entries whose names stand at one of these places. */
  *entriesOf(names: readonly number[]): Generator<number> {
    const wanted = new Set(names);
    // Most words lead to none: 64 Ki flags say so faster than a set.
    const mayBe = new Uint8Array(65536);
    for (const name of names) mayBe[name & 0xffff] = 1;
    const { fieldBytes } = this.#shape;
    let hits = 0;
    for (let at = fieldBytes; at + fieldBytes <= this.#image.bytes.length; at += fieldBytes) {
      const target = this.#targetAt(at);
      if (mayBe[target & 0xffff] === 0 || !wanted.has(target)) continue;
      yield at - fieldBytes;
      if (++hits >= MAXIMUM_HITS) return;
    }
  }

  /** The names and addresses of all entries before and after this one; none where it is in no table, or in one that was read. */
  *tableAround(entry: number): Generator<readonly [string, bigint]> {
    if (this.#seen.some(([first, last]) => entry >= first && entry <= last)) return;
    const after = this.#run(entry, this.#entryBytes);
    if (after.length === 0) return;
    const before = this.#run(entry - this.#entryBytes, -this.#entryBytes);
    const first = entry - before.length * this.#entryBytes;
    this.#seen.push([first, entry + (after.length - 1) * this.#entryBytes]);
    const names = [...before.reverse(), ...after];
    const descents = names.filter((name, nth) => nth > 0 && name < names[nth - 1]!).length;
    if (names.length < MINIMUM_ENTRIES || descents >= MAXIMUM_TABLES) return;
    for (const [nth, name] of names.entries()) yield [name, this.#valueAt(first + nth * this.#entryBytes)];
  }

  /** The names of sound entries from `entry` on, `step` bytes apart. */
  #run(entry: number, step: number): string[] {
    const names: string[] = [];
    for (let at = entry; this.#left > 0; at += step, this.#left--) {
      if (at < 0 || at + this.#entryBytes > this.#image.bytes.length) break;
      const name = this.#nameAt(this.#targetAt(at + this.#shape.fieldBytes));
      if (name === undefined) break;
      names.push(name);
    }
    return names;
  }

  /** The identifier that stands at `place`; undefined where something else does. */
  #nameAt(place: number): string | undefined {
    const { bytes } = this.#image;
    if (!(place > 0 && place < bytes.length)) return undefined;
    let end = place;
    while (end - place < MAXIMUM_NAME_BYTES && isOfName(bytes[end])) end++;
    return end === place || bytes[end] !== 0 ? undefined : bytes.toString('latin1', place, end);
  }

  /** Where the field at `at` leads: an offset in the image, or a number that is none. */
  #targetAt(at: number): number {
    const { fieldBytes, isRelative } = this.#shape;
    if (isRelative) return at + this.#view.getInt32(at, true);
    const low = this.#view.getUint32(at, true) - this.#baseLow;
    const high = fieldBytes === 4 ? 0 : this.#view.getUint32(at + 4, true) - this.#baseHigh;
    return high * 2 ** 32 + low;
  }

  #valueAt(entry: number): bigint {
    const { base } = this.#image;
    const { fieldBytes } = this.#shape;
    // Addresses outside the image must keep all their bits, as those of per-CPU variables near 0 do.
    return BigInt.asUintN(
      base < 1n << 32n && fieldBytes === 4 ? 32 : 64,
      base + BigInt(this.#targetAt(entry)),
    );
  }
}

/** Whether a byte can be part of a C name. */
const isOfName = (byte: number | undefined): boolean =>
  byte !== undefined &&
  ((byte >= 0x61 && byte <= 0x7a) ||
    (byte >= 0x41 && byte <= 0x5a) ||
    (byte >= 0x30 && byte <= 0x39) ||
    byte === 0x5f ||
    byte === 0x2e);
