// Reads debugging information entries (DIEs), and skips those that do not matter.
// DWARF 5, 2.1 and 7.5.
import type { Abbreviation, Attribute } from './dwarf-abbreviations.ts';
import { ATTRIBUTE, FORM } from './dwarf-constants.ts';
import type { DwarfCursor } from './dwarf-cursor.ts';
import type { DwarfUnits, LoadedUnit } from './dwarf-units.ts';
import { constantOf, flagOf, locationOf, skipValue } from './dwarf-values.ts';

/** Entries nest some 20 levels deep in functions; this far down nothing is meant. */
const MAXIMUM_NESTING = 4096;

/** Which strings a name is in. */
export type NameSource = 'none' | 'str' | 'line-str' | 'inline' | 'str-offsets' | 'elsewhere';

/** One debugging information entry, its interesting attributes read. What it lacks is NaN, or -1 for references. */
export class Die {
  readonly unit: LoadedUnit;
  /** 0 for the entry that ends a list of children. */
  tag = 0;
  hasChildren = false;
  /** Offset in the unit of the byte behind the attributes: its first child, or the next entry. */
  next = 0;
  /** Offset in the unit of the next entry that is no child of it. */
  sibling = -1;
  nameSource: NameSource = 'none';
  /** Offset in the strings that `nameSource` says; of `str-offsets` the number of the string. */
  nameAt = 0;
  /** Offset in the section of the entry of its type. */
  type = -1;
  isDeclaration = false;
  /** Of a unit: its types are in a file of their own. */
  hasDwoName = false;
  byteSize = Number.NaN;
  bitSize = Number.NaN;
  bitOffset = Number.NaN;
  dataBitOffset = Number.NaN;
  /** Bytes from the beginning of the struct, or NaN where none is told: of a union, or of a bitfield. */
  location = Number.NaN;
  constValue = Number.NaN;
  upperBound = Number.NaN;
  count = Number.NaN;

  constructor(unit: LoadedUnit) {
    this.unit = unit;
  }
}

/** Attributes that are plain numbers, and where they are kept. */
const CONSTANTS: Readonly<
  Record<
    number,
    'byteSize' | 'bitSize' | 'bitOffset' | 'dataBitOffset' | 'constValue' | 'upperBound' | 'count'
  >
> = {
  [ATTRIBUTE.byteSize]: 'byteSize',
  [ATTRIBUTE.bitSize]: 'bitSize',
  [ATTRIBUTE.bitOffset]: 'bitOffset',
  [ATTRIBUTE.dataBitOffset]: 'dataBitOffset',
  [ATTRIBUTE.constValue]: 'constValue',
  [ATTRIBUTE.upperBound]: 'upperBound',
  [ATTRIBUTE.count]: 'count',
};

/** Reads entries, and passes over those that do not matter. */
export class DieReader {
  readonly #units: DwarfUnits;

  constructor(units: DwarfUnits) {
    this.#units = units;
  }

  /** The entry at an offset of .debug_info; `from` is the unit that refers to it. @throws BadProfile */
  follow(offset: number, from: LoadedUnit): Die {
    const { header } = from;
    const unit = offset >= header.entries && offset < header.end ? from : this.#units.unitAt(offset);
    return this.read(unit, offset - unit.header.start);
  }

  /** The entry at an offset of a unit. @throws BadProfile */
  read(unit: LoadedUnit, at: number): Die {
    const die = new Die(unit);
    const { cursor } = unit;
    const abbreviation = abbreviationAt(unit, at);
    if (abbreviation !== undefined) {
      die.tag = abbreviation.tag;
      die.hasChildren = abbreviation.hasChildren;
      for (const attribute of abbreviation.attributes) this.#take(die, attribute);
    }
    die.next = cursor.at;
    return die;
  }

  /** The entries below `die`, one level down. */
  *children(die: Die): Generator<Die> {
    if (!die.hasChildren) return;
    for (let at = die.next; ; ) {
      const child = this.read(die.unit, at);
      if (child.tag === 0) return;
      // Before the caller sees it: whoever follows a reference moves the unit's cursor.
      at = this.behind(child);
      yield child;
    }
  }

  /** Offset in the unit of the entry behind `die` and all that is below it. */
  behind({ unit, hasChildren, next, sibling }: Die): number {
    if (!hasChildren) return next;
    if (sibling >= 0) return forward(unit.cursor, next, sibling);
    unit.cursor.at = next;
    this.#passChildren(unit);
    return unit.cursor.at;
  }

  /** Moves the unit's cursor from behind the code of an entry to behind the entry and all that is below it. */
  pass(unit: LoadedUnit, abbreviation: Abbreviation): void {
    if (this.#passOne(unit, abbreviation)) this.#passChildren(unit);
  }

  /** Passes over the list of children that begins at the cursor: without recursion, however deep they nest. */
  #passChildren(unit: LoadedUnit): void {
    const { cursor } = unit;
    for (let depth = 1; depth > 0; ) {
      const abbreviation = abbreviationAt(unit, cursor.at);
      if (abbreviation === undefined) depth--;
      else if (this.#passOne(unit, abbreviation)) depth++;
      if (depth > MAXIMUM_NESTING) throw cursor.flaw(`entries are nested more than ${MAXIMUM_NESTING} deep`);
    }
  }

  /** Passes over attributes, and over children where the entry says how far they go. @returns true where children follow */
  #passOne(unit: LoadedUnit, { hasChildren, attributes, fixedBytes, siblingAt }: Abbreviation): boolean {
    const { cursor } = unit;
    const start = cursor.at;
    if (hasChildren && siblingAt >= 0) {
      cursor.skip(siblingAt);
      const sibling = cursor.u32();
      cursor.at = forward(cursor, cursor.at, sibling);
      return false;
    }
    if (fixedBytes >= 0) cursor.skip(fixedBytes);
    else {
      let sibling = -1;
      for (const attribute of attributes) {
        if (attribute.name === ATTRIBUTE.sibling)
          sibling = this.#reference(unit, attribute.form) - unit.header.start;
        else skipValue(cursor, attribute);
      }
      if (hasChildren && sibling >= 0) {
        cursor.at = forward(cursor, start, sibling);
        return false;
      }
    }
    return hasChildren;
  }

  #take(die: Die, attribute: Attribute): void {
    const { unit } = die;
    const { cursor } = unit;
    switch (attribute.name) {
      case ATTRIBUTE.sibling:
        die.sibling = this.#reference(unit, attribute.form) - unit.header.start;
        return;
      case ATTRIBUTE.name:
        takeName(die, attribute);
        return;
      case ATTRIBUTE.type:
        die.type = this.#reference(unit, attribute.form);
        return;
      case ATTRIBUTE.declaration:
        die.isDeclaration = flagOf(cursor, attribute);
        return;
      case ATTRIBUTE.memberLocation:
        die.location = locationOf(cursor, attribute);
        return;
      case ATTRIBUTE.gnuDwoName:
        die.hasDwoName = true;
        skipValue(cursor, attribute);
        return;
      default: {
        const constant = CONSTANTS[attribute.name];
        if (constant === undefined) skipValue(cursor, attribute);
        else die[constant] = constantOf(cursor, attribute);
      }
    }
  }

  /** The offset in the section that a reference means; -1 where it is in another file or nowhere. */
  #reference({ cursor, header }: LoadedUnit, form: number): number {
    switch (form) {
      case FORM.ref1:
      case FORM.ref2:
      case FORM.ref4:
      case FORM.ref8:
        return header.start + cursor.unsigned(REFERENCE_BYTES[form - FORM.ref1]!);
      case FORM.refUdata:
        return header.start + cursor.uleb();
      case FORM.refAddr:
        return cursor.unsigned(header.version === 2 ? header.addressBytes : header.offsetBytes);
      case FORM.refSig8:
        return this.#units.typeOf(cursor.signature()) ?? -1;
      default:
        throw cursor.flaw(`a reference has form ${form}`);
    }
  }
}

const REFERENCE_BYTES = [1, 2, 4, 8];

/** The abbreviation of the entry at an offset, the cursor then behind its code; undefined for the end of a list. */
export function abbreviationAt({ cursor, table }: LoadedUnit, at: number): Abbreviation | undefined {
  cursor.at = at;
  const code = cursor.uleb();
  if (code === 0) return undefined;
  const abbreviation = table[code];
  if (abbreviation === undefined) throw cursor.flaw(`no abbreviation has code ${code}`, at);
  return abbreviation;
}

/** Siblings lie ahead: one that does not would be walked for ever. */
function forward(cursor: DwarfCursor, from: number, sibling: number): number {
  if (sibling < from || sibling > cursor.bytes.length)
    throw cursor.flaw('a sibling does not lie ahead', from);
  return sibling;
}

function takeName(die: Die, attribute: Attribute): void {
  const { cursor, header } = die.unit;
  switch (attribute.form) {
    case FORM.strp:
    case FORM.lineStrp:
      die.nameSource = attribute.form === FORM.strp ? 'str' : 'line-str';
      die.nameAt = cursor.unsigned(header.offsetBytes);
      return;
    case FORM.string:
      die.nameSource = 'inline';
      die.nameAt = cursor.at;
      cursor.skipText();
      return;
    case FORM.strx:
    case FORM.gnuStrIndex:
      die.nameSource = 'str-offsets';
      die.nameAt = cursor.uleb();
      return;
    case FORM.strx1:
    case FORM.strx2:
    case FORM.strx3:
    case FORM.strx4:
      die.nameSource = 'str-offsets';
      die.nameAt = cursor.unsigned(attribute.bytes);
      return;
    default:
      die.nameSource = 'elsewhere';
      skipValue(cursor, attribute);
  }
}
