// Recognises wanted names in DWARF's string sections by where they stand.
// A kernel names the same strings many million times.
import { BadProfile } from '../base/errors.ts';
import { ATTRIBUTE, FORM } from './dwarf-constants.ts';
import { abbreviationAt, type Die } from './dwarf-die.ts';
import type { LoadedUnit } from './dwarf-units.ts';
import { skipValue } from './dwarf-values.ts';
import { nameIn } from './elf-image.ts';

/** The sections with strings, read whole: of a Debian kernel 3.5 MB and 74 KB. */
export interface DwarfStrings {
  readonly path: string;
  /** .debug_str, .debug_line_str and .debug_str_offsets; empty where there is none. */
  readonly strings: Uint8Array;
  readonly lineStrings: Uint8Array;
  readonly offsets: Uint8Array;
}

/** Bytes of the header of a unit's part of .debug_str_offsets. */
const OFFSETS_HEADER_BYTES = { 4: 8, 8: 16 } as const;
/** Numbers of two bytes end here. */
const MAXIMUM_SHORT = 2 ** 15;
const NOT_LOOKED_AT = 0;
const NOT_WANTED = -1;

/**
 * Says which wanted name an entry has. Names are told apart by where they stand: the same few hundred thousand
 * strings are named many million times.
 */
export class WantedNames {
  readonly #strings: DwarfStrings;
  readonly #numbers: ReadonlyMap<string, number>;
  readonly #names: readonly string[];
  /** By offset in .debug_str: number of the name, or one of the two above. */
  readonly #known: Int16Array | Int32Array;

  constructor(strings: DwarfStrings, wanted: Iterable<string>) {
    this.#strings = strings;
    this.#names = ['', ...new Set(wanted)];
    this.#numbers = new Map(this.#names.map((name, number) => [name, number]));
    const Numbers = this.#names.length < MAXIMUM_SHORT ? Int16Array : Int32Array;
    this.#known = new Numbers(strings.strings.length);
  }

  /** The wanted name that the entry has; undefined where it has another one or none. @throws BadProfile */
  of(die: Die): string | undefined {
    switch (die.nameSource) {
      case 'none':
        return undefined;
      case 'str':
        return this.#at(die.nameAt);
      case 'str-offsets':
        return this.#at(this.#offsetOf(die));
      case 'line-str':
        return this.#wanted(nameIn(this.#strings.lineStrings, die.nameAt));
      case 'inline':
        return this.#wanted(nameIn(die.unit.cursor.bytes, die.nameAt));
      case 'elsewhere':
        throw new BadProfile(
          `${this.#strings.path} keeps names in a second file (dwz -m), which is not read: give the vmlinux as it was built`,
        );
    }
  }

  #at(offset: number): string | undefined {
    const known = this.#known[offset];
    if (known === undefined)
      throw new BadProfile(`${this.#strings.path} has a name past the end of its .debug_str`);
    if (known !== NOT_LOOKED_AT) return known === NOT_WANTED ? undefined : this.#names[known];
    const name = this.#wanted(nameIn(this.#strings.strings, offset));
    this.#known[offset] = name === undefined ? NOT_WANTED : this.#numbers.get(name)!;
    return name;
  }

  #wanted(name: string): string | undefined {
    return name !== '' && this.#numbers.has(name) ? name : undefined;
  }

  #offsetOf({ unit, nameAt }: Die): number {
    const { offsets, path } = this.#strings;
    const { offsetBytes } = unit.header;
    unit.strOffsetsBase ??= strOffsetsBaseOf(unit);
    const at = unit.strOffsetsBase + nameAt * offsetBytes;
    if (at + offsetBytes > offsets.length)
      throw new BadProfile(`${path} has a name past the end of its .debug_str_offsets`);
    const view = new DataView(offsets.buffer, offsets.byteOffset + at, offsetBytes);
    return offsetBytes === 4 ? view.getUint32(0, true) : Number(view.getBigUint64(0, true));
  }
}

/** Where the unit's part of .debug_str_offsets begins: its first entry says so, or it is the first. */
function strOffsetsBaseOf(unit: LoadedUnit): number {
  const { cursor, header } = unit;
  const saved = cursor.at;
  const root = abbreviationAt(unit, header.entries - header.start);
  let base: number = header.version < 5 ? 0 : OFFSETS_HEADER_BYTES[header.offsetBytes];
  for (const { name, form, bytes } of root?.attributes ?? []) {
    if (name === ATTRIBUTE.strOffsetsBase && form === FORM.secOffset) {
      base = cursor.unsigned(bytes);
      break;
    }
    skipValue(cursor, { form, bytes });
  }
  cursor.at = saved;
  return base;
}
