import { describe, expect, it } from 'vitest';
import { physical } from '../../src/base/address.ts';
import { PAGE_BYTES, type PhysicalSource } from '../../src/memory/source.ts';
import { openSnapshot, type Snapshot } from '../../src/snapshot/open.ts';
import { Random } from '../support/random.ts';
import { drawMemory, type Memory, writeLime, writeRaw } from '../support/writers.ts';
import { variedMemory } from '../support/writers-drawn.ts';
import { drawnCpu, notesOf, writeElfCore } from '../support/writers-elf.ts';
import { writeKdump } from '../support/writers-kdump.ts';
import { scratchFolder } from '../support/writers-scratch.ts';

const scratch = scratchFolder();
const memory = variedMemory();
const narrow = variedMemory(2, false);

const cpus = [
  drawnCpu({ cr3: 0x1234_5000n, cr4: 0x1000n, instruction: 0xffff_ffff_8123_4567n, stack: 0x1n << 63n }),
  drawnCpu({ cr3: 0x9_8765_4000n, idt: 0xffff_fe00_0000_0000n, gs: [0x7f00_0000n, 0xffff_8880_1000_0000n] }),
];
const vmcoreinfo = 'OSRELEASE=6.1.0\nNUMBER(phys_base)=-16777216\n';

interface Case {
  readonly name: string;
  readonly format: string;
  readonly memory: PhysicalSource;
  readonly write: (path: string, memory: Memory) => void;
}

const cases: Case[] = [
  { name: 'LiME', format: 'lime', memory, write: writeLime },
  { name: 'an ELF core', format: 'elf-core', memory, write: (path, from) => writeElfCore(path, from) },
  {
    name: 'an ELF core whose segments are counted in section 0',
    format: 'elf-core',
    memory,
    write: (path, from) => writeElfCore(path, from, { hasExtendedCount: true }),
  },
  {
    name: 'an ELF core of 32 bits',
    format: 'elf-core',
    memory: narrow,
    write: (path, from) => writeElfCore(path, from, { bits: 32, machine: 3 }),
  },
  {
    name: 'an ELF core of 32 bits whose segments are counted in section 0',
    format: 'elf-core',
    memory: narrow,
    write: (path, from) => writeElfCore(path, from, { bits: 32, machine: 3, hasExtendedCount: true }),
  },
  { name: 'kdump', format: 'kdump', memory, write: (path, from) => writeKdump(path, from) },
  {
    name: 'kdump at level 9 with equal pages stored once',
    format: 'kdump',
    memory,
    write: (path, from) => writeKdump(path, from, { level: 9, sharesEqual: true }),
  },
  {
    name: 'kdump without compression',
    format: 'kdump',
    memory,
    write: (path, from) => writeKdump(path, from, { level: 0 }),
  },
  {
    name: 'kdump with the headers of a 32-bit kernel',
    format: 'kdump',
    memory: narrow,
    write: (path, from) => writeKdump(path, from, { bits: 32 }),
  },
  {
    name: 'flattened kdump',
    format: 'kdump',
    memory,
    write: (path, from) => writeKdump(path, from, { isFlattened: true }),
  },
];

/** Reads every page of both by the page and in long runs, and compares them. */
function expectSameMemory(snapshot: Snapshot, expected: PhysicalSource): void {
  expect(snapshot.memory.ranges).toEqual(expected.ranges);
  for (const { start, end } of expected.ranges) {
    const bytes = new Uint8Array(end - start);
    expected.read(start, bytes);
    expect(Buffer.compare(snapshot.memory.bytes(start, end - start), bytes)).toBe(0);
    for (let at = 0; at < bytes.length; at += PAGE_BYTES) {
      const page = snapshot.memory.restOfPage(physical(start + at));
      expect(Buffer.compare(page, bytes.subarray(at, at + PAGE_BYTES))).toBe(0);
    }
  }
  expect(snapshot.file.troubles).toEqual([]);
  snapshot.file.close();
}

describe('a format reads back what its writer wrote', () => {
  it.each(cases)('$name', ({ name, format, memory: expected, write }) => {
    const path = scratch.path(name);
    write(path, expected);
    const snapshot = openSnapshot(path);
    expect(snapshot.format.name).toBe(format);
    expect(snapshot.contents.notes).toEqual([]);
    expectSameMemory(snapshot, expected);
  });

  it('raw, where gaps become zeros', () => {
    const path = scratch.path('raw');
    writeRaw(path, narrow);
    const snapshot = openSnapshot(path);
    expect(snapshot.format.name).toBe('raw');
    expect(snapshot.contents.facts).toEqual({ storage: 'sparse' });
    expect(snapshot.memory.ranges).toEqual([{ start: 0, end: narrow.ranges.at(-1)!.end }]);
    const [, , third] = narrow.ranges;
    const bytes = new Uint8Array(third!.end - third!.start);
    narrow.read(third!.start, bytes);
    expect(Buffer.compare(snapshot.memory.bytes(third!.start, bytes.length), bytes)).toBe(0);
    expect(snapshot.memory.bytes(physical(0x8_0000), 8192)).toEqual(new Uint8Array(8192));
  });

  it('kdump with frames of 64 KiB, where the rest of a frame becomes zeros', () => {
    const path = scratch.path('kdump-64k');
    writeKdump(path, memory, { blockBytes: 65536 });
    const snapshot = openSnapshot(path);
    expect(snapshot.memory.ranges.map(({ start, end }) => [start, end])).toEqual([
      [0, 0x3_0000],
      [0x10_0000, 0x23_0000],
      [0xffff_0000, 0x1_0001_0000],
      [2 ** 40, 2 ** 40 + 0x2_0000],
    ]);
    for (const { start, end } of memory.ranges) {
      const bytes = new Uint8Array(end - start);
      memory.read(start, bytes);
      expect(Buffer.compare(snapshot.memory.bytes(start, end - start), bytes)).toBe(0);
    }
  });

  it('a snapshot written again from an open one is the same snapshot', () => {
    const lime = scratch.path('first.lime');
    const elf = scratch.path('second.elf');
    writeLime(lime, memory);
    const first = openSnapshot(lime);
    writeElfCore(elf, first.contents.source);
    expectSameMemory(openSnapshot(elf), memory);
  });
});

describe('what a snapshot says besides memory', () => {
  it('comes back from the notes of an ELF core', () => {
    const path = scratch.path('notes.elf');
    writeElfCore(path, narrow, { notes: notesOf({ cpus, vmcoreinfo }) });
    const { contents } = openSnapshot(path);
    expect(contents.cpus).toEqual(cpus);
    expect(contents.vmcoreinfo).toBe(vmcoreinfo);
    expect(contents.takenAt).toBeNull();
    expect(contents.facts).toEqual({ machine: 'x86-64', dumper: 'QEMU', segments: '3' });
  });

  it.each([64, 32] as const)('comes back from the headers of kdump, %i bits', (bits) => {
    const path = scratch.path(`notes-${bits}.kdump`);
    const takenAt = new Date('2024-02-29T12:34:56Z');
    writeKdump(path, narrow, { bits, cpus, vmcoreinfo, takenAt, release: '6.1.0' });
    const { contents } = openSnapshot(path);
    expect(contents.cpus).toEqual(cpus);
    expect(contents.vmcoreinfo).toBe(vmcoreinfo);
    expect(contents.takenAt).toEqual(takenAt);
    expect(contents.facts).toEqual({
      dumper: 'QEMU',
      compression: 'zlib',
      machine: 'x86-64',
      release: '6.1.0',
    });
  });

  it('names the flattened form and finds the byte on disk through it', () => {
    const path = scratch.path('flattened.kdump');
    writeKdump(path, narrow, { level: 0, isFlattened: true });
    const { contents, file } = openSnapshot(path);
    expect(contents.facts['container']).toBe('flattened');
    const at = narrow.ranges[2]!.start;
    const byte = new Uint8Array(1);
    const expected = new Uint8Array(PAGE_BYTES);
    narrow.read(at, expected);
    file.read(contents.source.fileOffset(physical(at + 77))!, byte);
    expect(byte[0]).toBe(expected[77]);
  });

  it('has no offset on disk for a compressed page, and none for a page that is not there', () => {
    const path = scratch.path('offsets.kdump');
    const noise = new Random(3).bytes(PAGE_BYTES);
    writeKdump(
      path,
      drawMemory(
        new Map([
          [0x1000, new Uint8Array(PAGE_BYTES).fill(65)],
          [0x2000, noise],
        ]),
      ),
    );
    const { source } = openSnapshot(path).contents;
    expect(source.fileOffset(physical(0x1000))).toBeNull();
    expect(source.fileOffset(physical(0x2000))).toBeGreaterThan(0);
    expect(source.fileOffset(physical(0x3000))).toBeNull();
  });
});
