// Files that strangers give: snapshots of every format, images of kernels, symbol tables, policies.
// Each kind is drawn small and whole, then damaged where its parser looks, and opened.
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { ForensicError } from '../../src/base/errors.ts';
import { ElfImage } from '../../src/debuginfo/elf-image.ts';
import { profileOfImage } from '../../src/debuginfo/kernel-profile.ts';
import type { PhysicalSource } from '../../src/memory/source.ts';
import { BadPolicy } from '../../src/policy/problem.ts';
import { readIsf } from '../../src/profile/isf.ts';
import { required } from '../../src/session/linux/required-members.ts';
import { openSnapshot } from '../../src/snapshot/open.ts';
import { load, policyOf } from '../policy/drawn.ts';
import { imageFile } from '../support/elf-object.ts';
import { isfText } from '../support/isf.ts';
import type { Random } from '../support/random.ts';
import { scratchInMemory } from '../support/scratch.ts';
import { drawVmlinux } from '../support/vmlinux.ts';
import { type Memory, writeLime } from '../support/writers.ts';
import { variedMemory } from '../support/writers-drawn.ts';
import { drawnCpu, notesOf, writeElfCore } from '../support/writers-elf.ts';
import { writeKdump } from '../support/writers-kdump.ts';
import type { Case, Verdict } from './case.ts';
import { cpuSince } from './world.ts';

/** A kind of file. */
export interface FileKind {
  readonly name: string;
  /** A whole one. `folder` is for what is written by way of a file. */
  readonly draw: (folder: string) => Buffer;
  /** Reads all of one. @throws ForensicError where it is none */
  readonly open: (bytes: Buffer, folder: string) => void | Promise<void>;
  /** Whether it is words and no numbers. */
  readonly isText?: true;
}

const notes = notesOf({
  cpus: [drawnCpu({ cr3: 0x1234_5000n, cr4: 0x1000n, instruction: 0xffff_ffff_8123_4567n })],
  vmcoreinfo: 'OSRELEASE=6.1.0\nNUMBER(phys_base)=-16777216\n',
});

function snapshot(name: string, write: (path: string, memory: Memory) => void, isWide = true): FileKind {
  return {
    name,
    draw: (folder) => {
      const path = join(folder, 'whole');
      write(path, variedMemory(3, isWide));
      return readFileSync(path);
    },
    open: (bytes, folder) => {
      const path = join(folder, 'damaged');
      writeFileSync(path, bytes);
      const opened = openSnapshot(path);
      try {
        readAll(opened.contents.source);
      } finally {
        opened.file.close();
      }
    },
  };
}

/** Reads at most so much of a file that may promise anything. */
const MOST_BYTES = 4 << 20;

function readAll(source: PhysicalSource): void {
  const block = new Uint8Array(1 << 20);
  let left = MOST_BYTES;
  for (const { start, end } of source.ranges) {
    for (let at: number = start; at < end && left > 0; at += block.length, left -= block.length)
      source.read(at as typeof start, block.subarray(0, Math.min(block.length, end - at)));
  }
}

/** Every kind of file. */
export const fileKinds: readonly FileKind[] = [
  snapshot('LiME', writeLime),
  snapshot('an ELF core', (path, memory) => writeElfCore(path, memory, { notes })),
  snapshot(
    'an ELF core of 32 bits',
    (path, memory) => writeElfCore(path, memory, { bits: 32, machine: 3 }),
    false,
  ),
  // Its bitmaps have a bit for each page up to the last: of memory far up, all of the file would be zeros.
  snapshot('kdump', (path, memory) => writeKdump(path, memory), false),
  snapshot('flattened kdump', (path, memory) => writeKdump(path, memory, { isFlattened: true }), false),
  {
    name: 'vmlinux with BTF',
    draw: () => drawVmlinux({ hasBtf: true }),
    open: async (bytes) =>
      void (await profileOfImage(new ElfImage(imageFile(bytes)), { required, scratch: scratchInMemory })),
  },
  {
    name: 'vmlinux with DWARF',
    draw: () => drawVmlinux({ hasDwarf: true }),
    open: async (bytes) =>
      void (await profileOfImage(new ElfImage(imageFile(bytes)), { required, scratch: scratchInMemory })),
  },
  {
    name: 'a symbol table',
    isText: true,
    draw: () => Buffer.from(isfText()),
    open: (bytes) => void readIsf(bytes, required, 'table.json'),
  },
  {
    name: 'a policy',
    isText: true,
    draw: () =>
      Buffer.from(
        policyOf(
          'plugin: pslist\nwhere: row.name == "x" && row.pid in [1, 2]\nmessage: "{row.name} ({row.pid})"',
          'plugin: sockets\nwhere: row.state == "LISTEN"\ncount: { max: 3 }\nper: row.localPort\nattack: [T1571]',
        ),
      ),
    open: (bytes) => {
      try {
        load(bytes.toString());
      } catch (error) {
        if (!(error instanceof BadPolicy)) throw error;
      }
    },
  },
];

const EXTREMES = [
  0n,
  1n,
  0xffn,
  0xffffn,
  0x7fff_ffffn,
  0xffff_ffffn,
  0x7fff_ffff_ffff_ffffn,
  0xffff_ffff_ffff_ffffn,
];
/** Headers, bitmaps and descriptors stand first: most damage goes there. */
const HEAD_BYTES = 16_384;
/** What text is damaged by: what its grammar gives a meaning, and what it may not hold. */
const SHARDS = [
  '{',
  '}',
  '[',
  ']',
  '"',
  "'",
  ':',
  '- ',
  '&a ',
  '*a',
  '<<: ',
  '\n',
  '\t',
  '\0',
  '\ufeff',
  '𝕏',
  '1e999',
  '!!js',
];

/** Damages a file where its parser looks. */
export function damaged(whole: Buffer, random: Random, isText: boolean): Buffer {
  let bytes = Buffer.from(random.below(4) === 0 ? whole.subarray(0, random.below(whole.length)) : whole);
  for (let i = random.below(6); i >= 0 && bytes.length > 8; i--) {
    const limit = Math.min(bytes.length, random.below(4) === 0 ? bytes.length : HEAD_BYTES);
    const at = random.below(limit);
    switch (random.below(isText ? 4 : 3)) {
      case 0: {
        const size = random.pick([1, 2, 4, 8]);
        const word = Buffer.alloc(8);
        word.writeBigUInt64LE(BigInt.asUintN(64, random.pick(EXTREMES)));
        word.copy(bytes, at - (at % size), 0, Math.min(size, bytes.length - (at - (at % size))));
        break;
      }
      case 1: {
        // A piece of it once more, in another place.
        const length = 1 + random.below(64);
        bytes.copy(bytes, at, Math.max(0, random.below(limit) - length), random.below(limit));
        break;
      }
      case 2:
        bytes[at] = random.below(256);
        break;
      default:
        bytes = Buffer.concat([
          bytes.subarray(0, at),
          Buffer.from(random.pick(SHARDS).repeat(1 + random.below(50))),
          bytes.subarray(at),
        ]);
    }
  }
  return bytes;
}

/** Opens a damaged file. @returns what is wrong with how that ended; undefined where it was opened or refused in a sentence */
export async function tryFile(kind: FileKind, bytes: Buffer, folder: string): Promise<string | undefined> {
  try {
    await kind.open(bytes, folder);
    return undefined;
  } catch (error) {
    if (error instanceof ForensicError)
      return error.message.includes('\n') ? `several lines: ${error.message}` : undefined;
    return error instanceof Error ? (error.stack ?? error.message) : String(error);
  }
}

/** What the fuzzer calls this ground: no snapshot has that name. */
export const FILES = 'files';

/** A whole file of every kind. */
export const drawAll = (folder: string): ReadonlyMap<FileKind, Buffer> =>
  new Map(fileKinds.map((kind) => [kind, kind.draw(folder)]));

/** A damaged file as a case, its bytes in the case. */
export function drawFile(whole: ReadonlyMap<FileKind, Buffer>, random: Random): Case {
  const kind = random.pick(fileKinds);
  const bytes = damaged(whole.get(kind)!, random, kind.isText === true);
  return {
    ...{ snapshot: FILES, damage: kind.name, questions: [], binds: null },
    edits: [{ at: 0, bytes: bytes.toString('hex') }],
  };
}

/** A file takes milliseconds; a parser that has lost its bounds takes minutes. */
export const MOST_FILE_CPU_MS = 5_000;

/** Opens the file of a case. */
export async function tryFileCase({ damage, edits }: Case, folder: string): Promise<Verdict> {
  const kind = fileKinds.find(({ name }) => name === damage)!;
  const began = process.cpuUsage();
  const wrong = await tryFile(kind, Buffer.from(edits[0]?.bytes ?? '', 'hex'), folder);
  const cpuMs = cpuSince(began);
  const fault = wrong ?? (cpuMs > MOST_FILE_CPU_MS ? `took ${Math.round(cpuMs)} ms of CPU` : undefined);
  return { fault: fault === undefined ? undefined : `${damage}: ${fault}`, cpuMs, traits: [] };
}
