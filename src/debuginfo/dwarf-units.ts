// The units of .debug_info: all their headers, and the contents of those that are needed.
// DWARF 5, 7.5.1.
import { hex } from '../base/address.ts';
import { BadProfile } from '../base/errors.ts';
import type { Abbreviations, AbbreviationTable, UnitShape } from './dwarf-abbreviations.ts';
import { UNIT } from './dwarf-constants.ts';
import { DwarfCursor } from './dwarf-cursor.ts';
import type { SectionBytes } from './section-bytes.ts';

/** Longest header there is: that of a type unit in DWARF64. */
const MAXIMUM_HEADER_BYTES = 40;
/** A Debian kernel has 3,000; one with every driver built in 30,000. */
const MAXIMUM_UNITS = 200_000;
/** The largest unit of a Debian kernel has 3 MB. Units are read whole, one at a time. */
const MAXIMUM_UNIT_BYTES = 128 << 20;
/** Other units that types of the one at hand are in (link-time optimization, dwz), kept while they fit. */
const KEPT_BYTES = 64 << 20;
/** How many times over the section may be read to follow references into other units. */
const MAXIMUM_READINGS = 8;

/** One unit (mostly: source file) of .debug_info, by its header. */
export interface UnitHeader extends UnitShape {
  /** Offset in the section, and that of the byte behind the unit. */
  readonly start: number;
  readonly end: number;
  /** Offset of the first entry. */
  readonly entries: number;
  readonly abbreviations: number;
  /** Of a type unit: the type's signature, and its offset in the section. */
  readonly signature?: string;
  readonly typeAt?: number;
}

/** A unit in memory. */
export interface LoadedUnit {
  readonly header: UnitHeader;
  /** Over the unit's bytes, header included. */
  readonly cursor: DwarfCursor;
  readonly table: AbbreviationTable;
  /** DW_AT_str_offsets_base of the unit, once it is known. */
  strOffsetsBase: number | undefined;
}

/** The units of .debug_info: all headers, and the contents of as few as possible. */
export class DwarfUnits {
  readonly headers: readonly UnitHeader[];
  readonly #section: SectionBytes;
  readonly #abbreviations: Abbreviations;
  readonly #kept = new Map<UnitHeader, LoadedUnit>();
  readonly #bySignature: ReadonlyMap<string, UnitHeader>;
  #keptBytes = 0;
  /** The memory of the unit at hand, used again for each. */
  #memory = new Uint8Array(0);
  #budget: number;

  /** @throws BadProfile */
  constructor(section: SectionBytes, abbreviations: Abbreviations) {
    this.#section = section;
    this.#abbreviations = abbreviations;
    this.#budget = section.sizeBytes * MAXIMUM_READINGS;
    this.headers = [...this.#readHeaders()];
    this.#bySignature = new Map(
      this.headers.flatMap((header) => (header.signature === undefined ? [] : [[header.signature, header]])),
    );
  }

  /** The unit, in memory that the next call uses again. @throws BadProfile */
  load(header: UnitHeader): LoadedUnit {
    const length = this.#lengthOf(header);
    if (this.#memory.length < length) this.#memory = new Uint8Array(Math.ceil(length * 1.25));
    return this.#read(header, this.#memory.subarray(0, length));
  }

  /** The unit that an offset in the section is in, kept for the next who asks. @throws BadProfile */
  unitAt(offset: number): LoadedUnit {
    const header = this.#headerAt(offset);
    const known = this.#kept.get(header);
    if (known !== undefined) return known;
    const length = this.#lengthOf(header);
    this.#budget -= length;
    if (this.#budget < 0)
      throw new BadProfile(`${this.#section.where} refers from unit to unit more than any compiler does`);
    this.#keptBytes += length;
    for (const unit of this.#kept.keys()) {
      if (this.#keptBytes <= KEPT_BYTES) break;
      this.#keptBytes -= this.#lengthOf(unit);
      this.#kept.delete(unit);
    }
    const unit = this.#read(header, new Uint8Array(length));
    this.#kept.set(header, unit);
    return unit;
  }

  /** The offset of the type with this signature, or undefined. */
  typeOf(signature: string): number | undefined {
    return this.#bySignature.get(signature)?.typeAt;
  }

  #read(header: UnitHeader, into: Uint8Array): LoadedUnit {
    this.#section.fill(header.start, into);
    return {
      header,
      cursor: new DwarfCursor(into, this.#section.where, header.start),
      table: this.#abbreviations.tableAt(header.abbreviations, header),
      strOffsetsBase: undefined,
    };
  }

  #lengthOf({ start, end }: UnitHeader): number {
    if (end - start > MAXIMUM_UNIT_BYTES) {
      throw new BadProfile(
        `${this.#section.where} has a unit of ${end - start} bytes at ${hex(start)}, more than can be read`,
      );
    }
    return end - start;
  }

  #headerAt(offset: number): UnitHeader {
    const { headers } = this;
    let low = 0;
    let high = headers.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (headers[middle]!.end <= offset) low = middle + 1;
      else high = middle;
    }
    const found = headers[low];
    if (found === undefined || offset < found.entries)
      throw new BadProfile(`${this.#section.where} refers to ${hex(offset)}, where no entry is`);
    return found;
  }

  *#readHeaders(): Generator<UnitHeader> {
    const { sizeBytes, where } = this.#section;
    let count = 0;
    for (let start = 0; start < sizeBytes; ) {
      if (++count > MAXIMUM_UNITS) throw new BadProfile(`${where} has more than ${MAXIMUM_UNITS} units`);
      const bytes = new Uint8Array(Math.min(MAXIMUM_HEADER_BYTES, sizeBytes - start));
      this.#section.fill(start, bytes);
      const header = readHeader(new DwarfCursor(bytes, where, start), start, this.#section);
      yield header;
      start = header.end;
    }
  }
}

/** The types are somewhere else. */
export const splitFlaw = (where: string): BadProfile =>
  new BadProfile(
    `${where} leaves the types to .dwo files (CONFIG_DEBUG_INFO_SPLIT), which are not read: build without it`,
  );

function readHeader(cursor: DwarfCursor, start: number, { where, sizeBytes }: SectionBytes): UnitHeader {
  const first = cursor.u32();
  const offsetBytes = first === 0xffff_ffff ? 8 : 4;
  if (offsetBytes === 4 && first >= 0xffff_fff0) throw cursor.flaw('a unit has a reserved length', 0);
  const length = offsetBytes === 8 ? cursor.u64() : first;
  const end = start + cursor.at + length;
  if (end > sizeBytes) throw cursor.flaw(`a unit ends at ${hex(end)}, the section at ${hex(sizeBytes)}`, 0);
  const version = cursor.u16();
  if (version < 2 || version > 5) throw cursor.flaw(`DWARF of version ${version} is not read`, 0);
  const kind = version === 5 ? cursor.u8() : UNIT.compile;
  if (kind === UNIT.skeleton || kind === UNIT.splitCompile || kind === UNIT.splitType) {
    throw splitFlaw(where);
  }
  const addressFirst = version === 5 ? cursor.u8() : 0;
  const abbreviations = cursor.unsigned(offsetBytes);
  const addressBytes = version === 5 ? addressFirst : cursor.u8();
  if (addressBytes !== 4 && addressBytes !== 8)
    throw cursor.flaw(`a unit has addresses of ${addressBytes} bytes`, 0);
  const shape = { start, end, version, offsetBytes, addressBytes, abbreviations } as const;
  if (kind !== UNIT.type) return checked({ ...shape, entries: start + cursor.at }, cursor);
  const signature = cursor.signature();
  const typeAt = start + cursor.unsigned(offsetBytes);
  return checked({ ...shape, entries: start + cursor.at, signature, typeAt }, cursor);
}

/** The length may end within the header, and then nothing in it is true. */
function checked(header: UnitHeader, cursor: DwarfCursor): UnitHeader {
  if (header.entries > header.end) throw cursor.flaw('a unit ends within its header', 0);
  return header;
}
