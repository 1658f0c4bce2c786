// The contents of an ELF section, unpacked if it is compressed.
// Long sections go into a scratch file, so that memory stays bounded.
import { Readable } from 'node:stream';
import { createInflate } from 'node:zlib';
import { hex } from '../base/address.ts';
import { BadProfile } from '../base/errors.ts';
import { type ElfImage, type ElfSection, type ImageFile, SECTION_FLAG } from './elf-image.ts';

/** The contents of a section, whether they are stored as they are or packed. */
export interface SectionBytes {
  /** File and section, for messages. */
  readonly where: string;
  readonly sizeBytes: number;
  /** Fills `into` from `offset` on, wholly. @throws BadProfile where the bytes are not there */
  fill(offset: number, into: Uint8Array): void;
}

/** Where unpacked sections are put that are too long to be kept in memory. */
export interface Scratch {
  /** A new empty file, which is gone when the process ends. */
  create(): ScratchFile;
}

/** A file that is written once, from front to back, and then read. */
export interface ScratchFile extends ImageFile {
  append(bytes: Uint8Array): void;
}

const ELFCOMPRESS_ZLIB = 1;
const ELFCOMPRESS_ZSTD = 2;
/** Bytes of the header of a packed section, by class (elf(5), Chdr), and of its old form (.zdebug_…). */
const PACKED_HEADER_BYTES = { 32: 12, 64: 24 } as const;
const OLD_HEADER_BYTES = 12;
/** DEFLATE cannot pack better than 1032 to 1 (zlib's own documentation): a section that claims more lies. */
const MAXIMUM_RATIO = 1032;
/** .debug_info of a kernel is below 1 GB; more is not unpacked. */
const MAXIMUM_UNPACKED_BYTES = 4 * 2 ** 30;
const WINDOW_BYTES = 1 << 20;

/**
 * The contents of a debug section, or undefined where the image has none of this name. What is packed
 * (`SHF_COMPRESSED` or .zdebug_…) is unpacked to `scratch` first.
 *
 * @throws BadProfile
 */
export async function contentOf(
  image: ElfImage,
  name: string,
  scratch: Scratch,
): Promise<SectionBytes | undefined> {
  const section = image.section(name);
  if (section !== undefined && (section.flags & SECTION_FLAG.compressed) === 0)
    return stored(image.file, section.offset, section.sizeBytes, `${image.file.path}: ${name}`);
  const old = section === undefined ? image.section(name.replace('.debug_', '.zdebug_')) : undefined;
  const packed = section ?? old;
  if (packed === undefined) return undefined;
  const { headerBytes, sizeBytes } = section === undefined ? oldHeader(image, packed) : header(image, packed);
  const where = `${image.file.path}: ${packed.name}`;
  const packedBytes = packed.sizeBytes - headerBytes;
  if (sizeBytes > MAXIMUM_UNPACKED_BYTES || sizeBytes > packedBytes * MAXIMUM_RATIO)
    throw new BadProfile(`${where} claims to unpack to ${sizeBytes} bytes from ${packedBytes}`);
  const file = scratch.create();
  await unpack(image, packed, headerBytes, sizeBytes, file);
  return stored(file, 0, sizeBytes, where);
}

/** All bytes of a section that is short, or none where there is no such section. @throws BadProfile */
export function allOf(section: SectionBytes | undefined, maximumBytes: number): Uint8Array {
  if (section === undefined) return new Uint8Array(0);
  if (section.sizeBytes > maximumBytes)
    throw new BadProfile(`${section.where} has ${section.sizeBytes} bytes, more than can be read`);
  const bytes = new Uint8Array(section.sizeBytes);
  section.fill(0, bytes);
  return bytes;
}

function stored(file: ImageFile, start: number, sizeBytes: number, where: string): SectionBytes {
  return {
    where,
    sizeBytes,
    fill(offset, into) {
      if (offset + into.length > sizeBytes || file.read(start + offset, into) < into.length)
        throw new BadProfile(`${where} is cut: ${into.length} bytes wanted at ${hex(offset)}`);
    },
  };
}

function header(image: ElfImage, section: ElfSection): { headerBytes: number; sizeBytes: number } {
  const headerBytes = PACKED_HEADER_BYTES[image.bits];
  const bytes = image.bytes(section, 0, headerBytes);
  const kind = bytes.readUInt32LE(0);
  const where = `${image.file.path}: ${section.name}`;
  if (kind === ELFCOMPRESS_ZSTD) {
    throw new BadProfile(
      `${where} is packed with zstd: unpack it first (objcopy --decompress-debug-sections VMLINUX PLAIN)`,
    );
  }
  if (kind !== ELFCOMPRESS_ZLIB) throw new BadProfile(`${where} is packed in an unknown way, ${kind}`);
  const sizeBytes = image.bits === 32 ? bytes.readUInt32LE(4) : Number(bytes.readBigUInt64LE(8));
  return { headerBytes, sizeBytes };
}

/** GNU's form before there was a standard: `ZLIB` and the unpacked size, big-endian. */
function oldHeader(image: ElfImage, section: ElfSection): { headerBytes: number; sizeBytes: number } {
  const bytes = image.bytes(section, 0, OLD_HEADER_BYTES);
  if (bytes.toString('latin1', 0, 4) !== 'ZLIB')
    throw new BadProfile(`${image.file.path}: ${section.name} is packed in an unknown way`);
  return { headerBytes: OLD_HEADER_BYTES, sizeBytes: Number(bytes.readBigUInt64BE(4)) };
}

/** Unpacks window by window, and no further than the section claims. */
async function unpack(
  image: ElfImage,
  section: ElfSection,
  headerBytes: number,
  sizeBytes: number,
  into: ScratchFile,
): Promise<void> {
  const where = `${image.file.path}: ${section.name}`;
  const inflate = createInflate({ chunkSize: WINDOW_BYTES });
  const source = Readable.from(windowsOf(image, section, headerBytes));
  source.on('error', (error) => inflate.destroy(error));
  try {
    for await (const chunk of source.pipe(inflate)) {
      if (into.sizeBytes + chunk.length > sizeBytes)
        throw new BadProfile(`${where} unpacks to more than the ${sizeBytes} bytes that it claims`);
      into.append(chunk);
    }
  } catch (error) {
    if (!isZlibError(error)) throw error;
    throw new BadProfile(`${where} cannot be unpacked: ${error.code}`);
  } finally {
    source.destroy();
  }
  if (into.sizeBytes < sizeBytes)
    throw new BadProfile(`${where} unpacks to ${into.sizeBytes} bytes instead of ${sizeBytes}`);
}

function* windowsOf(image: ElfImage, section: ElfSection, start: number): Generator<Buffer> {
  for (let at = start; at < section.sizeBytes; at += WINDOW_BYTES)
    yield image.bytes(section, at, Math.min(WINDOW_BYTES, section.sizeBytes - at));
}

const isZlibError = (error: unknown): error is NodeJS.ErrnoException =>
  error instanceof Error && /^Z_|^ERR_/.test((error as NodeJS.ErrnoException).code ?? '');
