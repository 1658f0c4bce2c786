import type { ImageFile } from '../../src/debuginfo/elf-image.ts';

/** A section as tests draw it. */
export interface DrawnSection {
  readonly name: string;
  /** sh_type; 1 is plain content, 8 none. */
  readonly type?: number;
  /** sh_flags; 2 is part of the running kernel. */
  readonly flags?: number;
  readonly address?: bigint;
  readonly content: Uint8Array;
  readonly link?: number;
  readonly entryBytes?: number;
}

/** What an ELF file says of itself. */
export interface ElfTraits {
  readonly bits?: 32 | 64;
  /** e_machine: 62 is x86-64. */
  readonly machine?: number;
  /** e_type: 2 is an executable. */
  readonly type?: number;
}

/** A symbol as tests draw it. */
export interface DrawnSymbol {
  readonly name: string;
  readonly address: bigint;
  readonly isGlobal?: boolean;
  /** STT_…: 1 is an object. */
  readonly type?: number;
  /** Number of its section; 0 for undefined ones. */
  readonly section?: number;
}

/** Writes an ELF file of these sections; number 0 and the names of sections are added. Mirrors src/debuginfo/elf-image.ts. */
export function drawElf(sections: readonly DrawnSection[], traits: ElfTraits = {}): Buffer {
  const { bits = 64, machine = 62, type = 2 } = traits;
  const [headerBytes, entryBytes] = bits === 64 ? [64, 64] : [52, 40];
  const names = textTable([...sections.map(({ name }) => name), '.shstrtab']);
  const all = [...sections, { name: '.shstrtab', type: 3, content: names.bytes }];
  const contents: Uint8Array[] = [];
  let offset = headerBytes;
  const table: Buffer[] = [Buffer.alloc(entryBytes)];
  for (const section of all) {
    const hasContent = section.type !== 8;
    table.push(sectionHeader({ ...section, name: names.at.get(section.name)!, offset }, bits));
    if (!hasContent) continue;
    contents.push(section.content);
    offset += section.content.length;
  }
  const header = Buffer.alloc(headerBytes);
  header.write('\x7fELF', 'latin1');
  header.set([bits === 64 ? 2 : 1, 1, 1], 4);
  header.writeUInt16LE(type, 16);
  header.writeUInt16LE(machine, 18);
  if (bits === 64) header.writeBigUInt64LE(BigInt(offset), 40);
  else header.writeUInt32LE(offset, 32);
  const halves = bits === 64 ? 58 : 46;
  header.writeUInt16LE(entryBytes, halves);
  header.writeUInt16LE(table.length, halves + 2);
  header.writeUInt16LE(table.length - 1, halves + 4);
  return Buffer.concat([header, ...contents, ...table]);
}

/** `.symtab` and its names, the first to be number `index` of the file's sections. */
export function drawSymbols(
  symbols: readonly DrawnSymbol[],
  index: number,
  bits: 32 | 64 = 64,
): DrawnSection[] {
  const names = textTable(symbols.map(({ name }) => name));
  const entryBytes = bits === 64 ? 24 : 16;
  const entries = symbols.map(({ name, address, isGlobal = true, type = 1, section = 1 }) => {
    const entry = Buffer.alloc(entryBytes);
    entry.writeUInt32LE(names.at.get(name)!, 0);
    entry[bits === 64 ? 4 : 12] = (isGlobal ? 0x10 : 0) | type;
    entry.writeUInt16LE(section, bits === 64 ? 6 : 14);
    if (bits === 64) entry.writeBigUInt64LE(address, 8);
    else entry.writeUInt32LE(Number(address), 4);
    return entry;
  });
  const content = Buffer.concat([Buffer.alloc(entryBytes), ...entries]);
  return [
    { name: '.symtab', type: 2, content, link: index + 1, entryBytes },
    { name: '.strtab', type: 3, content: names.bytes },
  ];
}

/** A file that is in memory. */
export const imageFile = (bytes: Uint8Array, path = 'vmlinux'): ImageFile => ({
  path,
  sizeBytes: bytes.length,
  read(offset, into) {
    const piece = bytes.subarray(offset, offset + into.length);
    into.set(piece);
    return piece.length;
  },
});

function sectionHeader(
  section: Omit<DrawnSection, 'name'> & { readonly name: number; readonly offset: number },
  bits: 32 | 64,
): Buffer {
  const { name, type = 1, flags = 0, address = 0n, offset, content, link = 0, entryBytes = 0 } = section;
  const words = [BigInt(flags), address, BigInt(offset), BigInt(content.length)];
  const wordBytes = bits / 8;
  const header = Buffer.alloc(bits === 64 ? 64 : 40);
  header.writeUInt32LE(name, 0);
  header.writeUInt32LE(type, 4);
  const write = (word: bigint, at: number) =>
    bits === 64 ? header.writeBigUInt64LE(word, at) : header.writeUInt32LE(Number(word), at);
  for (const [index, word] of words.entries()) write(word, 8 + index * wordBytes);
  header.writeUInt32LE(link, 8 + 4 * wordBytes);
  write(BigInt(entryBytes), 16 + 5 * wordBytes);
  return header;
}

function textTable(texts: readonly string[]): { readonly bytes: Buffer; readonly at: Map<string, number> } {
  let text = '\0';
  const at = new Map<string, number>();
  for (const name of texts) {
    if (at.has(name)) continue;
    at.set(name, text.length);
    text += `${name}\0`;
  }
  return { bytes: Buffer.from(text, 'latin1'), at };
}
