import { describe, expect, it } from 'vitest';
import { searchBtf } from '../../src/profile/btf-search.ts';
import { type DrawnType, drawBtf } from '../support/btf.ts';

const common: Readonly<Record<string, DrawnType>> = {
  long: { int: 'long unsigned int', size: 8 },
  ...Object.fromEntries(
    Array.from({ length: 40 }, (_, i) => [
      `filler ${i}`,
      { struct: `filler_of_the_kernel_${i}`, size: 8, members: [['first', 'long', 0]] } satisfies DrawnType,
    ]),
  ),
};
const ofKernel = drawBtf({
  ...common,
  task: {
    struct: 'task_struct',
    size: 16,
    members: [
      ['tasks', 'long', 0],
      ['comm', 'long', 8],
    ],
  },
});
const ofModule = drawBtf(common);

/** An image with each of these at its place. */
function imageWith(parts: ReadonlyMap<number, Uint8Array>): Buffer {
  const image = Buffer.alloc(65536, 0xaa);
  for (const [at, bytes] of parts) image.set(bytes, at);
  return image;
}

describe('BTF', () => {
  it('is found by its magic at any alignment, the first that describes a kernel', () => {
    const broken = Uint8Array.from(ofKernel);
    broken.fill(0x7f, 24, 200); // records of no known kind
    const found = searchBtf(
      imageWith(
        new Map([
          [3, ofModule],
          [10_001, broken],
          [20_003, ofKernel],
          [40_000, ofKernel],
        ]),
      ),
      8,
    );
    expect(found?.at).toBe(20_003);
    expect(found?.length).toBe(ofKernel.length);
    expect(found?.btf.layouts({ task_struct: ['comm'] })).toEqual({
      task_struct: { size: 16, members: { comm: [8, 8] } },
    });
  });

  it('is none where headers lie', () => {
    const reaching = Uint8Array.from(ofKernel);
    new DataView(reaching.buffer).setUint32(20, 0xffff_fff0, true); // strings past the image's end
    expect(
      searchBtf(
        imageWith(
          new Map([
            [0, ofModule],
            [30_000, reaching],
          ]),
        ),
        8,
      ),
    ).toBeUndefined();
    expect(searchBtf(Buffer.from('9feb0100', 'hex'), 8)).toBeUndefined();
    expect(searchBtf(Buffer.alloc(0), 8)).toBeUndefined();
  });

  it('is given up after many that are none of a kernel', () => {
    const many = Buffer.concat([...Array.from({ length: 64 }, () => ofModule), ofKernel]);
    expect(searchBtf(many, 8)).toBeUndefined();
    expect(searchBtf(many.subarray(ofModule.length), 8)?.btf).toBeDefined();
  });
});
