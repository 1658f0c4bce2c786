// Notes of ELF dumps: registers of each CPU, VMCOREINFO.
// QEMU: dump/dump.c, target/*/arch_dump.c.
import type { CpuState } from './format.ts';

/** Bytes of notes that are believed: 8192 CPUs of QEMU need 7 MiB. */
export const MAXIMUM_NOTE_BYTES = 2 ** 24;

/** Where instruction and stack pointer stand in an NT_PRSTATUS, by the size of the note, which tells the architecture. */
const POINTERS: Readonly<
  Record<number, { readonly instruction: number; readonly stack: number; readonly wide: boolean }>
> = {
  144: { instruction: 120, stack: 132, wide: false }, // i386: 72 bytes before the registers, eip is the 13th, esp the 16th
  336: { instruction: 240, stack: 264, wide: true }, // x86-64: 112 bytes before the registers, rip is the 17th, rsp the 20th
  392: { instruction: 368, stack: 360, wide: true }, // arm64: 112 bytes before the registers, sp is the 32nd, pc the 33rd
};

const NT_PRSTATUS = 1;
const NT_AUXV = 6;

/**
 * Offsets in QEMU's own note of a CPU (QEMU, target/i386/arch_dump.c, QEMUCPUState version 1): 16 general
 * registers after version and size, of which RSP is the seventh, then rip and rflags, ten segments of 24 bytes with
 * their bases last (GS is the fifth, the IDT the tenth), then CR0 to CR4, and what SWAPGS brings into GS.
 */
const QEMU_NOTE = { rsp: 56, rip: 136, gs: 264, idt: 384, cr3: 416, cr4: 424, bytes: 432, kernelGs: 432 };

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
  const statuses: CpuState[] = [];
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
    if (name === 'CORE' && type === NT_PRSTATUS) statuses.push(pointersOf(body));
    else if (name === 'CORE' && type === NT_AUXV) isOfProcess = true;
    else if (name === 'QEMU' && body.length >= QEMU_NOTE.bytes) controls.push(controlsOf(body));
    else if (name === 'VMCOREINFO') vmcoreinfo ??= textOf(body);
    at = content + padded(contentBytes);
  }
  const cpus: CpuState[] = [];
  for (let cpu = 0; cpu < Math.max(statuses.length, controls.length); cpu++) {
    cpus.push(controls[cpu] ?? statuses[cpu]!);
  }
  return { cpus, vmcoreinfo, hasQemu: controls.length > 0, isOfProcess, damage };
}

/** The text of a VMCOREINFO note without the zeros that fill it up, or null where none is left. */
export function textOf(body: Buffer): string | null {
  return body.toString('latin1').replace(/\0.*$/s, '') || null;
}

const padded = (length: number): number => Math.ceil(length / 4) * 4;

function pointersOf(body: Buffer): CpuState {
  const place = POINTERS[body.length];
  const at = (offset: number): bigint =>
    place?.wide === true ? body.readBigUInt64LE(offset) : BigInt(body.readUInt32LE(offset));
  const [instruction, stack] = place === undefined ? [null, null] : [at(place.instruction), at(place.stack)];
  return { cr3: null, cr4: null, instruction, stack, idt: null, gs: [] };
}

const controlsOf = (body: Buffer): CpuState => ({
  instruction: body.readBigUInt64LE(QEMU_NOTE.rip),
  stack: body.readBigUInt64LE(QEMU_NOTE.rsp),
  cr3: body.readBigUInt64LE(QEMU_NOTE.cr3),
  cr4: body.readBigUInt64LE(QEMU_NOTE.cr4),
  idt: body.readBigUInt64LE(QEMU_NOTE.idt),
  gs: [QEMU_NOTE.gs, ...(body.length >= QEMU_NOTE.kernelGs + 8 ? [QEMU_NOTE.kernelGs] : [])].map((offset) =>
    body.readBigUInt64LE(offset),
  ),
});
