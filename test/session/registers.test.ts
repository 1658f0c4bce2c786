import { beforeEach, describe, expect, it } from 'vitest';
import { physical } from '../../src/base/address.ts';
import type { Located } from '../../src/session/linux/kernel-location.ts';
import { cpusOf } from '../../src/session/linux/registers.ts';
import type { CpuState } from '../../src/snapshot/format.ts';
import { X8664Paging } from '../../src/translate/x86-64.ts';
import { Image } from '../support/image.ts';
import { drawnCpu } from '../support/writers-elf.ts';

const TEXT = 0xffff_ffff_8120_0000n;
const STACK = 0xffff_c900_0000_0000n;
const ENTRY = 0xffff_ffff_8180_0000n;
const USER = 0x40_0000n;
const TWO_MIB = 0x20_0000;

let image: Image;
let text: number;
let located: Located;
/** Page tables that the kernel did not make, and those of a process, with page-table isolation: two, side by side. */
let foreign: number;
let process: number;

const whereIs = (cpu: Partial<CpuState>): string => {
  const of = cpusOf(image.memory(), located, [drawnCpu(cpu), drawnCpu({ cr3: 0x1000n })]);
  return Object.entries(of).find(([, numbers]) => (numbers as readonly number[]).includes(0))![0];
};

beforeEach(() => {
  image = new Image();
  text = image.map(TEXT, { size: '2M' });
  image.map(STACK);
  foreign = image.takePages(1);
  image.map(TEXT, { size: '2M', to: text + TWO_MIB, root: foreign });
  process = image.take(0x2000, 0x2000);
  image.map(TEXT, { size: '2M', to: text, root: process });
  image.map(USER, { root: process });
  image.map(ENTRY, { size: '2M', root: process + 0x1000 });
  located = {
    architecture: 'x86-64',
    vmcoreinfo: null,
    slide: 0n,
    delta: TEXT - BigInt(text),
    paging: new X8664Paging(physical(image.root), 4),
    known: new Map([
      ['init_top_pgt', TEXT + 0x1000n],
      ['_stext', TEXT],
    ]),
  };
});

describe('a CPU', () => {
  it('ran on the kernel whose tables, or those of one of its processes, it walks', () => {
    expect(whereIs({ cr3: BigInt(image.root) })).toBe('here');
    // Flags and the process-context number are not part of the address.
    expect(whereIs({ cr3: BigInt(image.root) | 0x018n })).toBe('here');
    expect(whereIs({ cr3: BigInt(process) })).toBe('here');
  });

  it('ran on it in user mode too, where isolated tables map next to nothing of it', () => {
    expect(whereIs({ cr3: BigInt(process + 0x1000) })).toBe('here');
    // Tables beside those in use are looked at only in user mode: they may be anybody's page.
    expect(whereIs({ cr3: BigInt(process + 0x1000 + 0x1000) })).not.toBe('here');
    image.map(TEXT, { size: '2M', to: text + TWO_MIB, root: process + 0x1000 });
    expect(whereIs({ cr3: BigInt(process + 0x1000) })).toBe('elsewhere');
  });

  it('ran elsewhere where its tables map the image elsewhere, or nothing of it', () => {
    expect(whereIs({ cr3: BigInt(foreign) })).toBe('elsewhere');
    expect(whereIs({ cr3: BigInt(image.takePages(1)) })).toBe('elsewhere');
  });

  it('tells nothing where its tables are missing, in whole or in part', () => {
    expect(whereIs({ cr3: 0x7fff_f000n })).toBe('unknown');
    image.lose(Number(image.get64(image.entry(TEXT, 4, process)) & 0xf_ffff_ffff_f000n));
    expect(whereIs({ cr3: BigInt(process) })).toBe('unknown');
  });

  it('tells nothing before it was started, and that nothing runs where all were reset', () => {
    expect(whereIs({ cr3: 0n })).toBe('unknown');
    expect(cpusOf(image.memory(), located, [drawnCpu({}), drawnCpu({})]).elsewhere).toEqual([0, 1]);
  });

  it('is told by where it was and its stack, where its tables were not saved', () => {
    const at = (instruction: bigint, stack: bigint) => whereIs({ cr3: null, instruction, stack });
    expect(at(TEXT + 0x10n, STACK + 0xf00n)).toBe('here');
    expect(at(TEXT + 0x10n, 0xffff_c900_1234_0000n)).toBe('elsewhere');
    expect(at(0xffff_ffff_9000_0000n, STACK)).toBe('elsewhere');
    expect(at(USER, 0x7ffc_0000n)).toBe('unknown');
    image.lose(Number(image.get64(image.entry(STACK, 3)) & 0xf_ffff_ffff_f000n));
    expect(at(TEXT + 0x10n, STACK + 0xf00n)).toBe('unknown');
  });
});
