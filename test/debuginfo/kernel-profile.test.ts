import { describe, expect, it } from 'vitest';
import { BadProfile } from '../../src/base/errors.ts';
import { ElfImage } from '../../src/debuginfo/elf-image.ts';
import { profileOfImage, type SymbolFile } from '../../src/debuginfo/kernel-profile.ts';
import { readSystemMap } from '../../src/debuginfo/system-map.ts';
import type { DrawnSection } from '../support/elf-object.ts';
import { drawElf, imageFile } from '../support/elf-object.ts';
import { scratchInMemory } from '../support/scratch.ts';
import { BANNER, drawVmlinux, systemMap, type VmlinuxTraits } from '../support/vmlinux.ts';

const required = {
  types: { task_struct: ['tgid', 'pid', 'comm'], no_such_struct: [] },
  symbols: ['init_task', 'linux_banner', '_text', 'no_such_symbol'],
  enumerators: ['MM_ANONPAGES', 'MM_SHMEMPAGES'],
};

const map = (text: string): SymbolFile => ({
  path: 'System.map',
  symbols: readSystemMap(imageFile(Buffer.from(text)), required.symbols),
});
const make = (traits: VmlinuxTraits, systemMap?: SymbolFile) => profileOf(drawVmlinux(traits), systemMap);
const profileOf = async (bytes: Uint8Array, systemMap?: SymbolFile) =>
  await profileOfImage(new ElfImage(imageFile(bytes)), {
    required,
    scratch: scratchInMemory,
    ...(systemMap === undefined ? {} : { systemMap }),
  });
const change =
  (name: string, by: Partial<DrawnSection>) =>
  (sections: DrawnSection[]): DrawnSection[] =>
    sections.map((section) => (section.name === name ? { ...section, ...by } : section));

describe('profileOfImage', () => {
  it('tells all that is wanted of the build', async () => {
    expect(await make({ hasDwarf: true })).toEqual({
      format: 2,
      banner: BANNER,
      release: '6.1.0-drawn',
      buildId: '0123456789abcdef',
      architecture: 'x86-64',
      pointerBytes: 8,
      source: 'dwarf + symtab',
      symbols: {
        init_task: '0xffffffff82001000',
        linux_banner: '0xffffffff82000010',
        _text: '0xffffffff81000000',
      },
      types: { task_struct: { size: 64, members: { tgid: [8, 4], pid: [4, 4] } } },
      enumerators: { MM_ANONPAGES: 1 },
      absent: {
        types: ['task_struct.comm', 'no_such_struct'],
        symbols: ['no_such_symbol'],
        enumerators: ['MM_SHMEMPAGES'],
      },
    });
  });

  it('says the same by BTF as by DWARF, and takes BTF where there are both', async () => {
    const byDwarf = await make({ hasDwarf: true });
    expect(await make({ hasBtf: true })).toEqual({ ...byDwarf, source: 'btf + symtab' });
    expect(await make({ hasBtf: true, hasDwarf: true })).toEqual({ ...byDwarf, source: 'btf + symtab' });
  });

  it('takes symbols from a System.map', async () => {
    const own = await make({ hasDwarf: true });
    const stripped = await make({ hasDwarf: true, isStripped: true }, map(systemMap));
    expect(stripped).toEqual({ ...own, source: 'dwarf + System.map' });
    expect((await make({ hasDwarf: true }, map(systemMap))).source).toBe('dwarf + System.map');
  });

  it.each([
    ['stripped', drawVmlinux({ hasDwarf: true, isStripped: true }), '--system-map'],
    ['without types', drawVmlinux(), 'has neither .BTF nor .debug_info: install the debug package'],
    ['no kernel', drawElf([]), 'has no symbols'],
    [
      'of debug information only',
      drawVmlinux({ hasDwarf: true, replace: change('.rodata', { type: 8 }) }),
      'has no content at linux_banner (0xffffffff82000010)',
    ],
    [
      'without a banner',
      drawVmlinux({ hasDwarf: true, replace: change('.rodata', { content: Buffer.alloc(64) }) }),
      'no banner at linux_banner',
    ],
    [
      'without types of a kernel',
      drawVmlinux({ hasDwarf: true, replace: change('.debug_info', { content: Buffer.alloc(0) }) }),
      'describes none of the structs',
    ],
    [
      'of broken BTF',
      drawVmlinux({ hasBtf: true, replace: change('.BTF', { content: Buffer.alloc(40) }) }),
      'btf',
    ],
  ])('refuses an image that is %s', async (_, bytes, message) => {
    await expect(profileOf(bytes)).rejects.toThrow(BadProfile);
    await expect(profileOf(bytes)).rejects.toThrow(message);
  });

  it.each([
    [
      'has other addresses',
      systemMap.replace('82001000', '82001008'),
      false,
      'init_task is at 0xffffffff82001008',
    ],
    [
      'has its banner elsewhere',
      systemMap.replace('82000010', '82000018'),
      true,
      'is not of the build of vmlinux',
    ],
    ['is of no kernel', 'c1000000 T main\n', true, 'has no symbol linux_banner'],
  ])('refuses a System.map that %s', async (_, text, isStripped, message) => {
    await expect(make({ hasDwarf: true, isStripped }, map(text))).rejects.toThrow(message);
  });
});
