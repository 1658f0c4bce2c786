// Opens a snapshot and finds the kernel in it.
// A session holds everything that questions need, and how sure the program is of it.
import { hex } from '../base/address.ts';
import { Budget, type Limits } from '../base/budget.ts';
import { CutSnapshot, ForensicError, NoKernel, NoProfile, SnapshotError } from '../base/errors.ts';
import type { Linux } from '../kernel/linux/linux.ts';
import { machineOf } from '../kernel/linux/machine/machine.ts';
import { bytesMissing, endOfRam, ramOf } from '../kernel/linux/memory/ram.ts';
import type { MapPiece, OpenOptions } from '../memory/origin.ts';
import type { PhysicalMemory } from '../memory/physical.ts';
import { bytesIn } from '../memory/source.ts';
import type { KernelCandidate, KernelFacts, SnapshotFacts } from '../plugin/document.ts';
import type { Profile } from '../profile/profile.ts';
import { openSnapshot, type Snapshot } from '../snapshot/open.ts';
import { listedPieces } from '../snapshot/pieces.ts';
import { splitText } from '../snapshot/split-files.ts';
import { rulesOf } from './linux/architecture/all.ts';
import { type FoundKernels, findKernels, type KernelChoice } from './linux/find-kernels.ts';
import { areOneMemory, isJoinedMemory } from './linux/joined-memory.ts';
import type { Located } from './linux/kernel-location.ts';
import type { Ranked } from './linux/rank.ts';
import { layoutNotes, runTogether, shiftedLayouts } from './linux/shifted-layouts.ts';
import { shiftNotes } from './linux/shifted-memory.ts';
import { zeroNotes } from './linux/zero-pages.ts';

/** A snapshot with its kernel found: all that plugins need, and how sure we are of it. */
export interface Session {
  readonly snapshot: Snapshot;
  readonly kernel: Linux;
  readonly facts: { readonly snapshot: SnapshotFacts; readonly kernel: KernelFacts };
  /** The profile that it was bound by: what `profile export` writes. */
  readonly profile: Profile;
  /** Where the kernel was found. */
  readonly located: Located;
  close(): void;
}

/** How to open a snapshot, and which of its kernels to show. */
export interface SessionOptions extends KernelChoice {
  /** Physical address of a raw file's first byte. */
  readonly base?: number;
  /** Where each piece of a raw file belongs. */
  readonly map?: readonly MapPiece[];
  /** What one question may cost, instead of what is in proportion to the snapshot. */
  readonly limits?: Partial<Limits>;
  /** True where no kernel is to be looked for in a file that is cut. */
  readonly refusesCut?: boolean;
}

/** What a single fact may take of the work that a question may: one that has no end costs no other. */
const FACT_SHARE = 1 / 32;

/** Ranges that `info` and the JSON document list; more are only counted. */
const MAXIMUM_LISTED_RANGES = 64;

/** What of the options says how the file is opened. */
const openOptions = ({ base, map }: SessionOptions): OpenOptions => ({
  ...(base === undefined ? {} : { base }),
  ...(map === undefined ? {} : { map }),
});

/** Opens a snapshot and finds its kernel. @throws SnapshotError, ProfileError; CutSnapshot where such a file is refused */
export function openSession(path: string, options: SessionOptions = {}): Session {
  const snapshot = openSnapshot(path, openOptions(options));
  try {
    const { cut } = snapshot.contents;
    if (options.refusesCut === true && cut !== null) throw new CutSnapshot(cut);
    return startSession(snapshot, options);
  } catch (error) {
    snapshot.file.close();
    throw error;
  }
}

/** Finds the kernel of a snapshot that is open already. @throws ProfileError, UsageError */
export function startSession(opened: Snapshot, options: SessionOptions = {}): Session {
  const found = kernelsIn(opened, options);
  const { snapshot, kernel, located, parts } = found.shown;
  if (snapshot !== opened) opened.file.close();
  const { memory } = snapshot;
  // What the user allows is for questions: facts have what is in proportion to the snapshot.
  memory.chargeTo(new Budget(memory.limits));
  memory.limits = { ...memory.limits, ...options.limits };
  let facts: Session['facts'];
  try {
    facts = factsOf(found);
  } finally {
    memory.chargeTo(null);
  }
  return { snapshot, kernel, facts, profile: parts.profile, located, close: () => snapshot.file.close() };
}

/** The kernels of a snapshot; of files that are no pieces of one memory, those of the one that was asked for. @throws ProfileError, UsageError */
function kernelsIn(opened: Snapshot, options: SessionOptions): FoundKernels {
  if (!isJoinedMemory(opened)) return kernelsOf(opened, options);
  let joined: FoundKernels | undefined;
  let failure: unknown;
  try {
    joined = kernelsOf(opened, options);
    if (!areOneMemory(joined.shown)) {
      closeOther(joined, opened);
      joined = undefined;
    }
  } catch (error) {
    if (!isUnfound(error)) throw error;
    failure = error;
  }
  // A kernel that contradicts itself may do so because half of its memory is another file.
  if (joined !== undefined && joined.shown.confidence !== 'uncertain') return joined;
  const alone = kernelsAlone(opened, options);
  if (joined === undefined) {
    if ('found' in alone) return alone.found;
    throw failure ?? alone.failure;
  }
  if (!('found' in alone)) return joined;
  const isSurer = alone.found.shown.confidence !== 'uncertain';
  closeOther(isSurer ? joined : alone.found, opened);
  return isSurer ? alone.found : joined;
}

/** The kernels in the file that was asked for, without the other pieces. @throws UsageError */
function kernelsAlone(
  { origin: { path, options: asked } }: Snapshot,
  options: SessionOptions,
): { readonly found: FoundKernels } | { readonly failure: unknown } {
  let alone: Snapshot | undefined;
  try {
    alone = openSnapshot(path, { ...asked, pieces: [] });
    return { found: kernelsOf(alone, options) };
  } catch (failure) {
    alone?.file.close();
    if (isUnfound(failure) || failure instanceof SnapshotError) return { failure };
    throw failure;
  }
}

/** Closes the layout in which kernels were found, where it is not the snapshot as it was opened. */
function closeOther({ shown: { snapshot } }: FoundKernels, opened: Snapshot): void {
  if (snapshot !== opened) snapshot.file.close();
}

const isUnfound = (error: unknown): boolean => error instanceof NoKernel || error instanceof NoProfile;

/** The kernels of a snapshot, in the layout of a raw file in which one is found. @throws ProfileError, UsageError */
function kernelsOf(opened: Snapshot, options: SessionOptions): FoundKernels {
  try {
    return inLayout(opened, findKernels(opened, options), options);
  } catch (error) {
    if (!isUnfound(error)) throw error;
    for (const layout of shiftedLayouts(opened)) {
      try {
        return inLayout(opened, findKernels(layout, options), options);
      } catch (other) {
        layout.file.close();
        if (!(other instanceof ForensicError)) throw other;
      }
    }
    // What is missing of the file is the likeliest reason.
    const split = opened.file.pieces.length > 0 ? opened.contents.cut : splitText(opened);
    if (split !== undefined && split !== null) throw new NoKernel(`${(error as Error).message}. ${split}`);
    throw error;
  }
}

/** The same kernels where the file turns out to be laid out in another way still, and what to say of its layout. */
function inLayout(opened: Snapshot, found: FoundKernels, options: SessionOptions): FoundKernels {
  const { path, options: asked } = opened.origin;
  const map = asked.base === undefined && asked.map === undefined ? runTogether(found.shown) : undefined;
  if (map !== undefined) {
    const layout = openSnapshot(path, map);
    try {
      const again = findKernels(layout, options);
      if (found.shown.snapshot !== opened) found.shown.snapshot.file.close();
      return withLayout(again, asked);
    } catch (error) {
      layout.file.close();
      if (!(error instanceof ForensicError)) throw error;
    }
  }
  return withLayout(found, asked);
}

function withLayout(found: FoundKernels, asked: OpenOptions): FoundKernels {
  const { snapshot, located } = found.shown;
  const usual = rulesOf[located.architecture].ramStarts;
  const { missingBytes } = snapshotFacts(snapshot, found.shown.kernel);
  const split = missingBytes === 0 ? undefined : splitText(snapshot);
  const notes = [
    ...(split === undefined ? [] : [split]),
    ...layoutNotes(snapshot, asked, usual),
    ...shiftNotes(found.shown),
    ...zeroNotes(found.shown),
    ...found.notes,
  ];
  return { ...found, notes };
}

function factsOf(found: FoundKernels): Session['facts'] {
  const facts = kernelFacts(found);
  const file = snapshotFacts(found.shown.snapshot, found.shown.kernel);
  // Few formats say when memory was taken: the guest's own clock does.
  return { snapshot: { ...file, takenAt: file.takenAt ?? facts.time }, kernel: facts };
}

function snapshotFacts({ file, format, contents, memory }: Snapshot, kernel: Linux): SnapshotFacts {
  const { ranges } = memory;
  const memoryBytes = bytesIn(ranges);
  const span = ranges.length === 0 ? 0 : memory.end - ranges[0]!.start;
  // A gap that the kernel knows of no RAM in lacks nothing, and RAM behind the last range is missing too.
  const ram = kernel.attempt(() => memory.within(FACT_SHARE, () => ramOf(kernel)), [], 'RAM');
  return {
    path: file.path,
    sizeBytes: file.sizeBytes,
    pieces: listedPieces(file.pieces),
    pieceCount: file.pieces.length,
    format: format.name,
    facts: contents.facts,
    ranges: ranges
      .slice(0, MAXIMUM_LISTED_RANGES)
      .map(({ start, end }) => ({ start: hex(start), end: hex(end) })),
    rangeCount: ranges.length,
    memoryBytes,
    missingBytes:
      ram.length > 0
        ? bytesMissing(ram, ranges)
        : // A flat file does not say how long it should be, and one that was cut is shorter than it says.
          format.name === 'raw' || contents.cut !== null
          ? behindTheEnd(kernel, memory, format.name === 'raw' ? 0 : span - memoryBytes)
          : span - memoryBytes,
    ramBytes: ram.length === 0 ? null : ram.reduce((sum, { start, end }) => sum + end - start, 0),
    takenAt: contents.takenAt?.toISOString() ?? null,
    cut: contents.cut,
    notes: contents.notes,
  };
}

/** Bytes of RAM behind the end of a file, as far as the kernel tells where RAM ends, and in its gaps; null where neither is known. */
function behindTheEnd(kernel: Linux, { end }: PhysicalMemory, inGaps: number): number | null {
  const last = endOfRam(kernel);
  if (last === undefined) return inGaps > 0 ? inGaps : null;
  return Math.max(0, last - end) + inGaps;
}

function kernelFacts({ shown, kernels, steps, search, notes }: FoundKernels): KernelFacts {
  const { kernel, parts, located, vmcoreinfoAt, isLinked, confidence } = shown;
  const { profile } = parts;
  const machine = machineOf(kernel);
  const { clock } = machine;
  const { memory } = kernel.space;
  const told = <T>(read: () => T, what: string): T | null =>
    kernel.attempt<T | null>(() => memory.within(FACT_SHARE, read), null, what);
  return {
    banner: profile.banner,
    release: profile.release,
    buildId: located.vmcoreinfo?.buildId ?? profile.buildId,
    architecture: profile.architecture,
    paging: located.paging.shape,
    pageTableRoot: hex(located.paging.root),
    vmcoreinfoAt: vmcoreinfoAt === null ? null : hex(vmcoreinfoAt),
    kaslr: {
      virtual: isLinked ? hex(parts.slide) : null,
      physical: told(() => hex(BigInt.asUintN(64, kernel.symbol('_text') - located.delta)), 'physical KASLR'),
    },
    bootTime: told(() => clock.bootTime.toISOString(), 'boot time'),
    time: told(() => clock.now.toISOString(), 'time'),
    uptimeSeconds: told(() => clock.uptime, 'uptime'),
    hostname: told(() => machine.hostname, 'host name'),
    bootId: told(() => machine.bootId, 'boot ID'),
    machineId: told(() => machine.uuid, 'machine ID'),
    cpus: told(() => machine.cpus.online.length, 'CPUs'),
    state: shown.state ?? told(() => machine.state, 'state of the machine'),
    kernels: kernels.map((candidate) => candidateFacts(candidate, candidate === shown)),
    search,
    boundBy: profile.source,
    confidence,
    steps,
    notes: [...notes, ...lackingMembers(shown), ...kernel.notes.drain()],
  };
}

function candidateFacts(candidate: Ranked, isShown: boolean): KernelCandidate {
  const { number, isLive, why, kernel, parts, located, vmcoreinfoAt, time, state, confidence } = candidate;
  const machine = machineOf(kernel);
  const told = <T>(read: () => T): T | null => kernel.attempt<T | null>(read, null, '');
  const facts = {
    ...{ number, isShown, isLive, why, release: parts.profile.release },
    pageTableRoot: hex(located.paging.root),
    vmcoreinfoAt: vmcoreinfoAt === null ? null : hex(vmcoreinfoAt),
    bootTime: told(() => machine.clock.bootTime.toISOString()),
    time: time === null ? null : new Date(time).toISOString(),
    ...{ bootId: told(() => machine.bootId), state, confidence },
  };
  kernel.notes.drain(); // what is missing of the kernel that is shown is said by its own facts
  return facts;
}

/** One sentence for all members that this build lacks and that some cell will want; those that its profile does not tell have one already. */
function lackingMembers({ kernel: { types }, unknownNames }: Ranked): string[] {
  const lacking = types.missing.filter((name) => !unknownNames.includes(name));
  if (lacking.length === 0) return [];
  return [`this kernel has no ${lacking.join(', ')}: cells that need them are absent (not-in-kernel)`];
}
