// Finds AArch64 kernels that list functions only and have no VMCOREINFO.
// Their exports tell how far the image was moved.
import { hex, isKernelAddress } from '../../../base/address.ts';
import type { Effort } from '../../../base/effort.ts';
import { EvidenceFault } from '../../../base/errors.ts';
import type { PhysicalMemory } from '../../../memory/physical.ts';
import type { BindingStep } from '../../../plugin/document.ts';
import { searchExports } from '../../../profile/export-search.ts';
import { Kallsyms, type KernelSymbol } from '../../../profile/kallsyms.ts';
import { placesAround } from '../../../profile/kallsyms-search.ts';
import { AddressSpace } from '../../../translate/address-space.ts';
import { rulesOf } from '../architecture/all.ts';
import { IMAGE_REACH_BYTES, imageReader } from '../image.ts';
import type { Located } from '../kernel-location.ts';
import { Functions } from './functions.ts';
import { type KernelImage, readImage } from './kernel-image.ts';
import { EXPORTED_EVERYWHERE } from './recover-symbols.ts';

/** Tables of functions only, of AArch64 before v7.0: how their offsets are meant. */
const SCHEME = 'relative';
const PAGE_BYTES = 4096;
/** How much of `init_task` is looked at for pointers to what is no part of the image. */
const TASK_WORDS = 256;
/** Top tables that map the image: the kernel's own, and that of early boot where it is still there. */
const MAXIMUM_TABLES = 8;

/**
 * The road to AArch64 kernels that list functions only, where there is no VMCOREINFO: what they export tells, by the
 * functions in it, how far the image is from where it is mapped, and of the pages of the image itself one is the
 * table that maps it.
 */
export function* scanUnlisted(
  memory: PhysicalMemory,
  kallsymsDigits: readonly number[],
  steps: BindingStep[],
  effort: Effort,
): Generator<Located> {
  const read = imageReader(memory, 0n);
  for (const digits of kallsymsDigits) {
    for (const places of placesAround(read, BigInt(digits), 8, effort)) {
      if (places.relativeBase === null) continue;
      try {
        const kallsyms = new Kallsyms(places, read);
        const numbers = kallsyms.find(['_stext', 'init_task']);
        if (numbers.has('_stext') && !numbers.has('init_task'))
          yield* locateListed(memory, Number(places.names), [...kallsyms.all(SCHEME)], steps);
      } catch (fault) {
        if (!(fault instanceof EvidenceFault)) throw fault;
        const detail = `functions listed around ${hex(digits)}: ${fault.message}`;
        steps.push({ step: 'kallsyms', outcome: 'failed', detail });
      }
    }
  }
}

function* locateListed(
  memory: PhysicalMemory,
  names: number,
  listed: readonly KernelSymbol[],
  steps: BindingStep[],
): Generator<Located> {
  const around = readImage(memory, BigInt(Math.max(0, names - IMAGE_REACH_BYTES / 2)), 0n);
  const functions = new Functions(listed, around, 'aarch64');
  const exports = searchExports(around, EXPORTED_EVERYWHERE, (name) => functions.named(name), 8);
  const text = functions.named('_stext')[0];
  if (exports === undefined || text === undefined) return;
  const { symbols, distance: delta } = exports;
  const told = around.wordAt(symbols.get('kimage_voffset') ?? -1n);
  if (told !== BigInt.asUintN(64, delta)) return;
  const known = new Map([['_stext', text]]);
  for (const name of ['init_uts_ns', 'init_task']) {
    const at = symbols.get(name);
    if (at !== undefined) known.set(name, BigInt.asUintN(64, at + delta));
  }
  let left = MAXIMUM_TABLES;
  for (const located of tablesIn(memory, around, symbols, known)) {
    const { root } = located.paging;
    steps.push({
      step: 'page tables',
      outcome: 'found',
      detail: `root at ${hex(root)} maps the image at ${hex(text - delta)}, by ${symbols.size} exported symbols`,
    });
    yield located;
    if (--left <= 0) return;
  }
}

/** The pages of the image that, taken as top tables, map it where it is, and also what `init_task` points to. */
function* tablesIn(
  memory: PhysicalMemory,
  around: KernelImage,
  symbols: ReadonlyMap<string, bigint>,
  known: ReadonlyMap<string, bigint>,
): Generator<Located> {
  const { architecture, topTable, fromImage, slideOf } = rulesOf.aarch64;
  const delta = around.wordAt(symbols.get('kimage_voffset')!)!;
  const text = known.get('_stext')!;
  const first = Number(BigInt.asUintN(64, text - delta));
  const end = Math.min(Number(around.base) + around.bytes.length, first + IMAGE_REACH_BYTES);
  const pointers = pointersOf(around, symbols.get('init_task'), text);
  const seen = new Set<string>();
  for (let page = Math.ceil(first / PAGE_BYTES) * PAGE_BYTES; page < end; page += PAGE_BYTES) {
    const at = (name: string): number | undefined =>
      ({ swapper_pg_dir: page, _text: first, kimage_voffset: Number(symbols.get('kimage_voffset')) })[name];
    for (const place of fromImage({ memory, at })) {
      const space = new AddressSpace(memory, place.paging, 64);
      const { root, shape } = place.paging;
      // Kernels built for more bits than the CPU has may have tables of the same shape.
      if (seen.has(`${root} ${shape}`) || !pointers.some((pointer) => space.isReadable(pointer))) continue;
      seen.add(`${root} ${shape}`);
      const table = BigInt.asUintN(64, BigInt(page) + delta);
      yield {
        ...place,
        architecture,
        vmcoreinfo: null,
        slide: slideOf(text),
        known: new Map([...known, [topTable, table]]),
      };
    }
  }
}

/** Kernel pointers in `init_task` that lead out of the image: what only the finished tables map. */
function pointersOf(around: KernelImage, task: bigint | undefined, text: bigint): bigint[] {
  if (task === undefined) return [];
  const words = Array.from({ length: TASK_WORDS }, (_, nth) => around.wordAt(task + BigInt(8 * nth)) ?? 0n);
  const isOutside = (word: bigint): boolean => word < text || word > text + BigInt(IMAGE_REACH_BYTES);
  return words.filter((word) => isKernelAddress(word, 8) && word % 8n === 0n && isOutside(word));
}
