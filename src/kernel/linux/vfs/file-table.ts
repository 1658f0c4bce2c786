// The table of a process's file descriptors.
// Linux: struct fdtable of include/linux/fdtable.h, fs/file.c.
import { highWord, lowWord, type VirtualAddress } from '../../../base/address.ts';
import { CorruptStructure, EvidenceFault } from '../../../base/errors.ts';
import { pointersAt } from '../containers/pointers.ts';
import type { Linux } from '../linux.ts';
import type { Kernel } from '../structs.ts';

/**
 * Descriptors after which a table is taken for damaged: four times the default of fs.nr_open, and a table only
 * grows as far as descriptors are really used.
 */
const MAXIMUM_DESCRIPTORS = 4_194_304;
const SLOTS_PER_READ = 512;
/**
 * Descriptors up to which the bitmap of those that are open, which are never none, is on one page with that of those
 * that close at exec (fs/file.c, alloc_fdtable).
 */
const BITMAPS_ON_A_PAGE = 8192;
const PAGE_BYTES = 4096;
/** Pages in a row that cannot be read, after which the rest of a table is given up: a false size leads nowhere page after page. */
const MAXIMUM_GAP = 64;
/** Slots that lead to no memory after which a table is given up: by then it is not one. */
const MAXIMUM_BROKEN = 1000;

/** One descriptor of a process and the open file behind it. */
export class Descriptor {
  readonly fd: number;
  /** The kernel's own open file: several descriptors, of several processes, may share one. */
  readonly file: Kernel<'file'>;
  readonly #table: Kernel<'fdtable'>;
  constructor(fd: number, file: Kernel<'file'>, table: Kernel<'fdtable'>) {
    this.fd = fd;
    this.file = file;
    this.#table = table;
  }
  /** Whether the descriptor closes at exec: the table's bitmap knows, not the file. @throws EvidenceFault */
  get closesOnExec(): boolean {
    const { space, close_on_exec: bitmap, max_fds } = this.#table;
    const [hi, lo] = [highWord(bitmap), lowWord(bitmap)];
    const byte = space.u8(hi, lo, this.fd >>> 3);
    if (byte === 0 && max_fds <= BITMAPS_ON_A_PAGE && space.isBlank(hi, lo, this.fd >>> 3))
      throw new CorruptStructure('the bitmap of descriptors that close at exec holds nothing but zeros');
    return ((byte >>> (this.fd & 7)) & 1) === 1;
  }
}

/**
 * The descriptors of one process, ascending (files_struct → fdtable → array of pointers). Processes may share
 * a table; each lists it as its own, as /proc does. Pages of the table that cannot be read are noted and skipped:
 * `owner` is what notes call the process.
 *
 * @throws EvidenceFault where the table itself cannot be found
 */
export function* descriptorsOf(
  kernel: Linux,
  files: Kernel<'files_struct'>,
  owner: string,
): Generator<Descriptor> {
  const { fdt } = files;
  const { fd: array, max_fds: claimed } = fdt;
  if (claimed === 0) throw new CorruptStructure('a table of no descriptors, which no process has');
  const count = Math.min(claimed, MAXIMUM_DESCRIPTORS);
  if (count < claimed) {
    kernel.note(`file table of ${owner} claims ${claimed} descriptors; the first ${count} are listed`);
  }
  const width = kernel.types.pointerBytes;
  const pages = new OwnPages(kernel.space);
  let [broken, gap] = [0, 0];
  for (let first = 0; first < count; first += SLOTS_PER_READ) {
    const slots = Math.min(SLOTS_PER_READ, count - first);
    const words = pointersAt(kernel, array + BigInt(first * width), slots);
    if (words.length > 0 && !pages.isNew(array + BigInt(first * width)))
      return kernel.note(
        `file table of ${owner} ends at descriptor ${first}: the rest is a page of memory that it has already`,
      );
    let empty = 0;
    for (let slot = 0; slot * 2 < words.length; slot++) {
      const lo = words[slot * 2]!;
      const hi = words[slot * 2 + 1]!;
      if ((lo | hi) === 0) {
        empty++;
        continue;
      }
      if (!isThere(kernel, hi, lo) && ++broken > MAXIMUM_BROKEN)
        return kernel.note(
          `file table of ${owner} is given up at descriptor ${first + slot}: ${MAXIMUM_BROKEN} lead nowhere`,
        );
      yield new Descriptor(first + slot, kernel.atWords('file', hi, lo), fdt);
    }
    if (empty > 0) noteBlankSlots(kernel, fdt, first, words, owner);
    if (words.length < slots * 2) {
      const last = first + slots - 1;
      kernel.note(
        `file table of ${owner}: descriptors ${first + words.length / 2} to ${last} cannot be read`,
      );
    }
    gap = words.length === 0 ? gap + 1 : 0;
    if (gap >= MAXIMUM_GAP)
      return kernel.note(
        `file table of ${owner} is given up at descriptor ${first + slots}: no page of it is there`,
      );
  }
}

/**
 * Says which slots are zeros though the bitmap has their descriptors as open, where their page holds nothing else. A
 * descriptor that is just being opened has its bit and no file yet, so a single one on a page of others means nothing.
 */
function noteBlankSlots(
  kernel: Linux,
  fdt: Kernel<'fdtable'>,
  first: number,
  words: Int32Array,
  owner: string,
): void {
  if (!kernel.types.has('fdtable', 'open_fds')) return;
  const width = kernel.types.pointerBytes;
  const bitmap = kernel.attempt(() => fdt.open_fds, null, `bitmap of open files of ${owner}`);
  if (bitmap === null) return;
  const bits = kernel.space.readableBytes(bitmap + BigInt(first >>> 3), Math.ceil(words.length / 16));
  let lost = 0;
  let page = -1n;
  let isBlank = false;
  for (let slot = 0; slot * 2 < words.length; slot++) {
    if ((words[slot * 2]! | words[slot * 2 + 1]!) !== 0) continue;
    if ((((bits[slot >>> 3] ?? 0) >>> (slot & 7)) & 1) === 0) continue;
    const at = fdt.fd + BigInt((first + slot) * width);
    if (at / BigInt(PAGE_BYTES) !== page) {
      page = at / BigInt(PAGE_BYTES);
      isBlank = kernel.space.isBlankAt(at);
    }
    if (isBlank) lost++;
  }
  if (lost > 0)
    kernel.note(`file table of ${owner}: ${lost} open descriptors from ${first} on are on a page of zeros`);
}

/**
 * The pages of an array. The kernel takes each from its allocator (fs/file.c, alloc_fdtable), so none is there twice:
 * page tables that lead to one page again and again are somebody else's work, and would make a table of any length.
 */
class OwnPages {
  readonly #space: Linux['space'];
  readonly #frames = new Set<number>();
  #last: bigint | undefined;

  constructor(space: Linux['space']) {
    this.#space = space;
  }

  /** Whether no earlier page is the same memory as that of this address; ascending. @throws EvidenceFault where there is none */
  isNew(address: VirtualAddress): boolean {
    const page = address / BigInt(PAGE_BYTES);
    if (page === this.#last) return true;
    this.#last = page;
    const frame = Math.floor(this.#space.translate(address) / PAGE_BYTES);
    if (this.#frames.has(frame)) return false;
    this.#frames.add(frame);
    return true;
  }
}

function isThere({ space }: Linux, hi: number, lo: number): boolean {
  try {
    return space.memory.has(space.locate(hi, lo));
  } catch (fault) {
    if (!(fault instanceof EvidenceFault)) throw fault;
    return false;
  }
}
