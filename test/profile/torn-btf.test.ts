// BTF of which pages are missing, as a real kernel has it.
// What is read of the rest must be what the whole says: a type that is taken for another would make every read wrong.
import { beforeAll, describe, expect, it } from 'vitest';
import { Btf } from '../../src/profile/btf.ts';
import { BtfSection } from '../../src/profile/btf-section.ts';
import { required } from '../../src/session/linux/required-members.ts';
import { sampleBtf } from '../support/sample-btf.ts';

const PAGE = 4096;
let bytes: Uint8Array;
let whole: BtfSection;
let wanted: ReturnType<Btf['layouts']>;

beforeAll(() => {
  bytes = sampleBtf();
  whole = new BtfSection(bytes, 8);
  wanted = new Btf(bytes, 8).layouts(required.types);
});

function torn(gaps: readonly { readonly start: number; readonly end: number }[]) {
  const copy = Uint8Array.from(bytes);
  for (const { start, end } of gaps) copy.fill(0, start, end);
  return { section: new BtfSection(copy, 8, gaps), btf: new Btf(copy, 8, gaps) };
}

/** Pages that begin at such shares of the whole: types are in the first half, names in the second. */
const places = [0, 0.001, 0.01, 0.1, 0.3, 0.5, 0.58];

describe.each(places)('BTF without the page at %f of it', (share) => {
  const gap = () => {
    const start = Math.floor((bytes.length * share) / PAGE) * PAGE;
    return { start, end: start + PAGE };
  };

  it('gives each type behind the page its number again', () => {
    const { section } = torn([gap()]);
    expect(section.count).toBe(whole.count);
    expect(section.isWhole).toBe(false);
    let lost = 0;
    for (let id = 1; id < whole.count; id++) {
      const start = section.startOf(id);
      if (start === undefined) lost++;
      else if (start !== whole.startOf(id)) throw new Error(`type ${id} begins at ${start}`);
    }
    expect(lost).toBeLessThan(PAGE / 12 + 1);
  });

  it('has no member where the whole has it not', () => {
    const { btf } = torn([gap()]);
    for (const [name, { members }] of Object.entries(btf.layouts(required.types))) {
      for (const [member, place] of Object.entries(members))
        expect([name, member, place]).toEqual([name, member, wanted[name]?.members[member]]);
    }
  });
});

it('goes on behind each of several pages', () => {
  const gaps = [0, 40, 41, 200].map((page) => ({ start: page * PAGE, end: (page + 1) * PAGE }));
  const joined = [gaps[0]!, { start: gaps[1]!.start, end: gaps[2]!.end }, gaps[3]!];
  const { section } = torn(joined);
  expect(section.count).toBe(whole.count);
  const last = whole.structs.at(-1)!;
  expect(section.startOf(last)).toBe(whole.startOf(last));
});

it('takes a name that reaches into a page that is missing for none', () => {
  const task = whole.structs.find((id) => whole.nameAt(whole.word(whole.startOf(id)!)) === 'task_struct')!;
  const name = whole.word(whole.startOf(task)!);
  const strings = Buffer.from(bytes).indexOf('\0task_struct\0') + 1 - name;
  const start = strings + name + 4;
  const { btf, section } = torn([{ start, end: start + PAGE }]);
  expect(section.nameAt(name)).toBe('');
  expect(btf.layouts({ task_struct: ['comm'] })).toEqual({});
});
