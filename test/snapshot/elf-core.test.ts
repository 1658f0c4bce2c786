import { readFileSync, truncateSync, writeFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { physical } from '../../src/base/address.ts';
import { ForensicError } from '../../src/base/errors.ts';
import { openSnapshot } from '../../src/snapshot/open.ts';
import { Random } from '../support/random.ts';
import { drawMemory } from '../support/writers.ts';
import { type ElfOptions, elfHeader, prstatusNote, writeElfCore } from '../support/writers-elf.ts';
import { scratchFolder } from '../support/writers-scratch.ts';

const scratch = scratchFolder();
const noise = new Random(1).bytes(0x4000);
const memory = drawMemory(
  new Map([
    [0x1000, noise],
    [0x10_0000, noise.subarray(0, 0x2000)],
  ]),
);

function written(name: string, options: ElfOptions = {}): string {
  const path = scratch.path(name);
  writeElfCore(path, memory, options);
  return path;
}

function open(path: string) {
  const { contents, memory: read } = openSnapshot(path);
  return {
    contents,
    notes: contents.notes,
    memory: read,
    ranges: read.ranges.map(({ start, end }) => [start, end]),
  };
}

describe('ELF core', () => {
  it('is refused in a sentence where it has no segments, and entries of no size for them', () => {
    const path = written('none');
    const bytes = readFileSync(path);
    bytes.writeUInt16LE(0, 54); // e_phentsize
    bytes.writeUInt16LE(0, 56); // e_phnum
    writeFileSync(path, bytes);
    expect(() => openSnapshot(path)).toThrow(ForensicError);
  });

  it('leaves out what a segment stands for and does not store', () => {
    const path = written('partial', {
      change: (headers) =>
        headers.map((header, at) => (at === 1 ? { ...header, fileBytes: 0x1000 } : header)),
    });
    const { ranges, notes } = open(path);
    expect(ranges).toEqual([
      [0x1000, 0x2000],
      [0x10_0000, 0x10_2000],
    ]);
    expect(notes).toEqual(['the dumper left out 12288 bytes of memory']);
  });

  it('leaves out segments without a physical address, as /proc/kcore has them', () => {
    const path = written('kcore', {
      change: (headers) => headers.map((header, at) => (at === 2 ? { ...header, physical: -1 } : header)),
    });
    const { ranges, notes } = open(path);
    expect(ranges).toEqual([[0x1000, 0x5000]]);
    expect(notes).toEqual(['1 of 2 segments has no physical address: left out']);
  });

  it('leaves out segments of kinds that are no memory', () => {
    const path = written('other-kinds', {
      change: (headers) =>
        headers.map((header, at) => (at === 2 ? { ...header, type: 0x6474_e551 } : header)),
    });
    expect(open(path).ranges).toEqual([[0x1000, 0x5000]]);
  });

  it('takes a copy of memory in a second segment for no contradiction', () => {
    const path = written('vmcore', {
      change: (headers) =>
        headers.map((header, at) =>
          at === 2 ? { ...header, physical: 0x1000, virtual: 0xffff_0000 } : header,
        ),
    });
    const { ranges, notes } = open(path);
    expect(ranges).toEqual([[0x1000, 0x5000]]);
    expect(notes).toEqual([]);
  });

  it('says that a file is cut in the middle of memory, and answers what is there', () => {
    const path = written('cut');
    truncateSync(path, readFileSync(path).length - 0x2800);
    const { ranges, notes, memory: read } = open(path);
    expect(ranges).toEqual([[0x1000, 0x4000]]);
    expect(notes).toEqual(['the file is cut: 10240 bytes of memory are missing, from 0x4800 on']);
    expect(read.bytes(physical(0x3000), 0x1000)).toEqual(noise.slice(0x2000, 0x3000));
  });

  it('says how many segments are not there when the table is cut', () => {
    const path = written('many');
    const bytes = readFileSync(path);
    bytes.writeUInt16LE(60_000, 56);
    writeFileSync(path, bytes.subarray(0, 64 + 3 * 56));
    expect(open(path).notes).toContain('the file claims 60000 segments, of which 59997 are not there');
  });

  it('believes no number of segments that the file is too short for', () => {
    const path = written('extended', { hasExtendedCount: true });
    const bytes = readFileSync(path);
    const sections = Number(bytes.readBigUInt64LE(40));
    bytes.writeUInt32LE(0xffff_ffff, sections + 44);
    writeFileSync(path, bytes);
    expect(open(path).notes[0]).toMatch(/^the file claims 4294967295 segments, of which \d+ are not there$/);
  });

  it('keeps the notes before one that claims more than there is', () => {
    const path = written('long-note', { notes: [prstatusNote(0x1234n), prstatusNote(0x5678n)] });
    const bytes = readFileSync(path);
    const second = bytes.lastIndexOf('CORE\0') - 12;
    bytes.writeUInt32LE(0x7fff_ffff, second + 4);
    writeFileSync(path, bytes);
    const { contents, notes } = open(path);
    expect(contents.cpus).toEqual([
      { cr3: null, cr4: null, instruction: 0x1234n, stack: 0n, idt: null, gs: [] },
    ]);
    expect(notes).toEqual(['a note of 2147483647 bytes does not fit: the notes after it are left out']);
  });

  it.each([
    [
      'object',
      elfHeader({ bits: 64, machine: 62, count: 0, sections: 0, type: 1 }),
      'is an object file, not a core dump',
    ],
    [
      'program',
      elfHeader({ bits: 64, machine: 62, count: 0, sections: 0, type: 2 }),
      'is an executable, not a core dump',
    ],
    [
      'library',
      elfHeader({ bits: 64, machine: 62, count: 0, sections: 0, type: 3 }),
      'is a shared object or an executable, not a core dump',
    ],
    [
      'odd',
      elfHeader({ bits: 64, machine: 62, count: 0, sections: 0, type: 9 }),
      'is an ELF of type 9, not a core dump',
    ],
    [
      'empty',
      elfHeader({ bits: 64, machine: 62, count: 0, sections: 0 }),
      'is an ELF core dump that holds no memory',
    ],
    [
      'big-endian',
      Buffer.from('\x7fELF\x02\x02\x01'.padEnd(64, '\0'), 'latin1'),
      'is a big-endian ELF, which is not supported',
    ],
    [
      'classless',
      Buffer.from('\x7fELF\x07\x01\x01'.padEnd(64, '\0'), 'latin1'),
      'is no sound ELF: class 7, byte order 1',
    ],
    [
      'short',
      Buffer.from('\x7fELF\x02\x01\x01', 'latin1'),
      'is cut in its ELF header: 20 bytes wanted at 0, 7 there',
    ],
  ])('refuses one that is %s', (name, header, why) => {
    const path = scratch.file(name, header);
    expect(() => openSnapshot(path)).toThrow(`${path} ${why}`);
  });

  it('refuses the core dump of a process', () => {
    const byNote = written('auxv', { notes: [{ name: 'CORE', type: 6, content: Buffer.alloc(16) }] });
    expect(() => openSnapshot(byNote)).toThrow(`${byNote} is the core dump of a process, not of a machine`);
    const byAddress = written('flat', {
      change: (headers) => headers.map((header) => ({ ...header, virtual: 0x40_0000, physical: 0 })),
    });
    expect(() => openSnapshot(byAddress)).toThrow(
      `${byAddress} is the core dump of a process, not of a machine`,
    );
  });

  it('refuses program headers of a size that makes no sense', () => {
    const path = written('entries');
    const bytes = readFileSync(path);
    bytes.writeUInt16LE(1, 54);
    writeFileSync(path, bytes);
    expect(() => openSnapshot(path)).toThrow(`${path} has program headers of 1 bytes instead of 56`);
  });

  it('ends with an explained error or an answer wherever the file is cut', () => {
    const whole = readFileSync(written('whole', { notes: [prstatusNote(1n)], hasExtendedCount: true }));
    for (let length = 1; length < 800; length++) {
      const path = scratch.file('prefix', whole.subarray(0, length));
      try {
        openSnapshot(path, { base: 0 }).file.close();
      } catch (error) {
        expect(error).toBeInstanceOf(ForensicError);
      }
    }
  });
});
