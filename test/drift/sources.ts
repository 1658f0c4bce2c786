import { closeSync, mkdtempSync, openSync, readdirSync, readFileSync, readSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { BadProfile } from '../../src/base/errors.ts';
import { ElfImage } from '../../src/debuginfo/elf-image.ts';
import { readSymbols } from '../../src/debuginfo/elf-symbols.ts';
import { symbols } from '../../src/kernel/linux/symbols.ts';
import { Btf } from '../../src/profile/btf.ts';
import { openSession } from '../../src/session/session.ts';
import { unpack } from '../guests/packages.ts';
import { symbolsIn } from './image-symbols.ts';
import { unpackKernel } from './kernel-image.ts';

/** A kernel's description of itself, and what was found beside it. */
export interface KernelSource {
  /** `Linux version …`; empty where the source does not tell. */
  readonly banner: string;
  readonly btf: Btf;
  /** Those of the wanted symbols that the kernel has; null where the source tells none. */
  readonly symbols: ReadonlySet<string> | null;
}

/** Opens whatever holds a kernel's BTF: package, boot image, vmlinux, BTF by itself, snapshot. What it is shows by its content. */
export async function openKernel(path: string): Promise<KernelSource> {
  const head = headOf(path);
  if (head.toString('latin1', 0, 14) === '!<arch>\ndebian') return openPackage(path);
  if (isBtf(head)) return { banner: '', btf: makeBtf(readFileSync(path)).btf, symbols: null };
  if (isKernel(head)) return describeImage(unpackKernel(readFileSync(path)), path);
  return describeSnapshot(path);
}

/** Enough to recognise everything: the magic of x86's boot images is at 0x202. */
function headOf(path: string): Buffer {
  const file = openSync(path, 'r');
  try {
    const head = Buffer.alloc(1024);
    return head.subarray(0, readSync(file, head, 0, head.length, 0));
  } finally {
    closeSync(file);
  }
}

/** What merely begins like a BTF has few types before its first flaw; a kernel has 95,000. */
const MINIMUM_TYPES = 1000;
const BTF_MAGIC = Buffer.from([0x9f, 0xeb, 1]);
const isBtf = (bytes: Buffer): boolean => bytes.subarray(0, 2).equals(BTF_MAGIC.subarray(0, 2));

const ET_CORE = 4;
/** Boot images and what kernels are compressed with; an ELF is a kernel, unless it is a dump of memory. */
function isKernel(head: Buffer): boolean {
  if (head.toString('latin1', 1, 4) === 'ELF') return head.readUInt16LE(16) !== ET_CORE;
  return (
    head.toString('latin1', 0x202, 0x206) === 'HdrS' ||
    head.toString('latin1', 4, 8) === 'zimg' ||
    head.toString('latin1', 0x38, 0x3c) === 'ARM\x64' ||
    ['1f8b', '28b52ffd', 'fd377a58'].some((magic) => head.toString('hex').startsWith(magic))
  );
}

/** The kernel in a Debian package, unpacked beside everything else of it and thrown away again. */
async function openPackage(path: string): Promise<KernelSource> {
  const folder = mkdtempSync(join(tmpdir(), 'vestige-kernel-'));
  try {
    await unpack([path], folder);
    const kernel = readdirSync(folder, { recursive: true, encoding: 'utf8' }).find((file) =>
      /^vmlinu[xz](-|$)/.test(basename(file)),
    );
    if (kernel === undefined) throw new BadProfile(`${path} holds no vmlinuz and no vmlinux`);
    return describeImage(unpackKernel(readFileSync(join(folder, kernel))), path);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

function describeImage(image: Buffer, path: string): KernelSource {
  const file = {
    path,
    sizeBytes: image.length,
    read: (offset: number, into: Uint8Array) => image.copy(into, 0, offset),
  };
  const elf = image.toString('latin1', 1, 4) === 'ELF' ? new ElfImage(file) : undefined;
  const section = elf?.section('.BTF');
  const btf = section !== undefined && elf !== undefined ? makeBtf(elf.bytes(section)) : searchBtf(image);
  if (btf === undefined) throw new BadProfile(`${path} carries no BTF (CONFIG_DEBUG_INFO_BTF)`);
  const found = elf === undefined ? undefined : readSymbols(elf, symbols);
  return {
    banner: bannerIn(image),
    btf: btf.btf,
    symbols: found === undefined ? symbolsIn(image, symbols, btf.pointerBytes) : new Set(found.keys()),
  };
}

/** An image without sections holds its BTF somewhere: what begins like one and is sound is it. */
function searchBtf(image: Buffer): FoundBtf | undefined {
  for (let at = image.indexOf(BTF_MAGIC); at >= 0; at = image.indexOf(BTF_MAGIC, at + 1)) {
    try {
      const found = makeBtf(image.subarray(at));
      if (found.btf.typeCount > MINIMUM_TYPES) return found;
    } catch (error) {
      if (!(error instanceof BadProfile)) throw error;
    }
  }
  return undefined;
}

interface FoundBtf {
  readonly btf: Btf;
  readonly pointerBytes: 4 | 8;
}

/** A list_head is two pointers: that tells the width of one. */
function makeBtf(bytes: Uint8Array): FoundBtf {
  const btf = new Btf(bytes, 8);
  return btf.layouts({ list_head: [] })['list_head']?.size === 8
    ? { btf: new Btf(bytes, 4), pointerBytes: 4 }
    : { btf, pointerBytes: 8 };
}

function bannerIn(image: Buffer): string {
  const banner = Buffer.from('Linux version ');
  for (let at = image.indexOf(banner); at >= 0; at = image.indexOf(banner, at + 1)) {
    const line = /^Linux version \d[^\n\0]*/.exec(image.toString('latin1', at, at + 512))?.[0];
    if (line !== undefined) return line;
  }
  return '';
}

/** The kernel of a snapshot, from its own memory. */
function describeSnapshot(path: string): KernelSource {
  const session = openSession(path);
  try {
    const { kernel, profile } = session;
    if (!kernel.hasSymbol('__start_BTF')) throw new BadProfile(`the kernel of ${path} carries no BTF`);
    const start = kernel.symbol('__start_BTF');
    const { btf } = makeBtf(kernel.space.bytes(start, Number(kernel.symbol('__stop_BTF') - start)));
    return { banner: profile.banner, btf, symbols: new Set(Object.keys(profile.symbols)) };
  } finally {
    session.close();
  }
}
