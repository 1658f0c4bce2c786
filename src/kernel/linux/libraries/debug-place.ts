// Where a program has its dynamic linker's list: the linker writes that into the dynamic section, for debuggers.
// elf(5), link.h of glibc; DT_DEBUG in ldso/dynlink.c of musl.
import { type VirtualAddress, wrapped } from '../../../base/address.ts';
import { viewOf } from '../../../base/bytes.ts';
import { EvidenceFault } from '../../../base/errors.ts';
import { PT, type Segment, segmentsAt } from '../process/elf-segments.ts';
import { MappedElf } from '../process/mapped-elf.ts';
import { AT } from './auxiliary-vector.ts';
import { beginsListOf } from './link-map.ts';
import type { MappedFile } from './mapped-files.ts';
import { type UserWords, wordAt } from './user-words.ts';

const DT_NULL = 0n;
const DT_DEBUG = 21n;
const HEADER_BYTES = { 4: 52n, 8: 64n } as const;
/** Entries of a dynamic section: programs have some thirty. */
const MOST_ENTRIES = 4096;
/** Bytes of a program's data that are searched for a dynamic section: it stands before the data. */
const MOST_SEARCHED = 1 << 20;
/** Of what snapshots have and lack. */
const PAGE_BYTES = 4096;
/** A fault is made and thrown in the time of so many reads. */
const FAULT_COST = 100;

/**
 * What the program says that a process was started with: where its `r_debug` is, 0 where the linker has written nothing
 * there yet, null where the program has no place for it. @throws EvidenceFault
 */
export function debugPlaceOf(words: UserWords, told: ReadonlyMap<bigint, bigint>): VirtualAddress | null {
  const [table, size = 0n, count = 0n] = [AT.segments, AT.segmentBytes, AT.segmentCount].map((tag) =>
    told.get(tag),
  );
  if (table === undefined || count === 0n) return null;
  words.check(table);
  const isWide = words.width === 8;
  const segments = segmentsAt(words.space, table, { count: Number(count), size: Number(size), isWide });
  const own = segments.find(({ type }) => type === PT.table);
  // Without a segment for the table itself, as in the linker, it stands right behind the header.
  const bias =
    own === undefined
      ? new MappedElf(words.space, table - HEADER_BYTES[words.width]).bias
      : table - own.address;
  return debugIn(words, segments, bias);
}

/** What a program says that is mapped: by its header or, where that is in no memory any more, by its data. Null where it says nothing. */
export function debugPlaceIn(words: UserWords, file: MappedFile): VirtualAddress | null {
  try {
    const elf = new MappedElf(words.space, file.first.start);
    return debugIn(words, elf.segments, elf.bias) || null;
  } catch (fault) {
    if (!(fault instanceof EvidenceFault)) throw fault;
    return searchedPlace(words, file);
  }
}

function debugIn(words: UserWords, segments: readonly Segment[], bias: bigint): VirtualAddress | null {
  const dynamic = segments.find(({ type }) => type === PT.dynamic);
  if (dynamic === undefined) return null;
  const { width } = words;
  const entries = Math.min(MOST_ENTRIES, Math.floor(dynamic.memoryBytes / (2 * width)));
  const bytes = entries * 2 * width;
  const view = words.bytes(wrapped(bias + dynamic.address, width), bytes);
  for (let at = 0; at < bytes; at += 2 * width) {
    const tag = wordAt(view, at, width);
    if (tag === DT_NULL) break;
    if (tag === DT_DEBUG) return wordAt(view, at + width, width);
  }
  return null;
}

/**
 * Looks through what a program has written of its own pages, where the linker's entry stands, for one that leads to a list
 * whose first library has its dynamic section right there. The header is only needed at the start, and often dropped since.
 */
export function searchedPlace(words: UserWords, file: MappedFile): VirtualAddress | null {
  let left = MOST_SEARCHED;
  for (const { raw, start, end, flags } of file.areas) {
    if (raw.anon_vma === 0n || flags.includes('x')) continue;
    for (let page = start; page < end && left > 0; page += BigInt(PAGE_BYTES), left -= PAGE_BYTES) {
      const found = searchedPage(words, page);
      if (found !== null) return found;
    }
  }
  return null;
}

function searchedPage(words: UserWords, page: VirtualAddress): VirtualAddress | null {
  const { space, width } = words;
  const bytes = space.readableBytes(page, PAGE_BYTES + width);
  space.memory.spend(bytes.length / width);
  const view = viewOf(bytes);
  for (let at = 0; at + 2 * width <= bytes.length; at += width) {
    if (wordAt(view, at, width) !== DT_DEBUG) continue;
    const place = wordAt(view, at + width, width);
    if (place === 0n || place % BigInt(width) !== 0n) continue;
    try {
      if (beginsListOf(words, place, page + BigInt(at))) return place;
    } catch (fault) {
      if (!(fault instanceof EvidenceFault)) throw fault;
      space.memory.spend(FAULT_COST);
    }
  }
  return null;
}
