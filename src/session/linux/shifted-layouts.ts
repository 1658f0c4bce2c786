// Raw files in which no kernel is found as they stand: what is in front of memory is missing or is no memory, or ranges of
// RAM follow each other without what lies between. Where VMCOREINFO says that things are tells by how much.
import { EvidenceFault } from '../../base/errors.ts';
import { firmwareRam, readableRam } from '../../kernel/linux/memory/ram.ts';
import type { MapPiece, OpenOptions } from '../../memory/origin.ts';
import { parseVmcoreinfo } from '../../profile/vmcoreinfo.ts';
import { openSnapshot, type Snapshot } from '../../snapshot/open.ts';
import { mapsItself } from './bind.ts';
import type { Bound } from './bound.ts';
import { type Located, locate } from './kernel-location.ts';
import { distancesBy, isOpen, movedBy } from './raw-layouts.ts';

const FIRST_LINE = Buffer.from('OSRELEASE=', 'latin1');
/** The kernel gives the text a page. */
const TEXT_BYTES = 4096;
const BLOCK_BYTES = 1 << 20;
/** Texts that are followed; each may read the whole file. */
const MOST_TEXTS = 4;

/** The layouts that texts of VMCOREINFO anywhere in a raw file lead to. Whoever takes one closes it. */
export function* shiftedLayouts(snapshot: Snapshot): Generator<Snapshot> {
  if (!isOpen(snapshot)) return;
  const { path, options } = snapshot.origin;
  const { sizeBytes } = snapshot.file;
  const seen = new Set<number>();
  for (const places of textsIn(snapshot)) {
    for (const distance of distancesBy(snapshot, places[0]!, 1)) {
      if (distance <= -sizeBytes || seen.has(distance)) continue;
      seen.add(distance);
      const layout = openSnapshot(path, { ...options, ...movedBy(distance, sizeBytes) });
      if (places.some((place) => mapsItself(layout, place))) yield layout;
      else layout.file.close();
    }
  }
}

/** Where texts say that kernels are, wherever in the file they stand. */
function* textsIn({ file }: Snapshot): Generator<readonly Located[]> {
  const block = Buffer.alloc(BLOCK_BYTES + TEXT_BYTES);
  const seen = new Set<string>();
  for (let base = 0; base < file.sizeBytes; base += BLOCK_BYTES) {
    const had = block.subarray(
      0,
      file.read(base, block.subarray(0, Math.min(block.length, file.sizeBytes - base))),
    );
    for (
      let at = had.indexOf(FIRST_LINE);
      at >= 0 && at < BLOCK_BYTES;
      at = had.indexOf(FIRST_LINE, at + 1)
    ) {
      const text = had.toString('latin1', at, at + TEXT_BYTES).split('\0')[0]!;
      const vmcoreinfo = parseVmcoreinfo(text);
      const places = (vmcoreinfo === null ? undefined : locate(vmcoreinfo)?.places) ?? [];
      if (places.length === 0 || seen.has(text)) continue;
      yield places;
      if (seen.add(text).size >= MOST_TEXTS) return;
    }
  }
}

/**
 * The options for a file in which the ranges of RAM follow each other, where the kernel was found by moving all of it;
 * undefined where that is not how the file is laid out. Firmware's table lies in the image, so it can be read by then; of what was added later, what can be.
 */
export function runTogether({ snapshot, kernel, located }: Bound): Pick<OpenOptions, 'map'> | undefined {
  const { base, map } = snapshot.origin.options;
  const distance = base ?? (map?.length === 1 ? map[0]!.start - map[0]!.offset : 0);
  if (snapshot.format.name !== 'raw' || distance === 0) return undefined;
  const pieces: MapPiece[] = [];
  let offset = 0;
  try {
    const told = firmwareRam(kernel);
    // The kernel alone knows of memory that was plugged in.
    const added = readableRam(kernel).filter(({ start }) => start >= (told.at(-1)?.end ?? 0));
    for (const { start, end } of [...told, ...added]) {
      pieces.push({ start, end, offset });
      offset += end - start;
    }
  } catch (fault) {
    if (!(fault instanceof EvidenceFault)) throw fault;
    return undefined;
  }
  const image = Number(BigInt.asUintN(64, kernel.symbol('_text') - located.delta));
  const own = pieces.find(({ start, end }) => image >= start && image < end);
  const isSo = pieces.length > 1 && own !== undefined && own.start - own.offset === distance;
  return isSo ? { map: pieces } : undefined;
}

/** What to say of a raw file that is laid out otherwise than from address 0 on, or from where its kind of board has RAM. */
export function layoutNotes(
  { format, origin: { options } }: Snapshot,
  asked: OpenOptions,
  usual: readonly number[],
): string[] {
  const { base, map } = options;
  if (format.name !== 'raw' || asked.base !== undefined || asked.map !== undefined) return [];
  if (map !== undefined && map.length > 1)
    return [
      'the file has the ranges of RAM run together, without what lies between them: where each belongs follows from what ' +
        "the kernel and firmware tell of RAM. LiME's format=lime keeps that in the file",
    ];
  const [{ start, offset } = { start: base ?? 0, offset: 0 }] = map ?? [];
  if (offset > 0)
    return [
      `the file begins with ${offset} bytes that are no memory, by where the kernel is: they are left out`,
    ];
  if (start === 0 || usual.includes(start)) return [];
  return [
    `by where the kernel is, the file lacks ${start} bytes of memory before it: they are taken for the first ones. Where they ` +
      'are others, --map tells the layout by hand',
  ];
}
