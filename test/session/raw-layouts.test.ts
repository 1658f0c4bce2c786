import { truncateSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { physical } from '../../src/base/address.ts';
import { parseVmcoreinfo } from '../../src/profile/vmcoreinfo.ts';
import { rulesOf } from '../../src/session/linux/architecture/all.ts';
import { type Located, locate } from '../../src/session/linux/kernel-location.ts';
import { otherLayouts, rawLayouts } from '../../src/session/linux/raw-layouts.ts';
import { openSnapshot } from '../../src/snapshot/open.ts';
import { scratchFolder } from '../support/writers-scratch.ts';

const scratch = scratchFolder();
const VOFFSET = 0xffff_7fff_8000_0000n;
const RELEASE = '5.10.0-arm';

/** A raw file of RAM that begins at `start`, the names `offset` bytes into it, and what VMCOREINFO says of it. */
function board(start: number, offset: number): { readonly path: string; readonly located: Located } {
  const bytes = Buffer.alloc(4 << 20);
  bytes.write(`${RELEASE}\0`, 0x400, 'latin1'); // a release alone is no name space
  bytes.write('Linux\0', offset, 'latin1');
  bytes.write(`${RELEASE}\0`, offset + 130, 'latin1');
  const namespace = BigInt(start + offset - 4); // the names stand behind a counter
  const lines = [
    `OSRELEASE=${RELEASE}`,
    `SYMBOL(init_uts_ns)=${(namespace + VOFFSET).toString(16)}`,
    `SYMBOL(swapper_pg_dir)=${(namespace + VOFFSET + 0x1000n).toString(16)}`,
    `NUMBER(kimage_voffset)=0x${VOFFSET.toString(16)}`,
    'NUMBER(VA_BITS)=48',
    '',
  ];
  const [located] = locate(parseVmcoreinfo(lines.join('\n'))!)!.places;
  return { path: scratch.file(`${start}-${offset}.raw`, bytes), located: located! };
}

/** Where each layout begins. */
function startsOf({ path, located }: ReturnType<typeof board>, base?: number): number[] {
  const rules = { ...rulesOf.aarch64, ramStarts: [0x4000_0000, 0] };
  const snapshot = openSnapshot(path, base === undefined ? {} : { base });
  return [...rawLayouts(snapshot, rules, located)].map(({ file, memory }) => {
    file.close();
    return memory.ranges[0]!.start;
  });
}

describe('where the first byte of a raw file may be', () => {
  it.each([
    ['within a block of the file', 0x9_0110_0000, 0x13_4568],
    ['over the end of one', 0x9_0001_0000, (1 << 20) - 8],
  ])('is where it is usual, and then where the names of the kernel say: %s', (_, start, offset) => {
    expect(startsOf(board(start, offset))).toEqual([0, 0x4000_0000, start]);
  });

  it('is not made up from names that cannot be the kernel’s own', () => {
    expect(startsOf(board(0x9_0110_0100, 0x13_4568))).toEqual([0, 0x4000_0000]);
  });

  it('is what the user says', () => {
    expect(startsOf(board(0x9_0110_0000, 0x10_0000), 0x8000_0000)).toEqual([0x8000_0000]);
  });
});

describe('how a raw file may be laid out where no VMCOREINFO says where the kernel is', () => {
  const GIB = 2 ** 30;
  /** A file of so many bytes, none of them written. */
  const file = (sizeBytes: number): string => {
    const path = scratch.file(`${sizeBytes}.raw`, Buffer.alloc(0));
    truncateSync(path, sizeBytes);
    return path;
  };
  /** The ranges of each layout, and where it puts what the file has at 1 and at 2.25 GiB. */
  const layoutsOf = (path: string, options = {}, distances: readonly number[] = []) =>
    [...otherLayouts(openSnapshot(path, options), [0, 0x4000_0000], distances)].map(({ snapshot, moved }) => {
      snapshot.file.close();
      const ranges = snapshot.memory.ranges.map(({ start, end }) => [start / GIB, end / GIB]);
      return [ranges, ...[1, 2.25].map((at) => moved(physical(at * GIB)) / GIB)];
    });

  it("is a PC's RAM without the hole, of every width that the file is long enough for, then RAM that begins elsewhere", () => {
    const elsewhere = (end: number) => [[[1, 1 + end]], 2, 3.25];
    expect(layoutsOf(file(GIB))).toEqual([elsewhere(1)]);
    expect(layoutsOf(file(2.5 * GIB))).toEqual([
      [
        [
          [0, 2],
          [4, 4.5],
        ],
        1,
        4.25,
      ],
      elsewhere(2.5),
    ]);
    expect(layoutsOf(file(3.25 * GIB)).map(([ranges]) => ranges)).toEqual([
      [
        [0, 3],
        [4, 4.25],
      ],
      [
        [0, 2],
        [4, 5.25],
      ],
      [[1, 4.25]],
    ]);
  });

  it('is what the tables of an image say: a hole in front of it, or all of it moved', () => {
    const [, ...told] = layoutsOf(file(1.5 * GIB), {}, [3.25 * GIB, 0.25 * GIB]);
    expect(told).toEqual([
      [
        [
          [0, 0.75],
          [4, 4.75],
        ],
        4.25,
        5.5,
      ],
      [[[3.25, 4.75]], 4.25, 5.5],
      [[[0.25, 1.75]], 1.25, 2.5],
    ]);
  });

  it('is what the user says', () => {
    expect(layoutsOf(file(2.5 * GIB), { base: 0 })).toEqual([]);
  });
});
