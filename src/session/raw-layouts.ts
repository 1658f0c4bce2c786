import { hex, highWord, lowWord } from '../base/address.ts';
import { EvidenceFault } from '../base/errors.ts';
import { PAGE_BYTES } from '../memory/source.ts';
import { openSnapshot, type Snapshot } from '../snapshot/open.ts';
import type { Bound } from './bind.ts';

const GIB = 2 ** 30;
const FOUR_GIB = 4 * GIB;
/**
 * How much of the 4 GiB that 32 bits reach is kept for devices: 1 GiB on QEMU's `pc`, 2 GiB on `q35`, half a GiB on
 * a `pc` with less than 3.5 GiB of RAM (hw/i386/pc_piix.c, pc_q35.c).
 */
const HOLES = [GIB, 2 * GIB, GIB / 2];

/** Firmware keeps the last pages of RAM below 4 GiB for its tables; layouts differ by far more. */
const FIRMWARE_BYTES = 64 << 20;

/**
 * The ways in which a raw file may be laid out: as it stands, and as a PC's RAM in one piece, without the hole
 * below 4 GiB. Only a file with more than fits below a hole can be meant in more than one way. Whoever takes a
 * layout closes it; the first is the snapshot given.
 */
export function* rawLayouts(snapshot: Snapshot): Generator<Snapshot> {
  yield snapshot;
  const { path, options } = snapshot.origin;
  if (snapshot.format.name !== 'raw' || options.base !== undefined || options.hole !== undefined) return;
  for (const hole of HOLES) {
    if (snapshot.file.sizeBytes > FOUR_GIB - hole) yield openSnapshot(path, { ...options, hole });
  }
}

/** Whether memory ends where the kernel says that RAM ends: in a raw file laid out in another way it does not. */
export function endsWhereRamEnds(bound: Bound): boolean {
  const { snapshot } = bound;
  if (snapshot.format.name !== 'raw' || snapshot.file.sizeBytes <= FOUR_GIB / 2) return true;
  const end = endOfRam(bound);
  const beyond = end === undefined ? 0 : snapshot.memory.end - end;
  return beyond >= 0 && beyond < FIRMWARE_BYTES;
}

/** What to say where a raw file is shorter than the kernel's RAM, or laid out in no way that is known; else nothing. */
export function lengthNotes(bound: Bound): string[] {
  const { snapshot } = bound;
  const end = endOfRam(bound);
  if (snapshot.format.name !== 'raw' || end === undefined) return [];
  const ends = `the kernel knows of RAM up to ${hex(end)}, the file ends at ${hex(snapshot.memory.end)}`;
  if (snapshot.memory.end < end) return [`${ends}: the rest is missing`];
  return endsWhereRamEnds(bound) ? [] : [`${ends}: memory may be laid out in another way`];
}

/** The first physical address past all RAM: `max_pfn` pages. */
function endOfRam({ parts: { space, profile, slide } }: Bound): number | undefined {
  const link = profile.symbols['max_pfn'];
  if (link === undefined) return undefined;
  const address = BigInt.asUintN(64, BigInt(link) + slide);
  try {
    return Number(space.u64(highWord(address), lowWord(address), 0)) * PAGE_BYTES;
  } catch (fault) {
    if (!(fault instanceof EvidenceFault)) throw fault;
    return undefined;
  }
}
