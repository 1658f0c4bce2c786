// The ways in which a raw file may map to physical memory.
// A raw file has no headers: the kernel's own page tables tell which is right.
import { hex, type PhysicalAddress, physical } from '../../base/address.ts';
import { endOfRam } from '../../kernel/linux/memory/ram.ts';
import type { OpenOptions } from '../../memory/origin.ts';
import { PAGE_BYTES } from '../../memory/source.ts';
import { openSnapshot, type Snapshot } from '../../snapshot/open.ts';
import type { ArchitectureRules } from './architecture/architecture.ts';
import type { Bound } from './bound.ts';
import type { Located } from './kernel-location.ts';

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
 * The ways in which a raw file may be laid out: as it stands; as a PC's RAM in one piece, without the hole below
 * 4 GiB; from where RAM begins on boards on which that is not 0. Whoever takes a layout closes it; the first is the
 * snapshot given.
 */
export function* rawLayouts(
  snapshot: Snapshot,
  { architecture, ramStarts }: ArchitectureRules,
  located: Located,
): Generator<Snapshot> {
  yield snapshot;
  if (!isOpen(snapshot)) return;
  const { path, options } = snapshot.origin;
  const { sizeBytes } = snapshot.file;
  const withHole = (hole: number): Snapshot => openSnapshot(path, { ...options, hole });
  const isPc = architecture !== 'aarch64';
  if (isPc) for (const hole of HOLES.filter((width) => sizeBytes > FOUR_GIB - width)) yield withHole(hole);
  else for (const base of ramStarts) if (base !== 0) yield openSnapshot(path, { ...options, base });
  for (const distance of distancesBy(snapshot, located)) {
    const isHole = isPc && distance > 0 && distance < FOUR_GIB && sizeBytes > FOUR_GIB - distance;
    if (isHole) yield withHole(distance);
    if (distance > -sizeBytes) yield openSnapshot(path, { ...options, ...movedBy(distance, sizeBytes) });
  }
}

/**
 * The layouts in which the kernel's names are where VMCOREINFO says, for kernels whose page tables a file lacks: nothing
 * but what stands in the image can tell which is right. Whoever takes one closes it.
 */
export function* layoutsByNames(
  snapshot: Snapshot,
  { ramStarts }: ArchitectureRules,
  located: Located,
): Generator<Snapshot> {
  if (!isOpen(snapshot)) return;
  const { path, options } = snapshot.origin;
  const distances = [...distancesBy(snapshot, located)];
  // Where RAM begins on known boards before anything else.
  const known = distances.filter((distance) => ramStarts.includes(distance));
  for (const distance of [...known, ...distances].slice(0, MOST_TORN))
    yield openSnapshot(path, { ...options, ...movedBy(distance, snapshot.file.sizeBytes) });
}

/** The options for a raw file all of which lies so many bytes above where it is in the file. */
export const movedBy = (distance: number, sizeBytes: number): OpenOptions =>
  distance >= 0 && distance % PAGE_BYTES === 0
    ? { base: distance }
    : {
        map: [{ start: Math.max(0, distance), end: sizeBytes + distance, offset: Math.max(0, -distance) }],
      };

/** A raw file laid out in another way than it stands. */
export interface OtherLayout {
  readonly snapshot: Snapshot;
  /** Where in it is what is at a physical address of the file as it stands. */
  readonly moved: (at: PhysicalAddress) => PhysicalAddress;
}

/**
 * The other ways in which a raw file may be laid out, for kernels that no VMCOREINFO leads to: usual ones, and those in which
 * an image lies so many bytes above its place in the file. Whoever takes one closes it.
 */
export function* otherLayouts(
  snapshot: Snapshot,
  ramStarts: readonly number[],
  distances: Iterable<number> = [],
): Generator<OtherLayout> {
  if (!isOpen(snapshot)) return;
  const { path, options } = snapshot.origin;
  const { sizeBytes } = snapshot.file;
  const withHole = (hole: number): OtherLayout => ({
    snapshot: openSnapshot(path, { ...options, hole }),
    moved: (at) => (at < FOUR_GIB - hole ? at : physical(at + hole)),
  });
  for (const hole of HOLES) if (sizeBytes > FOUR_GIB - hole) yield withHole(hole);
  for (const base of ramStarts) {
    if (base === 0) continue;
    yield { snapshot: openSnapshot(path, { ...options, base }), moved: (at) => physical(at + base) };
  }
  for (const distance of distances) {
    if (distance < FOUR_GIB && sizeBytes > FOUR_GIB - distance) yield withHole(distance);
    if (distance > -sizeBytes)
      yield {
        snapshot: openSnapshot(path, { ...options, ...movedBy(distance, sizeBytes) }),
        moved: (at) => physical(at + distance),
      };
  }
}

/** Whether nobody has said yet how the file is laid out. */
export const isOpen = ({ format, origin: { options } }: Snapshot): boolean =>
  format.name === 'raw' &&
  options.base === undefined &&
  options.hole === undefined &&
  options.map === undefined;

/** The kernel's own name and release, `init_uts_ns.name`: strings of 65 bytes each (include/uapi/linux/utsname.h). */
const SYSTEM_NAME = Buffer.from('Linux\0', 'latin1');
const RELEASE_OFFSET = 130;
/** The names begin the namespace or stand behind a counter of 4 bytes, aligned. */
const NAME_OFFSETS = [0, 4, 8];
/** Pieces of RAM are whole pages. */
const START_GRAIN = PAGE_BYTES;
const BLOCK_BYTES = 1 << 20;
/** Copies of the names that are followed. */
const MOST_DISTANCES = 64;
/** Layouts that are tried without page tables; each takes a tenth of a second. */
const MOST_TORN = 4;

/**
 * How far above its place in the file memory may lie so that the names that stand in `init_uts_ns` are where VMCOREINFO
 * says: for boards whose RAM begins where few do, holes of other widths, and files that lack their beginning or have
 * something in front. Programs keep copies of the names, so none is right before it is verified. Asked for last, since it
 * may read the whole file. `grain`: what they are multiples of.
 */
export function* distancesBy(
  { memory }: Snapshot,
  { vmcoreinfo, known, delta }: Located,
  grain = START_GRAIN,
): Generator<number> {
  const names = known.get('init_uts_ns');
  if (vmcoreinfo === null || names === undefined) return;
  const expected = Number(BigInt.asUintN(64, names - delta));
  const release = Buffer.from(`${vmcoreinfo.release}\0`, 'latin1');
  const block = Buffer.alloc(BLOCK_BYTES + PAGE_BYTES);
  const seen = new Set<number>();
  for (const { start, end } of memory.ranges) {
    for (let at: number = start; at < end; at += BLOCK_BYTES) {
      const had = block.subarray(
        0,
        memory.readRun(physical(at), block.subarray(0, Math.min(block.length, end - at))),
      );
      for (let hit = had.indexOf(release); hit >= 0; hit = had.indexOf(release, hit + 1)) {
        const name = hit - RELEASE_OFFSET;
        if (name < 0 || !had.subarray(name, name + SYSTEM_NAME.length).equals(SYSTEM_NAME)) continue;
        for (const offset of NAME_OFFSETS) {
          const distance = expected + offset - (at + name);
          if (distance === 0 || distance % grain !== 0 || seen.has(distance)) continue;
          yield distance;
          if (seen.add(distance).size >= MOST_DISTANCES) return;
        }
      }
    }
  }
}

/** Whether memory ends where the kernel says that RAM ends: in a raw file laid out in another way it does not. */
export function endsWhereRamEnds(bound: Bound): boolean {
  const { snapshot } = bound;
  if (snapshot.format.name !== 'raw') return true;
  // No hole that is tried unasked lengthens a small file: it is never longer than RAM for being laid out otherwise.
  const isSmall = snapshot.file.sizeBytes <= FOUR_GIB / 2;
  const end = endOfRam(bound.kernel);
  // Also where that cannot be read: it may be beyond the hole.
  if (end === undefined) return isSmall;
  const beyond = snapshot.memory.end - end;
  return beyond >= 0 && (isSmall || beyond < FIRMWARE_BYTES);
}

/** What to say where a raw file is shorter than the kernel's RAM, or laid out in no way that is known; else nothing. */
export function lengthNotes(bound: Bound): string[] {
  const { snapshot } = bound;
  const end = endOfRam(bound.kernel);
  if (snapshot.format.name !== 'raw' || end === undefined) return [];
  const ends = `the kernel knows of RAM up to ${hex(end)}, the file ends at ${hex(snapshot.memory.end)}`;
  if (snapshot.memory.end < end) return [`${ends}: the rest is missing`];
  return endsWhereRamEnds(bound) ? [] : [`${ends}: memory may be laid out in another way`];
}
