// Memory that is written in each format is the same memory when it is read again: pages, holes, registers, VMCOREINFO.
import { createHash } from 'node:crypto';
import { existsSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { inflateSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { physical } from '../../src/base/address.ts';
import { convert, TARGETS, type Target } from '../../src/convert/convert.ts';
import { Deflater } from '../../src/convert/deflate.ts';
import { digestOf } from '../../src/convert/digest.ts';
import type { From } from '../../src/convert/from.ts';
import { PAGE_BYTES, type PhysicalSource } from '../../src/memory/source.ts';
import { openSnapshot, type Snapshot } from '../../src/snapshot/open.ts';
import { Random } from '../support/random.ts';
import { drawMemory } from '../support/writers.ts';
import { variedMemory } from '../support/writers-drawn.ts';
import { drawnCpu, encodeNotes, notesOf } from '../support/writers-elf.ts';
import { scratchFolder } from '../support/writers-scratch.ts';

const scratch = scratchFolder();
let count = 0;
const fresh = (ending: string): string => scratch.path(`${++count}.${ending}`);

const cpus = [
  drawnCpu({ cr3: 0x1234_5000n, cr4: 0x1000n, instruction: 0xffff_ffff_8123_4567n, stack: 0x1n << 63n }),
  drawnCpu({ cr3: 0x9_8765_4000n, idt: 0xffff_fe00_0000_0000n, gs: [0x7f00_0000n, 0xffff_8880_1000_0000n] }),
];
const vmcoreinfo = 'OSRELEASE=6.1.0\nPAGESIZE=4096\nNUMBER(phys_base)=-16777216\n';
const FORMATS: Readonly<Record<Target, string>> = {
  raw: 'raw',
  elf: 'elf-core',
  lime: 'lime',
  kdump: 'kdump',
};
const WITH_REGISTERS: readonly Target[] = ['elf', 'kdump'];

const from = (source: PhysicalSource, more: Partial<From> = {}): From => ({
  ...{ source, machine: 'x86-64', vmcoreinfo, pageBytes: 4096, hostname: 'web-1' },
  notes: encodeNotes(notesOf({ cpus, vmcoreinfo: null })),
  takenAt: new Date('2026-11-23T11:40:44Z'),
  ...more,
});

/** What is written, opened. */
async function written(what: From, target: Target): Promise<Snapshot & { readonly path: string }> {
  const path = fresh(target);
  await convert(what, target, path);
  return { ...openSnapshot(path), path };
}

/** What a snapshot is for the next that is made of it. */
const again = ({ memory, contents }: Snapshot, more: Partial<From> = {}): From =>
  from(memory.source, {
    ...{ notes: contents.rawNotes?.() ?? new Uint8Array(0), vmcoreinfo: contents.vmcoreinfo },
    ...more,
  });

/** The digest of every page by its address, in ascending order: pages of zeros where a raw file has holes are left out. */
function pagesOf({ ranges, read }: PhysicalSource, isRaw = false): string[] {
  const page = new Uint8Array(PAGE_BYTES);
  const found: string[] = [];
  for (const { start, end } of ranges)
    for (let at: number = start; at < end; at += PAGE_BYTES) {
      if (read(physical(at), page) < PAGE_BYTES) found.push(`${at} lost`);
      else if (!isRaw || page.some((byte) => byte !== 0))
        found.push(`${at} ${createHash('sha256').update(page).digest('hex')}`);
    }
  return found;
}

describe('convert', () => {
  const memory = variedMemory();
  const low = variedMemory(3, false);

  it.each(TARGETS.flatMap((one) => TARGETS.map((other) => [one, other] as const)))(
    'writes %s, and %s of that, and the memory is the same',
    async (one, other) => {
      const isPadded = one === 'raw' || other === 'raw';
      // A raw file has every address up to the last, which is read again.
      const drawn = isPadded ? low : memory;
      const first = await written(from(drawn), one);
      const second = await written(again(first), other);
      expect([first.format.name, second.format.name]).toEqual([FORMATS[one], FORMATS[other]]);
      expect(pagesOf(second.memory.source, isPadded)).toEqual(pagesOf(drawn, isPadded));
      if (!isPadded) expect(second.memory.ranges).toEqual(drawn.ranges);
      expect(second.contents.notes).toEqual([]);
      if (WITH_REGISTERS.includes(one) && WITH_REGISTERS.includes(other)) {
        expect(second.contents.cpus).toEqual(cpus);
        expect(second.contents.vmcoreinfo).toBe(vmcoreinfo);
      }
    },
  );

  it('tells of the machine in the headers of kdump', async () => {
    const { contents } = await written(from(memory), 'kdump');
    expect(contents.facts).toMatchObject({ machine: 'x86-64', release: '6.1.0', compression: 'zlib' });
    expect(contents.takenAt).toEqual(new Date('2026-11-23T11:40:44Z'));
  });

  it('writes 32 bits for i386 where all addresses fit, and 64 where they do not', async () => {
    const narrow = variedMemory(2, false);
    for (const target of WITH_REGISTERS) {
      const small = await written(from(narrow, { machine: 'i386' }), target);
      expect(pagesOf(small.memory.source)).toEqual(pagesOf(narrow));
      expect(small.contents.cpus).toEqual(cpus);
    }
    const [small, large] = [
      await written(from(narrow, { machine: 'i386' }), 'elf'),
      await written(from(memory, { machine: 'i386' }), 'elf'),
    ];
    expect([readFileSync(small.path)[4], small.contents.facts['machine']]).toEqual([1, 'i386']);
    expect(readFileSync(large.path)[4]).toBe(2);
    expect(pagesOf(large.memory.source)).toEqual(pagesOf(memory));
  });

  it('keeps blocks of the size of the kernel’s pages where the ranges have whole ones', async () => {
    const block = 65536;
    const bytes = Uint8Array.from({ length: 4 * block }, (_, at) => (at * 7919) >>> 8);
    const large = drawMemory(new Map([[0x4000_0000, bytes]]));
    const path = fresh('kdump');
    await convert(from(large, { machine: 'aarch64', pageBytes: block }), 'kdump', path);
    expect(readFileSync(path).readUInt32LE(428)).toBe(block);
    expect(pagesOf(openSnapshot(path).memory.source)).toEqual(pagesOf(large));
    const odd = drawMemory(new Map([[0x4000_1000, bytes]]));
    const small = fresh('kdump');
    await convert(from(odd, { machine: 'aarch64', pageBytes: block }), 'kdump', small);
    expect(readFileSync(small).readUInt32LE(428)).toBe(4096);
    expect(pagesOf(openSnapshot(small).memory.source)).toEqual(pagesOf(odd));
  });

  it('leaves out pages that cannot be read, in every format but raw, and counts them', async () => {
    const bad = 0x3000;
    const bytes = Uint8Array.from({ length: 16 * PAGE_BYTES }, (_, at) => (at >>> 12) + 1);
    const whole = drawMemory(new Map([[0, bytes]]));
    const damaged: PhysicalSource = {
      ...whole,
      read: (at, into) => {
        if (at === bad) return 0;
        const end = at < bad ? Math.min(bad - at, into.length) : into.length;
        return whole.read(at, into.subarray(0, end));
      },
    };
    for (const target of TARGETS) {
      const path = fresh(target);
      const told = await convert(from(damaged), target, path);
      expect(told).toMatchObject({ lostBytes: PAGE_BYTES, memoryBytes: 15 * PAGE_BYTES });
      const { source } = openSnapshot(path, target === 'raw' ? { base: 0 } : {}).memory;
      const kept = pagesOf(whole).filter((line) => !line.startsWith(`${bad} `));
      expect(pagesOf(source, true)).toEqual(kept);
      if (target !== 'raw') expect(source.ranges).toHaveLength(2);
    }
    const blocks = fresh('kdump');
    const told = await convert(from(damaged, { pageBytes: 4 * PAGE_BYTES }), 'kdump', blocks);
    expect(told).toMatchObject({ lostBytes: 4 * PAGE_BYTES, memoryBytes: 12 * PAGE_BYTES });
    expect(pagesOf(openSnapshot(blocks).memory.source)).toEqual(pagesOf(whole).slice(4));
  });

  it('has holes for zeros and for what is far away, and says how much raw is padded', async () => {
    const far = 2 ** 36;
    const sparse = drawMemory(
      new Map([
        [0, new Uint8Array(2 ** 22)],
        [far, new Uint8Array(PAGE_BYTES).fill(7)],
      ]),
    );
    for (const target of TARGETS) {
      const path = fresh(target);
      const { bytes, paddedBytes } = await convert(from(sparse), target, path);
      expect(statSync(path).size).toBe(bytes);
      expect(statSync(path).blocks * 512).toBeLessThan(2 ** 18);
      expect(paddedBytes).toBe(target === 'raw' ? far - 2 ** 22 : 0);
    }
  });

  it('overwrites nothing, and leaves nothing of what failed', async () => {
    const path = scratch.file('mine', 'mine');
    await expect(convert(from(memory), 'lime', path)).rejects.toThrow(`cannot write ${path}: EEXIST`);
    expect(readFileSync(path, 'utf8')).toBe('mine');
    const none = fresh('elf');
    await expect(convert(from(memory, { machine: null }), 'elf', none)).rejects.toThrow(
      'elf names the machine, and nothing tells which one this is: --to raw or lime',
    );
    const broken = {
      ...memory,
      read: () => {
        throw new Error('out of order');
      },
    };
    const other = fresh('raw');
    await expect(convert(from(broken), 'raw', other)).rejects.toThrow('out of order');
    for (const left of [none, other, path]) expect(existsSync(`${left}.part`)).toBe(false);
    expect([existsSync(none), existsSync(other)]).toEqual([false, false]);
    await expect(convert(from(memory), 'raw', scratch.path('no/folder'))).rejects.toThrow('ENOENT');
  });

  it('refuses what a format has no room for', async () => {
    const high = drawMemory(new Map([[2 ** 51, new Uint8Array(PAGE_BYTES)]]));
    await expect(convert(from(high), 'kdump', fresh('kdump'))).rejects.toThrow(
      'above all addresses that kdump has room for',
    );
    const ranges = Array.from({ length: 70_000 }, (_, nth) => ({
      start: physical(nth * 8192),
      end: physical(nth * 8192 + 4096),
    }));
    await expect(convert(from({ ...high, ranges }), 'elf', fresh('elf'))).rejects.toThrow(
      'it has 70000 ranges of memory',
    );
  });
});

describe('a digest', () => {
  it('is that of the file as it lies', async () => {
    const path = fresh('bytes');
    const bytes = Buffer.alloc(5_000_001, 'vestige');
    writeFileSync(path, bytes);
    const seen: number[] = [];
    expect(await digestOf(path, (done) => seen.push(done))).toBe(
      createHash('sha256').update(bytes).digest('hex'),
    );
    expect(seen.at(-1)).toBe(bytes.length);
  });
});

describe('a packer', () => {
  it('packs as zlib does, with or without the inside of Node', () => {
    const block = Buffer.alloc(4096, 'some text that repeats itself ');
    const random = new Random(5).bytes(4096);
    for (const packer of [new Deflater(4096), new Deflater(4096, null)]) {
      for (let turn = 0; turn < 3; turn++) {
        expect(inflateSync(packer.pack(block)!)).toEqual(block);
        expect(packer.pack(random)).toBeNull();
      }
    }
  });
});
