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
    for (;;) {
      const start = cursor.at;
      const code = cursor.uleb();
      if (code === 0) break;
      if (code > MAXIMUM_CODE) throw cursor.flaw(`abbreviation has code ${code}`, start);
      table[code] = this.#readOne(shape);
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

/** Bytes that a value takes in its entry: -1 where the value itself says, undefined for a form that is not known. */
function bytesOf(form: number, { version, offsetBytes, addressBytes }: UnitShape): number | undefined {
  switch (form) {
    case FORM.flagPresent:
    case FORM.implicitConst:
      return 0;
    case FORM.data1:
    case FORM.ref1:
    case FORM.flag:
    case FORM.strx1:
    case FORM.addrx1:
      return 1;
    case FORM.data2:
    case FORM.ref2:
    case FORM.strx2:
    case FORM.addrx2:
      return 2;
    case FORM.strx3:
    case FORM.addrx3:
      return 3;
    case FORM.data4:
    case FORM.ref4:
    case FORM.refSup4:
    case FORM.strx4:
    case FORM.addrx4:
      return 4;
    case FORM.data8:
    case FORM.ref8:
    case FORM.refSig8:
    case FORM.refSup8:
      return 8;
    case FORM.data16:
      return 16;
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
    case FORM.block1:
    case FORM.block2:
    case FORM.block4:
    case FORM.block:
    case FORM.exprloc:
    case FORM.string:
    case FORM.sdata:
    case FORM.udata:
    case FORM.refUdata:
    case FORM.strx:
    case FORM.addrx:
    case FORM.loclistx:
    case FORM.rnglistx:
    case FORM.gnuAddrIndex:
    case FORM.gnuStrIndex:
      return -1;
    default:
      return undefined;
  }
}
