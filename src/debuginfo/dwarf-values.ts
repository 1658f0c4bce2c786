// Decodes attribute values: flags, constants, locations of members.
// DWARF 5, 7.5.6; versions 2 to 4 are read too.
import type { Attribute } from './dwarf-abbreviations.ts';
import { FORM, OPERATION } from './dwarf-constants.ts';
import type { DwarfCursor } from './dwarf-cursor.ts';

/** A flag: what is there without a value is true. */
export function flagOf(cursor: DwarfCursor, attribute: Attribute): boolean {
  if (attribute.form === FORM.flag) return cursor.u8() !== 0;
  skipValue(cursor, attribute);
  return attribute.form === FORM.flagPresent;
}

/** A constant; NaN where the value is none: an expression, or a reference to what tells it. */
export function constantOf(cursor: DwarfCursor, attribute: Attribute): number {
  switch (attribute.form) {
    case FORM.data1:
    case FORM.data2:
    case FORM.data4:
    case FORM.data8:
      return cursor.unsigned(attribute.bytes);
    case FORM.udata:
      return cursor.uleb();
    case FORM.sdata:
      return cursor.sleb();
    case FORM.implicitConst:
      return attribute.implicit;
    default:
      skipValue(cursor, attribute);
      return Number.NaN;
  }
}

/** Where a member is: a constant, or an expression that adds one (versions 2 and 3, old compilers). */
export function locationOf(cursor: DwarfCursor, attribute: Attribute): number {
  const { form } = attribute;
  const isBlock = form === FORM.block || form === FORM.exprloc;
  if (!isBlock && form !== FORM.block1) return constantOf(cursor, attribute);
  const length = isBlock ? cursor.uleb() : cursor.u8();
  const end = cursor.at + length;
  const operation = length === 0 ? -1 : cursor.u8();
  const isAddition = operation === OPERATION.plusUconst || operation === OPERATION.constu;
  const location = isAddition ? cursor.uleb() : Number.NaN;
  const plus = operation === OPERATION.constu ? cursor.u8() : OPERATION.plus;
  if (!isAddition || plus !== OPERATION.plus || cursor.at !== end)
    throw cursor.flaw('the place of a member is computed');
  return location;
}

/** Passes over a value that does not matter. */
export function skipValue(cursor: DwarfCursor, { form, bytes }: Pick<Attribute, 'form' | 'bytes'>): void {
  if (bytes >= 0) {
    cursor.skip(bytes);
    return;
  }
  switch (form) {
    case FORM.block1:
      cursor.skip(cursor.u8());
      return;
    case FORM.block2:
      cursor.skip(cursor.u16());
      return;
    case FORM.block4:
      cursor.skip(cursor.u32());
      return;
    case FORM.block:
    case FORM.exprloc:
      cursor.skip(cursor.uleb());
      return;
    case FORM.string:
      cursor.skipText();
      return;
    default:
      cursor.uleb();
  }
}
