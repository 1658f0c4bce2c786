// ELFs in drawn memory: one that is sound is rebuilt, and what its header claims beyond bounds is refused.
import { describe, expect, it } from 'vitest';
import elfs from '../../plugins/elfs.ts';
import type { Row } from '../../src/plugin/cell.ts';
import { runPlugin } from '../../src/plugin/run.ts';
import { DrawnAreas } from '../support/areas.ts';
import { fakeKernel } from '../support/kernel.ts';
import { ask } from '../support/rows.ts';

const AT = 0x40_0000n;
const WITHOUT = ['mm_struct.mmap', 'vm_area_struct.vm_next', 'vm_area_struct.shared'];

/** A program of two segments, the second a page further in memory than in the file, and a note with a build ID. */
function program(change: (bytes: Buffer) => void = () => undefined): Buffer {
  const bytes = Buffer.alloc(0x1000);
  bytes.set([0x7f, 0x45, 0x4c, 0x46, 2, 1, 1]);
  for (const [at, value] of [
    [16, 3],
    [18, 62],
    [54, 56],
    [56, 3],
    [58, 64],
    [60, 9],
    [62, 8],
  ] as const)
    bytes.writeUInt16LE(value, at);
  bytes.writeUInt32LE(1, 20);
  for (const [at, value] of [
    [24, 0x123n],
    [32, 64n],
    [40, 0x9999n],
  ] as const)
    bytes.writeBigUInt64LE(value, at);
  const segments = [
    [1, 0, 0, 0x800],
    [1, 0x800, 0x1800, 0x400],
    [4, 0x200, 0x200, 0x18],
  ] as const;
  for (const [nth, [type, offset, address, size]] of segments.entries()) {
    bytes.writeUInt32LE(type, 64 + 56 * nth);
    for (const [at, value] of [
      [8, offset],
      [16, address],
      [32, size],
      [40, size],
    ] as const)
      bytes.writeBigUInt64LE(BigInt(value), 64 + 56 * nth + at);
  }
  for (const [at, value] of [
    [0x200, 4],
    [0x204, 8],
    [0x208, 3],
  ] as const)
    bytes.writeUInt32LE(value, at);
  bytes.write('GNU\0buildid1', 0x20c, 'latin1');
  change(bytes);
  return bytes;
}

function drawn(bytes = program()) {
  const kernel = fakeKernel('init(1) bash(9)', { without: WITHOUT });
  const areas = new DrawnAreas(kernel);
  areas.giveTree(9, [areas.area(AT, AT + 0x1000n), areas.area(AT + 0x1000n, AT + 0x2000n)]);
  const [header, data] = [kernel.image.takePages(1), kernel.image.takePages(1)];
  kernel.image.write(header, bytes);
  kernel.image.write(data + 0x800, 'data of the second segment');
  const root = kernel.rootOf(9);
  kernel.image.map(AT, { to: header, root });
  kernel.image.map(AT + 0x1000n, { to: data, root });
  return { kernel, header, data };
}

async function rebuilt(kernel: ReturnType<typeof drawn>['kernel']): Promise<Buffer> {
  const subjects = new WeakMap<Row, unknown>();
  const rows: Row[] = [];
  for await (const row of runPlugin(elfs, kernel.linux(), { options: {}, subjects })) rows.push(row);
  const { size, pieces } = (await elfs.artefact!(subjects.get(rows[0]!) as never))!;
  const file = Buffer.alloc(size);
  for (const piece of pieces()) if ('bytes' in piece) file.set(piece.bytes, piece.at);
  return file;
}

describe('elfs', () => {
  it('shows a program and rebuilds its file, without sections', async () => {
    const { kernel } = drawn();
    expect(await ask(elfs, kernel.linux())).toEqual({
      rows: [
        {
          ...{ pid: 9, name: 'bash', start: AT, end: AT + 0x1000n, path: null, type: 'shared' },
          ...{ entry: 0x123n, segments: 3, size: 0xc00, buildId: '6275696c64696431', container: null },
        },
      ],
      notes: [],
    });
    const file = await rebuilt(kernel);
    expect(file.subarray(0x800, 0x81a).toString()).toBe('data of the second segment');
    expect([file.readBigUInt64LE(40), file.readUInt32LE(60)]).toEqual([0n, 0]);
  });

  it.each([
    ['more segments than any program has', (bytes: Buffer) => bytes.writeUInt16LE(0xffff, 56)],
    ['segments of another size', (bytes: Buffer) => bytes.writeUInt16LE(57, 54)],
    ['a segment of exabytes', (bytes: Buffer) => bytes.writeBigUInt64LE(1n << 60n, 64 + 56 + 32)],
    [
      'a segment at the end of all files',
      (bytes: Buffer) => bytes.writeBigUInt64LE((1n << 64n) - 1n, 64 + 56 + 8),
    ],
  ])('rebuilds nothing of a header that claims %s', async (_, change) => {
    const { rows } = await ask(elfs, drawn(program((bytes) => void change(bytes))).kernel.linux());
    expect(rows).toMatchObject([{ start: AT, size: { absent: 'corrupt-structure' } }]);
  });

  it('rebuilds what there is of a program that lacks a page', async () => {
    const { kernel, data } = drawn();
    kernel.image.lose(data);
    expect((await rebuilt(kernel)).length).toBe(0xc00);
  });

  it('says that it cannot be read whether one is there', async () => {
    const { kernel, header } = drawn();
    kernel.image.lose(header);
    expect(await ask(elfs, kernel.linux())).toEqual({
      rows: [],
      notes: [
        expect.stringMatching(/^of 1 mappings it cannot be read whether an ELF begins there; the first: /),
      ],
    });
  });
});
