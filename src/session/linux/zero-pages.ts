// Pages of zeros where a kernel has code and tables that are never zero. Who took the snapshot filled in what could not be
// read in time (LiME does after its timeout), or a copy lost blocks: what else is zero because of it cannot be told.
import { hex, physical, wrapped } from '../../base/address.ts';
import type { SymbolName } from '../../kernel/linux/symbols.ts';
import type { PhysicalMemory } from '../../memory/physical.ts';
import { PAGE_BYTES } from '../../memory/source.ts';
import type { Bound } from './bound.ts';

/** Pages of each piece that are looked at, all of them where one of these is zeros: fewer where each is to be unpacked. */
const SAMPLES = { plain: 32, costly: 16 };
/** Pages of a piece that are counted at most: 256 MiB. */
const MOST_PAGES = 65536;
const ZEROS = Buffer.alloc(PAGE_BYTES);

/** A piece of the image in physical memory, in whole pages. */
interface Piece {
  readonly start: number;
  readonly end: number;
}

/** What to say where pages of the image are zeros; nothing where none of those that are looked at is. */
export function zeroNotes({ parts: { space, profile, slide }, located }: Bound): string[] {
  const at = (name: SymbolName): number | undefined => {
    const link = profile.symbols[name];
    if (link === undefined) return undefined;
    const place = Number(
      BigInt.asUintN(64, wrapped(BigInt(link) + slide, profile.pointerBytes) - located.delta),
    );
    return Number.isSafeInteger(place) && place >= 0 ? place : undefined;
  };
  const [text, banner, btf, btfEnd] = [
    at('_stext'),
    at('linux_banner'),
    at('__start_BTF') ?? at('_binary__btf_vmlinux_bin_start'),
    at('__stop_BTF') ?? at('_binary__btf_vmlinux_bin_end'),
  ];
  const pieces: Piece[] = [];
  // Between code and read-only data pages may be given back: the first half of what lies before the banner is code.
  if (text !== undefined && banner !== undefined && banner > text)
    pieces.push(wholePages(text, text + (banner - text) / 2));
  if (btf !== undefined && btfEnd !== undefined && btfEnd > btf) pieces.push(wholePages(btf, btfEnd));
  let zeros = 0;
  let pages = 0;
  let first: number | undefined;
  for (const piece of pieces) {
    const count = Math.max(0, (piece.end - piece.start) / PAGE_BYTES);
    const step = Math.max(
      1,
      Math.floor(count / SAMPLES[space.memory.source.costlyPages ? 'costly' : 'plain']),
    );
    const sampled = zeroPages(space.memory, piece, step);
    const found = sampled.length === 0 ? sampled : zeroPages(space.memory, piece, 1);
    zeros += found.length;
    pages += Math.min(count, MOST_PAGES);
    first ??= found[0];
  }
  if (first === undefined) return [];
  return [
    `${zeros} of ${pages} pages of the kernel's code and BTF are zeros, the first at ${hex(first)}, and no kernel has them so: ` +
      'what could not be read when the snapshot was taken was filled with zeros, and elsewhere too that may look like an answer',
  ];
}

const wholePages = (start: number, end: number): Piece => ({
  start: Math.ceil(start / PAGE_BYTES) * PAGE_BYTES,
  end: Math.floor(end / PAGE_BYTES) * PAGE_BYTES,
});

/** Every `step`-th page that is there and is zeros. */
function zeroPages(memory: PhysicalMemory, { start, end }: Piece, step: number): number[] {
  const found: number[] = [];
  const page = Buffer.alloc(PAGE_BYTES);
  const last = Math.min(end, start + MOST_PAGES * PAGE_BYTES);
  for (let at = start; at < last; at += step * PAGE_BYTES) {
    // Past the cache, whose chunks are larger; what is missing is said elsewhere.
    if (memory.readRun(physical(at), page) === PAGE_BYTES && page.equals(ZEROS)) found.push(at);
  }
  return found;
}
