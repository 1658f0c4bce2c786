import { describe, expect, it } from 'vitest';
import { Effort } from '../../../src/base/effort.ts';
import { PhysicalMemory } from '../../../src/memory/physical.ts';
import type { BindingStep } from '../../../src/plugin/document.ts';
import { sweepForSigns } from '../../../src/session/linux/signs.ts';
import { scanUnlisted } from '../../../src/session/linux/symbol-recovery/scan-unlisted.ts';
import { drawKallsyms } from '../../support/kallsyms.ts';
import { drawMemory } from '../../support/writers.ts';

/** Where the image is in memory and where it is mapped; and a page of ordinary memory, mapped linearly. */
const [AT, TEXT] = [0x4020_0000, 0xffff_a3f1_0820_0000n];
const [HEAP_AT, HEAP] = [0x4300_0000, 0xffff_0000_0300_0000n];
const DELTA = TEXT - BigInt(AT);
/** What is where in the image. */
const [EARLY, TABLES, DATA, EXPORTS, NAMES, KALLSYMS] = [
  0x1_0000, 0x2_0000, 0x3_0000, 0x4_0000, 0x5_0000, 0x10_0000,
];
const IMAGE_BYTES = 0x20_0000;
/** The functions' own table of offsets is the first part of what is drawn. */
const OFFSETS = KALLSYMS + 131072;

const functions = new Map([
  ['_stext', TEXT],
  ...Array.from({ length: 1200 }, (_, i) => [`function_${i + 1000}`, TEXT + BigInt(16 + 16 * i)] as const),
]);

/** AArch64 with pages of 4 KiB and 48 bits: the image by one block of 2 MiB, the heap by its page where it is mapped. */
function drawTables(image: Buffer, at: number, withHeap: boolean): void {
  let end = at + 4096;
  const entry = (table: number, address: bigint, level: number): number =>
    table + 8 * Number((address >> BigInt(39 - 9 * level)) & 511n);
  const map = (address: bigint, lastLevel: number, leaf: bigint): void => {
    let table = at;
    for (let level = 0; level < lastLevel; level++) {
      const place = entry(table, address, level);
      if (image.readBigUInt64LE(place) === 0n) {
        image.writeBigUInt64LE(BigInt(AT + end) | 3n, place);
        end += 4096;
      }
      table = Number(image.readBigUInt64LE(place) & 0xffff_ffff_f000n) - AT;
    }
    image.writeBigUInt64LE(leaf, entry(table, address, lastLevel));
  };
  map(TEXT, 2, BigInt(AT) | 0x701n);
  if (withHeap) map(HEAP, 3, BigInt(HEAP_AT) | 0x703n);
}

function drawExports(image: Buffer): void {
  const data = { init_task: DATA + 0x100, init_uts_ns: DATA + 0x80, kimage_voffset: DATA };
  const exported = new Map<string, number>([
    ...[...functions].slice(1, 40).map(([name, address]) => [name, Number(address - TEXT)] as const),
    ...Object.entries(data),
  ]);
  let [at, name] = [EXPORTS, NAMES];
  for (const [symbol, target] of exported) {
    image.writeInt32LE(target - at, at);
    image.writeInt32LE(name - (at + 4), at + 4);
    name += image.write(`${symbol}\0`, name, 'latin1');
    at += 12;
  }
  image.fill(0xee, at, at + 16);
}

interface Drawing {
  readonly voffset?: bigint;
  readonly withHeap?: boolean;
}

function drawKernel({ voffset = DELTA, withHeap = true }: Drawing = {}): PhysicalMemory {
  const image = Buffer.alloc(IMAGE_BYTES);
  const names = new Map([...functions.keys()].map((name) => [name, 0n]));
  image.set(drawKallsyms(names, 'before 6.4', TEXT + BigInt(KALLSYMS)).bytes, KALLSYMS);
  for (const [nth, address] of [...functions.values()].entries())
    image.writeInt32LE(Number(address - TEXT), OFFSETS + 4 * nth);
  image.writeBigUInt64LE(TEXT, Math.ceil((OFFSETS + 4 * functions.size) / 8) * 8);
  drawTables(image, EARLY, false);
  drawTables(image, TABLES, withHeap);
  drawExports(image);
  image.writeBigUInt64LE(BigInt.asUintN(64, voffset), DATA);
  image.writeBigUInt64LE(HEAP + 0x40n, DATA + 0x100 + 0x18);
  return new PhysicalMemory(
    drawMemory(
      new Map<number, Uint8Array>([
        [AT, image],
        [HEAP_AT, new Uint8Array(4096)],
      ]),
    ),
  );
}

const found = (memory: PhysicalMemory, steps: BindingStep[] = [], effort = new Effort(256_000_000)) => [
  ...scanUnlisted(memory, sweepForSigns(memory).kallsyms, steps, effort),
];

describe('a kernel that lists functions only, without VMCOREINFO', () => {
  it('is found by what it exports, and its tables are those that map all of memory', () => {
    const steps: BindingStep[] = [];
    const [located, ...others] = found(drawKernel(), steps);
    expect(others).toEqual([]);
    expect(located?.delta).toBe(DELTA);
    expect(located?.paging.root).toBe(AT + TABLES);
    expect(located?.paging.shape).toBe('4 levels, 4 KiB pages, 48 bits');
    expect(Object.fromEntries(located!.known)).toEqual({
      _stext: TEXT,
      init_uts_ns: TEXT + BigInt(DATA + 0x80),
      init_task: TEXT + BigInt(DATA + 0x100),
      swapper_pg_dir: TEXT + BigInt(TABLES),
    });
    expect(steps.map(({ step, outcome }) => `${step}: ${outcome}`)).toEqual(['page tables: found']);
  });

  it('is not where its own word for the distance says otherwise', () => {
    expect(found(drawKernel({ voffset: DELTA + 0x20_0000n }))).toEqual([]);
  });

  it('is not found by the tables of early boot', () => {
    expect(found(drawKernel({ withHeap: false }))).toEqual([]);
  });

  it('is not looked for once the search has taken all that it may', () => {
    expect(found(drawKernel(), [], new Effort(0))).toEqual([]);
  });
});
