// Page tables that the snapshot lacks.
// What they mapped is calculated where the kernel maps it in one piece; what a table says is believed all the same.
import { describe, expect, it } from 'vitest';
import { NotInSnapshot, NotPresent } from '../../src/base/errors.ts';
import { Image } from '../support/image.ts';

const DIRECT = 0xffff_8880_0000_0000n;
const LENGTH = 0x4000_0000n;
const direct = [{ name: 'the direct map', start: DIRECT, end: DIRECT + LENGTH, physical: 0 }];

/** A page of memory in the direct map, with 42 at its beginning. */
function drawn() {
  const image = new Image();
  const at = image.takePages(1);
  image.put32(at, 42);
  const address = DIRECT + BigInt(at);
  image.map(address, { to: at });
  return { image, at, address };
}

describe('an address whose page table is missing', () => {
  it.each([1, 2, 3, 4])('leads where the direct map says, at level %i', (level) => {
    const { image, at, address } = drawn();
    const table = image.entry(address, level);
    image.lose(table);
    expect(() => image.space().translate(address)).toThrow(NotInSnapshot);
    const space = image.space().withLinearAreas(() => direct);
    expect(space.translate(address)).toBe(at);
    expect(Buffer.from(space.bytes(address, 4)).readInt32LE()).toBe(42);
    expect(space.isReadable(address)).toBe(true);
    const page = `0x${(table - (table % 4096)).toString(16)}`;
    const said = `a page table of the direct map, at ${page}, is not in the snapshot: addresses there were calculated from where the direct map begins`;
    expect(space.drainCalculated()).toEqual([said]);
  });

  it('is said again to whoever reads it again, and not to others', () => {
    const { image, address } = drawn();
    image.lose(image.entry(address, 1));
    const space = image.space().withLinearAreas(() => direct);
    space.translate(address);
    expect(space.drainCalculated()).toHaveLength(1);
    expect(space.drainCalculated()).toEqual([]);
    space.translate(address);
    expect(space.drainCalculated()).toHaveLength(1);
    expect(space.anew().drainCalculated()).toEqual([]);
  });

  it('leads nowhere outside of the areas, nor in the memory of a process', () => {
    const { image, address } = drawn();
    image.lose(image.root);
    const space = image.space().withLinearAreas(() => direct);
    expect(() => space.translate(DIRECT - 0x1000n)).toThrow(NotInSnapshot);
    expect(() => space.translate(DIRECT + LENGTH)).toThrow(NotInSnapshot);
    expect(() => space.withRoot(space.paging.root).translate(address)).toThrow(NotInSnapshot);
  });
});

describe('an address whose page tables are there', () => {
  it('is believed to be mapped nowhere where they say so, and the areas are not asked for', () => {
    const { image, address } = drawn();
    const space = image.space().withLinearAreas(() => {
      throw new Error('nobody needs them');
    });
    expect(() => space.translate(address + 0x1000n)).toThrow(NotPresent);
    expect(space.drainCalculated()).toEqual([]);
  });
});
