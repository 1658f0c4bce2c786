// DWARF abbreviation tables (.debug_abbrev): how the entries of a unit are encoded.
// DWARF 5, 7.5.3.
import { ATTRIBUTE, FORM } from './dwarf-constants.ts';
import { DwarfCursor } from './dwarf-cursor.ts';

/** What the sizes of forms depend on: three numbers of a unit's header. */
export interface UnitShape {
  readonly version: number;
  /** 8 in DWARF64. */
  readonly offsetBytes: 4 | 8;
  readonly addressBytes: number;
}

/** How entries of one kind are written. */
export interface Abbreviation {
  readonly tag: number;
  readonly hasChildren: boolean;
  readonly attributes: readonly Attribute[];
  /** Bytes of all attributes together where all are of fixed size, else -1. */
  readonly fixedBytes: number;
  /** Where DW_AT_sibling stands among them, as a 4-byte reference at a fixed place; else -1. */
  readonly siblingAt: number;
}

/** One attribute: which, and how it is written. */
export interface Attribute {
  readonly name: number;
  readonly form: number;
  /** Bytes in the entry, or -1 where they differ from entry to entry. */
  readonly bytes: number;
  /** The value itself, of the form that keeps it here (DW_FORM_implicit_const). */
  readonly implicit: number;
}

/** By code; codes are given from 1 on without gaps. */
export type AbbreviationTable = readonly (Abbreviation | undefined)[];

/** Compilers write some 20 attributes at most, and some hundred abbreviations for a unit. */
const MAXIMUM_ATTRIBUTES = 256;
const MAXIMUM_CODE = 65_536;
const MAXIMUM_TABLE_ATTRIBUTES = 200_000;
/** Tables kept for units that share them (link-time optimization, dwz). */
const KEPT_TABLES = 16;
/** How many times over the section may be read: every unit of a hostile file can name the same long table, one byte on. */
const MAXIMUM_READINGS = 4;

/** Tables of abbreviations (.debug_abbrev), read when a unit first wants them. */
export class Abbreviations {
  readonly #cursor: DwarfCursor;
  readonly #tables = new Map<string, AbbreviationTable>();
  #budget: number;

  constructor(section: Uint8Array, where: string) {
    this.#cursor = new DwarfCursor(section, where);
    this.#budget = section.length * MAXIMUM_READINGS;
  }

  /** @throws BadProfile */
  tableAt(offset: number, shape: UnitShape): AbbreviationTable {
    const key = `${offset} ${shape.version} ${shape.offsetBytes} ${shape.addressBytes}`;
    const known = this.#tables.get(key);
    if (known !== undefined) return known;
    const [oldest] = this.#tables.keys();
    if (this.#tables.size >= KEPT_TABLES) this.#tables.delete(oldest!);
    const table = this.#read(offset, shape);
    this.#tables.set(key, table);
    return table;
  }

  #read(offset: number, shape: UnitShape): AbbreviationTable {
    const cursor = this.#cursor;
    cursor.at = offset;
    const table: (Abbreviation | undefined)[] = [];
    let attributes = 0;
    for (;;) {
      const start = cursor.at;
      const code = cursor.uleb();
      if (code === 0) break;
      if (code > MAXIMUM_CODE) throw cursor.flaw(`abbreviation has code ${code}`, start);
      const abbreviation = this.#readOne(shape);
      table[code] = abbreviation;
      attributes += abbreviation.attributes.length;
      if (attributes > MAXIMUM_TABLE_ATTRIBUTES)
        throw cursor.flaw(
          `a unit has abbreviations with more than ${MAXIMUM_TABLE_ATTRIBUTES} attributes`,
          start,
        );
      this.#budget -= cursor.at - start;
      if (this.#budget < 0) throw cursor.flaw('units share abbreviations in a way that no compiler writes');
    }
    return table;
  }

  #readOne(shape: UnitShape): Abbreviation {
    const cursor = this.#cursor;
    const tag = cursor.uleb();
    const hasChildren = cursor.u8() !== 0;
    const attributes: Attribute[] = [];
    let fixedBytes = 0;
    let siblingAt = -1;
    for (;;) {
      const start = cursor.at;
      const [name, form] = [cursor.uleb(), cursor.uleb()];
      if (name === 0 && form === 0) break;
      if (attributes.length === MAXIMUM_ATTRIBUTES)
        throw cursor.flaw(`abbreviation has more than ${MAXIMUM_ATTRIBUTES} attributes`, start);
      const bytes = bytesOf(form, shape);
      if (bytes === undefined) throw cursor.flaw(`form ${form} is not known`, start);
      const implicit = form === FORM.implicitConst ? cursor.sleb() : 0;
      if (name === ATTRIBUTE.sibling && form === FORM.ref4) siblingAt = fixedBytes;
      fixedBytes = fixedBytes < 0 || bytes < 0 ? -1 : fixedBytes + bytes;
      attributes.push({ name, form, bytes, implicit });
    }
    return { tag, hasChildren, attributes, fixedBytes, siblingAt };
  }
}

/** Forms whose values take the same number of bytes in every unit; -1 where the value itself says how many. */
const FIXED_BYTES: ReadonlyMap<number, number> = new Map<number, number>([
  ...[FORM.flagPresent, FORM.implicitConst].map((form) => [form, 0] as const),
  ...[FORM.data1, FORM.ref1, FORM.flag, FORM.strx1, FORM.addrx1].map((form) => [form, 1] as const),
  ...[FORM.data2, FORM.ref2, FORM.strx2, FORM.addrx2].map((form) => [form, 2] as const),
  ...[FORM.strx3, FORM.addrx3].map((form) => [form, 3] as const),
  ...[FORM.data4, FORM.ref4, FORM.refSup4, FORM.strx4, FORM.addrx4].map((form) => [form, 4] as const),
  ...[FORM.data8, FORM.ref8, FORM.refSig8, FORM.refSup8].map((form) => [form, 8] as const),
  [FORM.data16, 16],
  ...[FORM.block1, FORM.block2, FORM.block4, FORM.block, FORM.exprloc].map((form) => [form, -1] as const),
  ...[FORM.string, FORM.sdata, FORM.udata, FORM.refUdata].map((form) => [form, -1] as const),
  ...[FORM.strx, FORM.addrx, FORM.loclistx, FORM.rnglistx].map((form) => [form, -1] as const),
  ...[FORM.gnuAddrIndex, FORM.gnuStrIndex].map((form) => [form, -1] as const),
]);

/** Bytes that a value takes in its entry: -1 where the value itself says, undefined for a form that is not known. */
function bytesOf(form: number, { version, offsetBytes, addressBytes }: UnitShape): number | undefined {
  switch (form) {
    case FORM.addr:
      return addressBytes;
    // An address in version 2, an offset since.
    case FORM.refAddr:
      return version === 2 ? addressBytes : offsetBytes;
    case FORM.strp:
    case FORM.secOffset:
    case FORM.strpSup:
    case FORM.lineStrp:
    case FORM.gnuRefAlt:
    case FORM.gnuStrpAlt:
      return offsetBytes;
    default:
      return FIXED_BYTES.get(form);
  }
}
