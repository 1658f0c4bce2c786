import * as fields from '../../src/types/fields.ts';
import type { Layouts, MemberLayout } from '../../src/types/layout.ts';
import type { Field, StructTable } from '../../src/types/struct.ts';

/** Bytes of members whose width their field does not tell, by name; arrays of text are 16 elsewhere, places 64. */
const WIDTHS: Readonly<Record<string, number>> = {
  sysname: 65,
  nodename: 65,
  release: 65,
  version: 65,
  machine: 65,
  rss_stat: 4 * 32,
  mem: 7 * 88,
  timekeeper: 128,
  val: 4 * 64,
};

/** What the drawn kernel lacks, and where members lie that must not simply follow the one before. */
export interface LayoutWishes {
  /** `type.member`, or `type` for a whole struct. */
  readonly without: readonly string[];
  /** `type.member` → byte offset. */
  readonly at: Readonly<Record<string, number>>;
}

/**
 * Layouts of a kernel that never was: every member of the table one after the other, as narrow as its field
 * allows. Structs are small, so a hundred thousand tasks fit into little memory.
 */
export function drawLayouts(structs: StructTable, { without, at }: LayoutWishes): Layouts {
  const drawn: Record<string, { size: number; members: Record<string, MemberLayout> }> = {};
  const draw = (type: string): number => {
    if (drawn[type] !== undefined) return drawn[type].size;
    const layout = { size: 8, members: {} as Record<string, MemberLayout> };
    drawn[type] = layout; // before its members: pointers may lead back
    let end = 0;
    for (const [name, field] of Object.entries(structs[type] ?? {})) {
      if (without.includes(`${type}.${name}`)) continue;
      const size = widthOf(name, field, draw);
      const wish = at[`${type}.${name}`];
      const offset = wish ?? end;
      layout.members[name] = [offset, size];
      if (wish === undefined) end = Math.ceil((end + size) / 8) * 8;
      layout.size = Math.max(layout.size, Math.ceil((offset + size) / 8) * 8);
    }
    return layout.size;
  };
  for (const type of Object.keys(structs)) if (!without.includes(type)) draw(type);
  return drawn;
}

function widthOf(name: string, field: Field<unknown>, draw: (type: string) => number): number {
  const inner = 'inner' in field ? field.inner : undefined;
  if (typeof inner === 'string') return draw(inner);
  if ('entry' in field) return 16; // a list_head
  const { bind } = field;
  if (bind === fields.uint.bind || bind === fields.int.bind) return 4;
  if (bind === fields.text.bind) return WIDTHS[name] ?? 16;
  if (bind === fields.place.bind || bind === fields.bytes.bind) return WIDTHS[name] ?? 64;
  return 8;
}
