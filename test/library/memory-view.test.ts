// Memory of drawn page tables, read as bytes, numbers and texts; what is missing is thrown, or told range by range.
import { describe, expect, it } from 'vitest';
import { NotInSnapshot, NotPresent, UsageError } from '../../src/base/errors.ts';
import { type Hole, PhysicalView, type Piece, VirtualView } from '../../src/library/memory-view.ts';
import { asciiText, hexText, stringsText, wordText } from '../../src/report/memory-text.ts';
import { plainStyle } from '../../src/report/style.ts';
import { Image } from '../support/image.ts';

const AT = 0xffff_8880_0000_0000n;
const PAGE = 4096;

/** Three pages side by side, the one in the middle lost; a fourth beyond a page that is not mapped. */
function drawn(): { view: VirtualView; physical: PhysicalView; page: number } {
  const image = new Image();
  const page = image.map(AT, { pages: 3 });
  const beyond = image.map(AT + BigInt(4 * PAGE));
  for (const at of [page, page + 2 * PAGE, beyond]) image.write(at, 'text here\0');
  image.put64(page + 16, 0xfedc_ba98_7654_3210n);
  image.lose(page + PAGE);
  const space = image.space();
  return { view: new VirtualView('kernel', space, 8), physical: new PhysicalView(space.memory, 8), page };
}

const outline = (parts: Iterable<Piece | Hole>): unknown[] =>
  [...parts].map((part) =>
    'missing' in part
      ? [Number(part.address - AT), part.missing, part.code]
      : [Number(part.address - AT), part.bytes.length],
  );

describe('memory', () => {
  it('is read as numbers of any width and sign', () => {
    const { view, physical, page } = drawn();
    expect([view.u8(AT + 16n), view.i8(AT + 23n)]).toEqual([0x10, -2]);
    expect([view.u16(AT + 16n), view.i16(AT + 22n)]).toEqual([0x3210, -292]);
    expect([view.u32(AT + 20n), view.i32(AT + 20n)]).toEqual([0xfedcba98, -0x1234568]);
    expect([view.u64(AT + 16n), view.i64(AT + 16n)]).toEqual([
      0xfedc_ba98_7654_3210n,
      -0x123_4567_89ab_cdf0n,
    ]);
    expect(view.pointer(AT + 16n)).toBe(view.u64(AT + 16n));
    expect(physical.u64(BigInt(page + 16))).toBe(view.u64(AT + 16n));
    expect(view.cString(AT)).toBe('text here');
    expect(view.cString(AT, 4)).toBe('text');
  });

  it('fills a buffer, or throws at the first byte that is missing', () => {
    const { view } = drawn();
    const into = new Uint8Array(4);
    view.readInto(AT, into);
    expect(Buffer.from(into).toString()).toBe('text');
    expect(() => view.bytes(AT + BigInt(PAGE - 2), 4)).toThrow(NotInSnapshot);
    expect(() => view.bytes(AT + BigInt(3 * PAGE), 1)).toThrow(NotPresent);
    expect(() => view.cString(AT + BigInt(PAGE))).toThrow(NotInSnapshot);
    expect(view.isReadable(AT + BigInt(PAGE))).toBe(false);
  });

  it('says range by range what is missing, each with its own reason', () => {
    const { view } = drawn();
    expect(outline(view.pieces(AT + 100n, 5 * PAGE - 200))).toEqual([
      [100, PAGE - 100],
      [PAGE, PAGE, 'not-in-snapshot'],
      [2 * PAGE, PAGE],
      [3 * PAGE, PAGE, 'not-present'],
      [4 * PAGE, PAGE - 100],
    ]);
    expect(outline(view.pieces(AT + BigInt(5 * PAGE), 3 * PAGE))).toEqual([
      [5 * PAGE, 3 * PAGE, 'not-present'],
    ]);
  });

  it('ends where all addresses end, and refuses more than it can hold', () => {
    const { view } = drawn();
    expect(outline(view.pieces(2n ** 64n - 8n, 100)).map((part) => (part as number[])[1])).toEqual([8]);
    expect(() => view.bytes(AT, 2 ** 31)).toThrow(UsageError);
    expect(() => [...view.pieces(AT, -1)]).toThrow(UsageError);
  });

  it('is translated with every entry on the way', () => {
    const { view, physical, page } = drawn();
    const walk = view.walk(AT + 5n);
    expect(walk).toMatchObject({ physical: page + 5, fault: null });
    expect(walk.steps.map(({ table }) => table)).toEqual(['PML4', 'PDPT', 'PD', 'PT']);
    expect(view.walk(AT + BigInt(3 * PAGE))).toMatchObject({
      physical: null,
      fault: { code: 'not-present' },
    });
    expect(physical.walk(BigInt(page + PAGE))).toMatchObject({ fault: { code: 'not-in-snapshot' } });
    expect(physical.walk(2n ** 60n)).toMatchObject({ physical: null, fault: { code: 'not-in-snapshot' } });
  });
});

describe('memory as text', () => {
  it('stays in step across pages where it begins anywhere, and says holes in their place', () => {
    const { view } = drawn();
    const lines = [...hexText(view.pieces(AT + BigInt(PAGE - 20), PAGE + 40), plainStyle)];
    expect(lines.map((line) => line.slice(0, 40))).toEqual([
      '0xffff888000000fec  0000 0000 0000 0000 ',
      '0xffff888000000ffc  0000 0000           ',
      '0xffff888000001000  4096 bytes cannot be',
      '0xffff888000002000  7465 7874 2068 6572 ',
      '0xffff888000002010  0000 0000           ',
    ]);
  });

  it('shows words with the symbols that they lead to', () => {
    const { view } = drawn();
    const nameOf = (address: bigint) => (address === 0xfedc_ba98_7654_3210n ? 'do_exit+0x10' : null);
    expect([...wordText(view.pieces(AT + 16n, 11), plainStyle, nameOf)]).toEqual([
      '0xffff888000000010  0xfedcba9876543210  do_exit+0x10',
      expect.stringContaining('0xffff888000000018  0000 00'),
    ]);
  });

  it('finds texts of one and two bytes a letter, and passes over short ones', () => {
    const image = new Image();
    const page = image.map(AT);
    image.write(page + 10, 'plain\0abc\0');
    image.write(page + 64, Buffer.from('wide', 'utf16le'));
    const view = new VirtualView('kernel', image.space(), 8);
    expect([...stringsText(view.pieces(AT, PAGE), plainStyle)]).toEqual([
      '0xffff88800000000a  plain',
      '0xffff888000000040  wide',
    ]);
    expect([...asciiText(view.pieces(AT + 8n, 12), plainStyle)]).toEqual([
      '0xffff888000000008  ..plain.abc.',
    ]);
  });
});
