// Reads the layouts and enumerators that the program needs from DWARF.
// It is used if a `vmlinux` carries no BTF.
import { BadProfile } from '../base/errors.ts';
import type { RequiredNames } from '../profile/profile.ts';
import type { Layouts, TypeLayout } from '../types/layout.ts';
import { Abbreviations } from './dwarf-abbreviations.ts';
import { TAG } from './dwarf-constants.ts';
import { abbreviationAt, type Die, DieReader } from './dwarf-die.ts';
import { DwarfLayouts, isComposite } from './dwarf-layouts.ts';
import { type DwarfStrings, WantedNames } from './dwarf-names.ts';
import { DwarfUnits, type LoadedUnit, splitFlaw } from './dwarf-units.ts';
import type { ElfImage } from './elf-image.ts';
import { allOf, contentOf, type Scratch, type SectionBytes } from './section-bytes.ts';

/** Kept in memory whole: of a Debian kernel 5 and 3.5 MB, of one with every driver built in ten times that. */
const MAXIMUM_ABBREVIATIONS_BYTES = 192 << 20;
const MAXIMUM_STRINGS_BYTES = 64 << 20;
/** One entry may be looked at for layouts for so many bytes of .debug_info: Debian's kernels need one for 190 to 210. */
const BYTES_PER_LOOK = 4;
/** … and at least, for small files. */
const LEAST_LOOKS = 100_000;

/** What DWARF told of the wanted types. */
export interface DwarfTypes {
  readonly types: Layouts;
  readonly enumerators: Readonly<Record<string, number>>;
}

/** The wanted types as .debug_info tells them, or undefined where the image has none. @throws BadProfile */
export async function readDwarf(
  image: ElfImage,
  required: Pick<RequiredNames, 'types' | 'enumerators'>,
  scratch: Scratch,
): Promise<DwarfTypes | undefined> {
  const info = await contentOf(image, '.debug_info', scratch);
  if (info === undefined) return undefined;
  if ((await contentOf(image, '.debug_types', scratch)) !== undefined)
    throw new BadProfile(`${image.file.path} has .debug_types (-fdebug-types-section), which is not read`);
  const whole = async (name: string, maximumBytes = MAXIMUM_STRINGS_BYTES) =>
    allOf(await contentOf(image, name, scratch), maximumBytes);
  const { path } = image.file;
  const abbreviations = new Abbreviations(
    await whole('.debug_abbrev', MAXIMUM_ABBREVIATIONS_BYTES),
    `${path}: .debug_abbrev`,
  );
  const strings = {
    path,
    strings: await whole('.debug_str'),
    lineStrings: await whole('.debug_line_str'),
    offsets: await whole('.debug_str_offsets'),
  };
  return new DwarfWalk(new DwarfUnits(info, abbreviations), info, strings, required).run();
}

/** Goes through all units once and gathers what is wanted. */
class DwarfWalk {
  readonly #where: string;
  readonly #units: DwarfUnits;
  readonly #reader: DieReader;
  readonly #names: WantedNames;
  readonly #layouts: DwarfLayouts;
  readonly #members: ReadonlyMap<string, ReadonlySet<string>>;
  readonly #enumerators: ReadonlySet<string>;
  readonly #types: Record<string, TypeLayout> = {};
  readonly #values: Record<string, number> = {};

  constructor(
    units: DwarfUnits,
    info: SectionBytes,
    strings: DwarfStrings,
    { types, enumerators }: Pick<RequiredNames, 'types' | 'enumerators'>,
  ) {
    this.#where = info.where;
    this.#units = units;
    this.#reader = new DieReader(units);
    const members = Object.entries(types);
    this.#names = new WantedNames(strings, [...members.flat(2), ...enumerators]);
    this.#layouts = new DwarfLayouts(
      this.#reader,
      this.#names,
      LEAST_LOOKS + info.sizeBytes / BYTES_PER_LOOK,
    );
    this.#members = new Map(members.map(([name, wanted]) => [name, new Set(wanted)]));
    this.#enumerators = new Set(enumerators);
  }

  /**
   * There is no early end: wants name members of many versions, so that no kernel has them all, and whether a
   * struct of the same name with more of our members is still to come shows in the last unit only.
   */
  run(): DwarfTypes {
    for (const header of this.#units.headers) this.#visitUnit(this.#units.load(header));
    return { types: this.#types, enumerators: this.#values };
  }

  /** Looks at the entries directly below the unit's own, where C has all types but those of single functions. */
  #visitUnit(unit: LoadedUnit): void {
    const { cursor, header } = unit;
    const root = this.#reader.read(unit, header.entries - header.start);
    if (root.hasDwoName) throw splitFlaw(this.#where);
    if (!root.hasChildren) return;
    for (let at = root.next; at < cursor.bytes.length; at = cursor.at) {
      const abbreviation = abbreviationAt(unit, at);
      if (abbreviation === undefined) return;
      const { tag } = abbreviation;
      const mayMatter = isComposite(tag) || tag === TAG.typedef || tag === TAG.enumeration;
      if (mayMatter) cursor.at = this.#visit(this.#reader.read(unit, at));
      else this.#reader.pass(unit, abbreviation);
    }
  }

  /** @returns the offset in the unit of the entry behind this one */
  #visit(die: Die): number {
    if (!die.isDeclaration) {
      if (die.tag === TAG.enumeration) this.#visitEnumeration(die);
      else this.#visitType(die);
    }
    return this.#reader.behind(die);
  }

  #visitType(die: Die): void {
    const name = this.#names.of(die);
    const wanted = name === undefined ? undefined : this.#members.get(name);
    if (name === undefined || wanted === undefined) return;
    const known = this.#types[name];
    if (known !== undefined && memberCount(known) === wanted.size) return;
    const struct = die.tag === TAG.typedef ? this.#layouts.namelessBehind(die) : die;
    if (struct === undefined || struct.isDeclaration) return;
    const layout = this.#layouts.layoutOf(struct, wanted);
    // Two structs of one name exist where two drivers chose it: the one that has more of our members is ours.
    if (known === undefined || memberCount(layout) > memberCount(known)) this.#types[name] = layout;
  }

  #visitEnumeration(die: Die): void {
    if (Object.keys(this.#values).length === this.#enumerators.size) return;
    for (const child of this.#reader.children(die)) {
      const name = child.tag === TAG.enumerator ? this.#names.of(child) : undefined;
      if (name === undefined || !this.#enumerators.has(name)) continue;
      // Values of 32 bits are signed, as in BTF: compilers write -1 both as such and as 0xffffffff.
      this.#values[name] ??= child.constValue <= 0xffff_ffff ? child.constValue | 0 : child.constValue;
    }
  }
}

const memberCount = (layout: TypeLayout): number => Object.keys(layout.members).length;
