import { drawBtf } from './btf.ts';
import { type DrawnCType, drawDwarf, entriesOf } from './dwarf.ts';
import { type DrawnSection, type DrawnSymbol, drawElf, drawSymbols } from './elf-object.ts';
import { encodeNotes } from './writers-elf.ts';

/** Where the drawn kernel is linked to. */
const TEXT = 0xffff_ffff_8100_0000n;
const RODATA = 0xffff_ffff_8200_0000n;

export const BANNER = 'Linux version 6.1.0-drawn (me@here) (gcc 12.2.0) #1 SMP 2026';

/** Symbols of the drawn kernel. */
const symbols: readonly DrawnSymbol[] = [
  { name: '_text', address: TEXT },
  { name: 'linux_banner', address: RODATA + 16n },
  { name: 'init_task', address: RODATA + 0x1000n },
];

/** The same as System.map. */
export const systemMap = symbols.map(({ name, address }) => `${address.toString(16)} D ${name}\n`).join('');

/** Types of the drawn kernel. */
const types: Readonly<Record<string, DrawnCType>> = {
  int: { int: 'int', size: 4 },
  task: {
    struct: 'task_struct',
    size: 64,
    members: [
      ['pid', 'int', 4],
      ['tgid', 'int', 8],
    ],
  },
  counters: { enum: '', values: { MM_FILEPAGES: 0, MM_ANONPAGES: 1 } },
};

const rodata: DrawnSection = {
  name: '.rodata',
  flags: 2,
  address: RODATA,
  content: Buffer.from(`${'\0'.repeat(16)}${BANNER}\n\0`, 'latin1'),
};
const notes: DrawnSection = {
  name: '.notes',
  type: 7,
  flags: 2,
  content: encodeNotes([{ name: 'GNU', type: 3, content: Buffer.from('0123456789abcdef', 'hex') }]),
};

/** What a drawn vmlinux has; another section may stand for one of its own. */
export interface VmlinuxTraits {
  readonly hasBtf?: boolean;
  readonly hasDwarf?: boolean;
  readonly isStripped?: boolean;
  readonly replace?: (sections: DrawnSection[]) => DrawnSection[];
}

/** Draws a vmlinux. */
export function drawVmlinux(traits: VmlinuxTraits = {}): Buffer {
  const { hasBtf = false, hasDwarf = false, isStripped = false, replace = (same) => same } = traits;
  const described = [
    ...(hasBtf ? [{ name: '.BTF', flags: 2, content: drawBtf(types) }] : []),
    ...(hasDwarf ? drawDwarf([{ version: 4, entries: entriesOf(types) }]) : []),
  ];
  const sections = [...(isStripped ? [] : drawSymbols(symbols, 1)), rodata, notes, ...described];
  return drawElf(replace(sections));
}
