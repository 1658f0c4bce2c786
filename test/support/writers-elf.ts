import type { CpuState, SnapshotContents } from '../../src/snapshot/format.ts';
import { type Memory, windowsOf } from './writers.ts';
import { Appender, FileOutput } from './writers-output.ts';

/** One ELF note: name, type, content. */
export interface ElfNote {
  readonly name: string;
  readonly type: number;
  readonly content: Uint8Array;
}

/** The note of one x86-64 CPU that every dumper writes: NT_PRSTATUS, here with nothing but the instruction pointer. */
export function prstatusNote(instruction: bigint): ElfNote {
  const content = Buffer.alloc(336);
  content.writeBigUInt64LE(instruction, 240);
  return { name: 'CORE', type: 1, content };
}

/** A CPU as QEMU's note tells of it, with nothing in the registers that a test does not name. */
export const drawnCpu = (registers: Partial<CpuState>): CpuState => ({
  ...{ cr3: 0n, cr4: 0n, instruction: 0n, stack: 0n, idt: 0n, gs: [0n, 0n] },
  ...registers,
});

/** QEMU's own note of one CPU, as long as QEMU 7.2 writes it. */
function qemuNote({ cr3, cr4, instruction, stack, idt, gs }: CpuState): ElfNote {
  const content = Buffer.alloc(440);
  content.writeUInt32LE(1, 0);
  content.writeUInt32LE(content.length, 4);
  content.writeBigUInt64LE(stack ?? 0n, 56);
  content.writeBigUInt64LE(instruction ?? 0n, 136);
  content.writeBigUInt64LE(gs[0] ?? 0n, 264);
  content.writeBigUInt64LE(idt ?? 0n, 384);
  content.writeBigUInt64LE(cr3 ?? 0n, 416);
  content.writeBigUInt64LE(cr4 ?? 0n, 424);
  content.writeBigUInt64LE(gs[1] ?? 0n, 432);
  return { name: 'QEMU', type: 0, content };
}

/** The kernel's VMCOREINFO. */
const vmcoreinfoNote = (text: string): ElfNote => ({
  name: 'VMCOREINFO',
  type: 0,
  content: Buffer.from(text, 'latin1'),
});

/** The notes that say again what an open snapshot says of its CPUs and kernel. */
export function notesOf({ cpus, vmcoreinfo }: Pick<SnapshotContents, 'cpus' | 'vmcoreinfo'>): ElfNote[] {
  return [
    ...cpus.map((cpu) => prstatusNote(cpu.instruction ?? 0n)),
    ...cpus.filter((cpu) => cpu.cr3 !== null).map(qemuNote),
    ...(vmcoreinfo === null ? [] : [vmcoreinfoNote(vmcoreinfo)]),
  ];
}

/** Notes as bytes: name and content padded to four. */
export function encodeNotes(notes: readonly ElfNote[]): Buffer {
  const pad = (bytes: Uint8Array) => Buffer.concat([bytes, Buffer.alloc(-bytes.length & 3)]);
  return Buffer.concat(
    notes.map(({ name, type, content }) => {
      const header = Buffer.alloc(12);
      header.writeUInt32LE(name.length + 1, 0);
      header.writeUInt32LE(content.length, 4);
      header.writeUInt32LE(type, 8);
      return Buffer.concat([header, pad(Buffer.from(`${name}\0`, 'latin1')), pad(content)]);
    }),
  );
}

/** One program header, as the file will say it. */
interface ElfProgramHeader {
  readonly type: number;
  readonly offset: number;
  readonly virtual?: number;
  readonly physical: number;
  readonly fileBytes: number;
  readonly memoryBytes: number;
}

/** How an ELF core dump is written. */
export interface ElfOptions {
  readonly bits?: 32 | 64;
  /** e_machine: 62 is x86-64. */
  readonly machine?: number;
  readonly notes?: readonly ElfNote[];
  /** Writes the number of segments where large numbers stand, whatever it is (PN_XNUM). */
  readonly hasExtendedCount?: boolean;
  /** Changes the program headers before they are written: for files that lie. */
  readonly change?: (headers: ElfProgramHeader[]) => ElfProgramHeader[];
}

/** Writes an ELF core dump: header, program headers, perhaps section 0, notes, then the memory. */
export function writeElfCore(path: string, memory: Memory, options: ElfOptions = {}): void {
  const { bits = 64, machine = 62, hasExtendedCount = false, change = (same) => same } = options;
  const notes = encodeNotes(options.notes ?? []);
  const count = memory.ranges.length + 1;
  const sizes =
    bits === 64 ? { header: 64, segment: 56, section: 64 } : { header: 52, segment: 32, section: 40 };
  const sections = sizes.header + count * sizes.segment;
  const notesAt = sections + (hasExtendedCount ? sizes.section : 0);
  let offset = notesAt + notes.length;
  const headers: ElfProgramHeader[] = [
    { type: 4, offset: notesAt, physical: 0, fileBytes: notes.length, memoryBytes: notes.length },
  ];
  for (const { start, end } of memory.ranges) {
    headers.push({ type: 1, offset, physical: start, fileBytes: end - start, memoryBytes: end - start });
    offset += end - start;
  }

  const output = new FileOutput(path);
  const body = new Appender(output, 0);
  body.append(elfHeader({ bits, machine, count, sections: hasExtendedCount ? sections : 0 }));
  for (const header of change(headers)) body.append(encodeSegment(header, bits));
  if (hasExtendedCount) body.append(sectionZero(count, bits));
  body.append(notes);
  for (const range of memory.ranges) {
    for (const [, bytes] of windowsOf(memory, range)) body.append(bytes);
  }
  body.flush();
  output.close(body.offset);
}

/** The header at the beginning of an ELF file. `sections` is 0, or the offset of section 0, which then has the count. */
export function elfHeader(of: {
  bits: 32 | 64;
  machine: number;
  count: number;
  sections: number;
  type?: number;
}): Buffer {
  const isWide = of.bits === 64;
  const header = Buffer.alloc(isWide ? 64 : 52);
  header.write('\x7fELF', 'latin1');
  header.set([isWide ? 2 : 1, 1, 1], 4);
  header.writeUInt16LE(of.type ?? 4, 16);
  header.writeUInt16LE(of.machine, 18);
  header.writeUInt32LE(1, 20);
  header.writeUInt32LE(header.length, isWide ? 32 : 28);
  header.writeUInt32LE(of.sections, isWide ? 40 : 32);
  const halves = isWide ? 52 : 40;
  header.writeUInt16LE(header.length, halves);
  header.writeUInt16LE(isWide ? 56 : 32, halves + 2);
  header.writeUInt16LE(of.sections === 0 ? of.count : 0xffff, halves + 4);
  header.writeUInt16LE(of.sections === 0 ? 0 : isWide ? 64 : 40, halves + 6);
  header.writeUInt16LE(of.sections === 0 ? 0 : 1, halves + 8);
  return header;
}

function encodeSegment(header: ElfProgramHeader, bits: 32 | 64): Buffer {
  const { type, offset, virtual = 0, physical, fileBytes, memoryBytes } = header;
  if (bits === 32) {
    const encoded = Buffer.alloc(32);
    [type, offset, virtual, physical, fileBytes, memoryBytes].forEach((word, at) => {
      encoded.writeUInt32LE(word, at * 4);
    });
    return encoded;
  }
  const encoded = Buffer.alloc(56);
  encoded.writeUInt32LE(type, 0);
  [offset, virtual, physical, fileBytes, memoryBytes].forEach((word, at) => {
    encoded.writeBigUInt64LE(BigInt.asUintN(64, BigInt(word)), 8 + at * 8);
  });
  return encoded;
}

function sectionZero(count: number, bits: 32 | 64): Buffer {
  const section = Buffer.alloc(bits === 64 ? 64 : 40);
  section.writeUInt32LE(count, bits === 64 ? 44 : 28);
  return section;
}
