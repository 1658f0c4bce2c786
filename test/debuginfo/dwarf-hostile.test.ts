import { describe, expect, it } from 'vitest';
import { BadProfile } from '../../src/base/errors.ts';
import { readDwarf } from '../../src/debuginfo/dwarf.ts';
import { ATTRIBUTE, FORM, TAG } from '../../src/debuginfo/dwarf-constants.ts';
import { ElfImage } from '../../src/debuginfo/elf-image.ts';
import { type DrawnEntry, type DrawnUnit, drawDwarf, entriesOf } from '../support/dwarf.ts';
import { type DrawnSection, drawElf, imageFile } from '../support/elf-object.ts';
import { Random } from '../support/random.ts';
import { scratchInMemory } from '../support/scratch.ts';

const required = { types: { task_struct: ['pid', 'comm'] }, enumerators: ['GREEN'] };

const readSections = (sections: readonly DrawnSection[]) =>
  readDwarf(new ElfImage(imageFile(drawElf(sections))), required, scratchInMemory);
const read = (...units: DrawnUnit[]) => readSections(drawDwarf(units));

/** The sections of one small unit, of which one is changed. */
function changed(name: string, change: (content: Buffer) => Uint8Array, unit: Partial<DrawnUnit> = {}) {
  const sections = drawDwarf([{ entries: [task([])], ...unit }]);
  return readSections(
    sections.map((section) =>
      section.name === name ? { ...section, content: change(Buffer.from(section.content)) } : section,
    ),
  );
}

/** A change of some bytes. */
const put =
  (at: number, ...bytes: number[]) =>
  (content: Buffer): Uint8Array => {
    content.set(bytes, at);
    return content;
  };
const named = (name: string) => [ATTRIBUTE.name, FORM.string, name] as const;
const typed = (label: string, form: number = FORM.ref4) => [ATTRIBUTE.type, form, { to: label }] as const;
const task = (children: readonly DrawnEntry[], label = 'task'): DrawnEntry => ({
  label,
  tag: TAG.structure,
  attributes: [named('task_struct'), [ATTRIBUTE.byteSize, FORM.data1, 64]],
  children,
});
const member = (...attributes: NonNullable<DrawnEntry['attributes']>): DrawnEntry => ({
  tag: TAG.member,
  attributes,
});

describe('readDwarf, of files that lie', () => {
  it.each([
    ['a unit past the end', put(0, 0, 0x10), 'a unit ends at 0x1004'],
    ['a unit shorter than its header', put(0, 4, 0), 'ends within its header'],
    ['a unit of no length', put(0, 0, 0), 'ends within its header'],
    ['a reserved length', put(0, 0xf1, 0xff, 0xff, 0xff), 'reserved length'],
    ['version 6', put(4, 6), 'version 6 is not read'],
    ['version 1', put(4, 1), 'version 1 is not read'],
    ['split DWARF', put(6, 4), 'CONFIG_DEBUG_INFO_SPLIT'],
    ['addresses of 3 bytes', put(7, 3), 'addresses of 3 bytes'],
    ['an abbreviation that is not there', put(12, 99), 'code 99'],
    ['a number without end', (info: Buffer) => info.fill(0xff, 12, 24), 'more than 10 bytes'],
    ['a unit cut in the middle', (info: Buffer) => info.subarray(0, 8), 'a unit ends at'],
    ['a header cut in the middle', (info: Buffer) => info.subarray(0, 3), 'cut'],
  ])('refuses %s', async (_, change, message) => {
    await expect(changed('.debug_info', change)).rejects.toThrow(BadProfile);
    await expect(changed('.debug_info', change)).rejects.toThrow(message);
  });

  it.each([
    ['an unknown form', put(9, 0x70), 'form 112 is not known'],
    ['no end', (table: Buffer) => table.subarray(0, -3), 'it is cut here'],
    ['nothing at all', () => new Uint8Array(0), 'it is cut here'],
  ])('refuses abbreviations with %s', async (_, change, message) => {
    await expect(changed('.debug_abbrev', change)).rejects.toThrow(message);
  });

  it('refuses an abbreviation of more attributes than any compiler writes', async () => {
    const attributes = Array.from(
      { length: 300 },
      () => [ATTRIBUTE.declaration, FORM.flagPresent, 1] as const,
    );
    await expect(read({ entries: [{ tag: TAG.base, attributes }] })).rejects.toThrow('more than 256');
  });

  it('refuses units that share abbreviations in ever new places', async () => {
    const [info, table, ...others] = drawDwarf([{ entries: [] }]);
    const padded = Buffer.concat([Buffer.alloc(0), table!.content]);
    const many = Buffer.concat(Array.from({ length: 200 }, () => padded.subarray(0, -1)));
    // Each unit's table begins one record later, and all of them end at the end of the section.
    const units = Array.from({ length: 200 }, (_, index) => {
      const unit = Buffer.from(info!.content);
      unit.writeUInt32LE(index * (padded.length - 1), 8);
      return unit;
    });
    const sections = [
      { ...info!, content: Buffer.concat(units) },
      { ...table!, content: Buffer.concat([many, Buffer.alloc(1)]) },
      ...others,
    ];
    await expect(readSections(sections)).rejects.toThrow('share abbreviations');
  });

  it('refuses references to where no entry is', async () => {
    const outside = member(named('pid'), [ATTRIBUTE.type, FORM.refAddr, 0]);
    await expect(read({ entries: [task([outside])] })).rejects.toThrow('where no entry is');
    const far = member(named('pid'), [ATTRIBUTE.type, FORM.ref4, 0x7fff_ffff]);
    await expect(read({ entries: [task([far])] })).rejects.toThrow('where no entry is');
  });

  it('refuses a reference of a form that is none', async () => {
    const odd = member(named('pid'), [ATTRIBUTE.type, FORM.udata, 12]);
    await expect(read({ entries: [task([odd])] })).rejects.toThrow('a reference has form 15');
  });

  it.each([
    ['backwards', 1],
    ['past the end', 0x1000],
  ])('refuses a sibling that lies %s', async (_, to) => {
    const block = { tag: 0x2e, attributes: [[ATTRIBUTE.sibling, FORM.ref4, to] as const], children: [] };
    await expect(read({ entries: [block] })).rejects.toThrow('does not lie ahead');
    const struct = { ...task([]), attributes: [[ATTRIBUTE.sibling, FORM.ref4, to] as const] };
    await expect(read({ entries: [struct] })).rejects.toThrow('does not lie ahead');
  });

  it('refuses entries that nest without end', async () => {
    const nest = (info: Buffer) => {
      const deep = Buffer.concat([info.subarray(0, 13), Buffer.alloc(5_000, 2)]);
      deep.writeUInt32LE(deep.length - 4, 0);
      return deep;
    };
    const block = { tag: 0x0b, children: [] };
    await expect(changed('.debug_info', nest, { entries: [block] })).rejects.toThrow('nested more than');
  });

  it('ends at types that are made of themselves', async () => {
    const found = await read({
      entries: [
        { label: 'loop', tag: TAG.typedef, attributes: [named('loop_t'), typed('loop')] },
        { label: 'array', tag: TAG.array, attributes: [typed('array')], children: [{ tag: TAG.subrange }] },
        task([
          member(typed('task')),
          member(typed('task')),
          member(named('pid'), typed('loop')),
          member(named('comm'), typed('array')),
        ]),
      ],
    });
    expect(found?.types).toEqual({ task_struct: { size: 64, members: { pid: [0, 0], comm: [0, 0] } } });
  });

  it('ends at structs that name the same members again and again', async () => {
    const inner: DrawnEntry = {
      label: 'inner',
      tag: TAG.structure,
      children: Array.from({ length: 4_000 }, () => member(named('other'))),
    };
    const again = Array.from({ length: 2_000 }, (_, index) =>
      task([member(typed('inner'))], `task ${index}`),
    );
    await expect(read({ entries: [inner, ...again] })).rejects.toThrow('refer to each other');
  });

  it('refuses the place of a member that has to be computed', async () => {
    const computed = member(named('pid'), [ATTRIBUTE.memberLocation, FORM.exprloc, Uint8Array.of(0x06)]);
    await expect(read({ entries: [task([computed])] })).rejects.toThrow('the place of a member is computed');
  });

  it('refuses names that are not where they are said to be', async () => {
    const struct = (form: number, value: number, version = 5): DrawnUnit => ({
      version,
      entries: [{ tag: TAG.structure, attributes: [[ATTRIBUTE.name, form, value]] }],
    });
    await expect(read(struct(FORM.strp, 0x1000))).rejects.toThrow('past the end of its .debug_str');
    await expect(read(struct(FORM.strx, 0x1000))).rejects.toThrow('.debug_str_offsets');
    await expect(read(struct(FORM.gnuStrpAlt, 4, 4))).rejects.toThrow('second file (dwz -m)');
  });

  it('refuses what is split in the way before version 5, and type units of it', async () => {
    const split: DrawnUnit = {
      version: 4,
      root: [[ATTRIBUTE.gnuDwoName, FORM.string, 'a.dwo']],
      entries: [],
    };
    await expect(read(split)).rejects.toThrow('CONFIG_DEBUG_INFO_SPLIT');
    const sections = [...drawDwarf([{ entries: [] }]), { name: '.debug_types', content: Buffer.alloc(4) }];
    await expect(readSections(sections)).rejects.toThrow('.debug_types');
  });

  it('ends with an answer or an explained error, whatever byte is wrong', async () => {
    const sections = drawDwarf([
      {
        version: 4,
        entries: [
          ...entriesOf(
            {
              int: { int: 'int', size: 4 },
              name: { array: 'int', count: 16 },
              task: {
                struct: 'task_struct',
                size: 64,
                members: [
                  ['pid', 'int', 4],
                  ['', 'task', 8],
                  ['comm', 'name', 16],
                ],
              },
              colours: { enum: 'colour', values: { RED: 0, GREEN: 1 } },
            },
            { hasSiblings: true, hasOldBitfields: true },
          ),
        ],
      },
    ]);
    const random = new Random(1);
    for (let round = 0; round < 3_000; round++) {
      const damaged = sections.map((section) => {
        const content = Uint8Array.from(section.content);
        const count = content.length === 0 ? 0 : random.below(3);
        for (let i = 0; i < count; i++) content[random.below(content.length)] = random.below(256);
        return { ...section, content };
      });
      try {
        await readSections(damaged);
      } catch (error) {
        expect(error).toBeInstanceOf(BadProfile);
      }
    }
  });
});
