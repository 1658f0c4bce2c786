// Finds symbols in an ELF symbol table (.symtab).
// Of several symbols of one name it takes the global one, else the one at the lowest address.
import { BadProfile } from '../base/errors.ts';
import { type ElfImage, type ElfSection, nameIn, SECTION } from './elf-image.ts';

/** Entries read at a time. */
const WINDOW_ENTRIES = 32768;
/** The names of a kernel with all of its symbols are 3 to 12 MB. */
const MAXIMUM_STRINGS_BYTES = 256 << 20;
/** Longest name that the kernel's own tools write, KSYM_NAME_LEN. */
const MAXIMUM_NAME_BYTES = 512;

const STB_LOCAL = 0;
/** Symbol types that stand for a section or a source file, not for something in it. */
const STT_SECTION = 3;
const STT_FILE = 4;
const SHN_UNDEF = 0;

/** Bytes of a symbol and where its members stand, by class (elf(5)). */
const LAYOUTS = {
  32: { bytes: 16, value: 4, info: 12, section: 14 },
  64: { bytes: 24, value: 8, info: 4, section: 6 },
} as const;

/** One symbol of a name that several may have. */
export interface Candidate {
  readonly address: bigint;
  /** False for one that only its own source file can name (`static`). */
  readonly isGlobal: boolean;
}

/**
 * Link-time addresses of the wanted symbols that `.symtab` has; undefined where the image has no such table. It is
 * read window by window, its names in one piece.
 *
 * @throws BadProfile
 */
export function readSymbols(image: ElfImage, wanted: Iterable<string>): Map<string, bigint> | undefined {
  const table = image.sections.find(({ type, sizeBytes }) => type === SECTION.symbols && sizeBytes > 0);
  if (table === undefined) return undefined;
  const names = namesOf(image, table);
  const { bytes: entryBytes, value, info, section } = LAYOUTS[image.bits];
  const among = new Set(wanted);
  const best = new Map<string, Candidate>();
  const windowBytes = WINDOW_ENTRIES * entryBytes;
  for (let start = 0; start < table.sizeBytes; start += windowBytes) {
    const window = image.bytes(table, start, Math.min(windowBytes, table.sizeBytes - start));
    for (let at = 0; at + entryBytes <= window.length; at += entryBytes) {
      const type = window[at + info]! & 0xf;
      if (type === STT_SECTION || type === STT_FILE || window.readUInt16LE(at + section) === SHN_UNDEF)
        continue;
      const name = nameIn(names, window.readUInt32LE(at), MAXIMUM_NAME_BYTES);
      if (!among.has(name)) continue;
      const address =
        image.bits === 32 ? BigInt(window.readUInt32LE(at + value)) : window.readBigUInt64LE(at + value);
      offer(best, name, { address, isGlobal: window[at + info]! >>> 4 !== STB_LOCAL });
    }
  }
  return new Map([...best].map(([name, { address }]) => [name, address]));
}

/**
 * Keeps the better of two symbols of one name (static functions and variables of different files): a global one,
 * else the one at the lowest address, which is the first in the kernel's own table.
 */
export function offer(best: Map<string, Candidate>, name: string, next: Candidate): void {
  const known = best.get(name);
  const isBetter =
    known === undefined || (next.isGlobal === known.isGlobal ? next.address < known.address : next.isGlobal);
  if (isBetter) best.set(name, next);
}

function namesOf(image: ElfImage, table: ElfSection): Buffer {
  const { path } = image.file;
  const strings = image.sections[table.link];
  const { bytes } = LAYOUTS[image.bits];
  if (table.entryBytes !== bytes)
    throw new BadProfile(`${path} has symbols of ${table.entryBytes} bytes instead of ${bytes}`);
  if (strings === undefined || strings.type === SECTION.noBits || strings.sizeBytes > MAXIMUM_STRINGS_BYTES)
    throw new BadProfile(`${path} has no names for its symbols`);
  return image.bytes(strings);
}
