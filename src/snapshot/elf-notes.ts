import type { CpuState } from './format.ts';

/** Bytes of notes that are believed: 8192 CPUs of QEMU need 7 MiB. */
export const MAXIMUM_NOTE_BYTES = 2 ** 24;

/** Where the instruction pointer stands in an NT_PRSTATUS, by the size of the note, which tells the architecture. */
const INSTRUCTION_POINTERS: Readonly<Record<number, { readonly offset: number; readonly wide: boolean }>> = {
  144: { offset: 120, wide: false }, // i386: 72 bytes before the registers, eip is the 13th
  336: { offset: 240, wide: true }, // x86-64: 112 bytes before the registers, rip is the 17th
  392: { offset: 368, wide: true }, // arm64: 112 bytes before the registers, pc is the 33rd
};

const NT_PRSTATUS = 1;
const NT_AUXV = 6;

/**
 * Offsets in QEMU's own note of a CPU (QEMU, target/i386/arch_dump.c, QEMUCPUState version 1): 16 general
 * registers after version and size, then rip and rflags, ten segments of 24 bytes, then CR0 to CR4.
 */
const QEMU_NOTE = { rip: 136, cr3: 416, cr4: 424, bytes: 432 };

/** What the notes of a dump say. */
export interface ElfNotes {
  readonly cpus: readonly CpuState[];
  /** The text of the VMCOREINFO note, or null. */
  readonly vmcoreinfo: string | null;
  readonly hasQemu: boolean;
  /** The auxiliary vector is there, which a process has and a machine has not. */
  readonly isOfProcess: boolean;
  /** Notes that could not be read, or null. */
  readonly damage: string | null;
}

/**
 * Reads ELF notes: name, type and bytes, each padded to four bytes whatever the class of the file (elf(5)).
 * QEMU writes all NT_PRSTATUS first and its own notes after, both in the order of the CPUs.
 */
export function readNotes(bytes: Buffer): ElfNotes {
  const instructions: (bigint | null)[] = [];
  const controls: CpuState[] = [];
  let vmcoreinfo: string | null = null;
  let isOfProcess = false;
  let damage: string | null = null;
  for (let at = 0; at + 12 <= bytes.length; ) {
    const nameBytes = bytes.readUInt32LE(at);
    const contentBytes = bytes.readUInt32LE(at + 4);
    const type = bytes.readUInt32LE(at + 8);
    // An empty header is padding: QEMU leaves some where the guest gave no note.
    if (nameBytes === 0 && contentBytes === 0) {
      at += 12;
      continue;
    }
    const content = at + 12 + padded(nameBytes);
    if (content + contentBytes > bytes.length) {
      damage = `a note of ${contentBytes} bytes does not fit: the notes after it are left out`;
      break;
    }
    const name = bytes.toString('latin1', at + 12, at + 12 + nameBytes).replace(/\0.*$/s, '');
    const body = bytes.subarray(content, content + contentBytes);
    if (name === 'CORE' && type === NT_PRSTATUS) instructions.push(instructionOf(body));
    else if (name === 'CORE' && type === NT_AUXV) isOfProcess = true;
    else if (name === 'QEMU' && body.length >= QEMU_NOTE.bytes) controls.push(controlsOf(body));
    else if (name === 'VMCOREINFO') vmcoreinfo ??= textOf(body);
    at = content + padded(contentBytes);
  }
  const cpus: CpuState[] = [];
  for (let cpu = 0; cpu < Math.max(instructions.length, controls.length); cpu++) {
    cpus.push(controls[cpu] ?? { cr3: null, cr4: null, instruction: instructions[cpu] ?? null });
  }
  return { cpus, vmcoreinfo, hasQemu: controls.length > 0, isOfProcess, damage };
}

/** The text of a VMCOREINFO note without the zeros that fill it up, or null where none is left. */
export function textOf(body: Buffer): string | null {
  return body.toString('latin1').replace(/\0.*$/s, '') || null;
}

const padded = (length: number): number => Math.ceil(length / 4) * 4;

function instructionOf(body: Buffer): bigint | null {
  const place = INSTRUCTION_POINTERS[body.length];
  if (place === undefined) return null;
  return place.wide ? body.readBigUInt64LE(place.offset) : BigInt(body.readUInt32LE(place.offset));
}

const controlsOf = (body: Buffer): CpuState => ({
  instruction: body.readBigUInt64LE(QEMU_NOTE.rip),
  cr3: body.readBigUInt64LE(QEMU_NOTE.cr3),
  cr4: body.readBigUInt64LE(QEMU_NOTE.cr4),
});
