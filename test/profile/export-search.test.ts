import { describe, expect, it } from 'vitest';
import { searchExports } from '../../src/profile/export-search.ts';

const BASE = 0xffff_8000_0801_0000n;
/** Where the tables stand, where the names do, and what is exported. */
const [TABLES, NAMES, IMAGE_BYTES] = [0x2004, 0x8000, 0x20000];

interface Drawing {
  readonly isRelative: boolean;
  readonly fields: 2 | 3;
  readonly fieldBytes: 4 | 8;
}
const RELATIVE: Drawing = { isRelative: true, fields: 3, fieldBytes: 4 };

/** Sorted by name, as the linker leaves them; `task` is the end of `init_task`, as it lets names be. */
const symbols = new Map<string, number>([
  ...Array.from(
    { length: 60 },
    (_, i) => [`function_${String(i).padStart(3, '0')}`, 0x100 + 16 * i] as const,
  ),
  ['init_task', 0x1_8000],
  ['task', 0x600],
]);
const addressOf = (name: string): bigint => BASE + BigInt(symbols.get(name)!);
const listed = (name: string): readonly bigint[] =>
  name.startsWith('function_') && symbols.has(name) ? [addressOf(name)] : [];

/** An image with two tables one after the other: of all symbols but the last ten functions, and of these. */
function drawImage({ isRelative, fields, fieldBytes }: Drawing, tables = TABLES): Buffer {
  const bytes = Buffer.alloc(IMAGE_BYTES, 0x55);
  const places = new Map<string, number>();
  let end = NAMES;
  for (const name of symbols.keys()) {
    if (name === 'task') places.set(name, places.get('init_task')! + 'init_'.length);
    else {
      places.set(name, end);
      end += bytes.write(`${name}\0`, end, 'latin1');
    }
  }
  const isSecond = (name: string): boolean => /^function_05/.test(name);
  const names = [...symbols.keys()];
  let at = Math.ceil(tables / fieldBytes) * fieldBytes;
  const put = (target: number): void => {
    if (isRelative) bytes.writeInt32LE(target - at, at);
    else if (fieldBytes === 8) bytes.writeBigUInt64LE(BASE + BigInt(target), at);
    else bytes.writeUInt32LE(Number(BigInt.asUintN(32, BASE)) + target, at);
    at += fieldBytes;
  };
  for (const name of [...names.filter((name) => !isSecond(name)), ...names.filter(isSecond)]) {
    put(symbols.get(name)!);
    put(places.get(name)!);
    if (fields === 3) put(0);
  }
  bytes.fill(0xee, at, at + 64);
  return bytes;
}

describe('exported symbols', () => {
  it.each<[string, Drawing]>([
    ['relative, with namespaces', RELATIVE],
    ['relative, before there were any', { ...RELATIVE, fields: 2 }],
    ['pointers', { isRelative: false, fields: 3, fieldBytes: 8 }],
    ['pointers, before there were namespaces', { isRelative: false, fields: 2, fieldBytes: 8 }],
  ])('are found by the structure of their tables: %s', (_, drawing) => {
    const exports = searchExports({ base: BASE, bytes: drawImage(drawing) }, ['init_task'], listed, 8);
    expect(exports?.distance).toBe(0n);
    expect(Object.fromEntries(exports!.symbols)).toEqual(
      Object.fromEntries([...symbols.keys()].map((name) => [name, addressOf(name)])),
    );
  });

  it('are found in an image of 32 bits', () => {
    const base = BigInt.asUintN(32, BASE);
    const bytes = drawImage({ isRelative: false, fields: 3, fieldBytes: 4 });
    const exports = searchExports(
      { base, bytes },
      ['init_task'],
      (name) => listed(name).map((address) => address - BASE + base),
      4,
    );
    expect(exports?.symbols.get('init_task')).toBe(base + 0x1_8000n);
  });

  it('are not believed where the kernel lists the functions in them elsewhere', () => {
    const image = { base: BASE, bytes: drawImage(RELATIVE) };
    const moved = (name: string) => listed(name).map((address) => address + 4n);
    expect(searchExports(image, ['init_task'], moved, 8, 0n)).toBeUndefined();
    expect(searchExports(image, ['init_task'], moved, 8)?.distance).toBe(4n);
    const scattered = (name: string) => listed(name).map((address) => address + BigInt(name.charCodeAt(11)));
    expect(searchExports(image, ['init_task'], scattered, 8)).toBeUndefined();
    expect(searchExports(image, ['init_task'], () => [], 8)).toBeUndefined();
  });

  it('are not found by names that no table has', () => {
    const image = { base: BASE, bytes: drawImage(RELATIVE) };
    expect(searchExports(image, ['modules'], listed, 8)).toBeUndefined();
    expect(searchExports({ base: BASE, bytes: Buffer.alloc(0) }, ['init_task'], listed, 8)).toBeUndefined();
  });

  it('end at the edges of the image', () => {
    const image = { base: BASE, bytes: drawImage(RELATIVE, 4).subarray(0, NAMES + 2000) };
    expect(searchExports(image, ['init_task'], listed, 8)?.symbols.get('init_task')).toBe(
      addressOf('init_task'),
    );
  });

  it('take a bounded number of steps where every word is an entry', () => {
    // Each entry's name is the one long name, and none is a function that is listed.
    const bytes = Buffer.alloc(4 << 20);
    const name = bytes.length - 600;
    bytes.write(`${'x'.repeat(500)}init_task\0`, name, 'latin1');
    for (let at = 0; at + 8 < name; at += 4) bytes.writeInt32LE(name + 500 - at, at);
    let names = 0;
    const spelled = bytes.toString.bind(bytes);
    bytes.toString = (...words) => {
      names++;
      return spelled(...words);
    };
    expect(searchExports({ base: BASE, bytes }, ['init_task'], listed, 8)).toBeUndefined();
    // Of the four shapes that tables have, each looks at 200,000 entries at most, and at the first word of each hit.
    expect(names).toBeGreaterThan(200_000);
    expect(names).toBeLessThanOrEqual(4 * 200_000);
  });
});
