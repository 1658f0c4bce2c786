// Binds to a kernel: tries one candidate, and verifies all that it says of itself.
// docs/internals/binding.md explains the steps.
import { hex, type PhysicalAddress, physical, wrapped } from '../../base/address.ts';
import type { Effort } from '../../base/effort.ts';
import { EvidenceFault, ForensicError, NoKernel, NoProfile, NotInSnapshot } from '../../base/errors.ts';
import { Linux, type LinuxParts } from '../../kernel/linux/linux.ts';
import type { BindingStep } from '../../plugin/document.ts';
import type { Profile } from '../../profile/profile.ts';
import { parseVmcoreinfo } from '../../profile/vmcoreinfo.ts';
import { openSnapshot, type Snapshot } from '../../snapshot/open.ts';
import { AddressSpace } from '../../translate/address-space.ts';
import { maps } from './architecture/architecture.ts';
import type { Bound, Confidence } from './bound.ts';
import { type Located, locate } from './kernel-location.ts';
import { linearAreas } from './linear-areas.ts';
import { listedOnce } from './listed-symbols.ts';
import { type ProfileChoice, profileOf } from './profile-of.ts';
import { prove } from './proof.ts';
import { isSameLayout, layoutByRam } from './ram-layout.ts';
import { endsWhereRamEnds, isOpen, layoutsByNames, rawLayouts } from './raw-layouts.ts';
import { type Found, scanForKernel } from './scan-for-kernel.ts';
import type { FoundVmcoreinfo } from './vmcoreinfo-search.ts';

/** One way to a kernel being tried: what it may use, and what it leaves behind. */
export interface Attempt {
  readonly snapshot: Snapshot;
  readonly choice: ProfileChoice;
  readonly steps: BindingStep[];
  /** Kernels that were found and that nothing describes: the better reason to give when no road leads on. */
  readonly undescribed: NoProfile[];
  /** Whether it is known how the snapshot is laid out, so that no other ways are tried: each opens the file once more. */
  readonly isLaidOut: boolean;
}

/** How the attempt at one VMCOREINFO ended. */
export interface TextOutcome {
  readonly bound: Bound | undefined;
  /** Where page tables map what they must; null where they do not, as in what an earlier boot left behind. */
  readonly mapped: Located | null;
}

/** Binds where a VMCOREINFO says that a kernel is, in the layout of a raw file in which its page tables make sense. */
export function bindByText(attempt: Attempt, { text, at }: FoundVmcoreinfo): TextOutcome {
  const { snapshot, steps } = attempt;
  const vmcoreinfo = parseVmcoreinfo(text);
  const where = placeText(at);
  const located = vmcoreinfo === null ? undefined : locate(vmcoreinfo);
  if (vmcoreinfo === null || located === undefined) {
    const detail = `${where} does not say where a kernel of x86-64, AArch64 or i386 is`;
    steps.push({ step: 'vmcoreinfo', outcome: 'failed', detail });
    return { bound: undefined, mapped: null };
  }
  steps.push({ step: 'vmcoreinfo', outcome: 'found', detail: `${where}: ${vmcoreinfo.release}` });
  const { rules, places } = located;
  let doubtful: Bound | undefined;
  let mapped: Located | null = null;
  for (const layout of attempt.isLaidOut ? [snapshot] : rawLayouts(snapshot, rules, places[0]!)) {
    const place = places.find((candidate) => mapsItself(layout, candidate));
    const found = place === undefined ? undefined : tryLocated({ ...attempt, snapshot: layout }, place);
    const bound = found === undefined ? undefined : { ...found, vmcoreinfoAt: at };
    mapped ??= place ?? null;
    if (bound !== undefined && endsWhereRamEnds(bound)) return { bound, mapped };
    if (bound !== undefined) {
      // The kernel was found in this layout, and tells where its RAM is.
      const better = inLayoutOfRam(attempt, bound, places);
      if (better === undefined) doubtful ??= bound;
      else if (layout !== snapshot) layout.file.close();
      if (better !== undefined) return { bound: { ...better, vmcoreinfoAt: at }, mapped };
      if (layout === snapshot) break;
    }
    if (layout !== snapshot && layout !== doubtful?.snapshot) layout.file.close();
  }
  if (doubtful !== undefined || mapped !== null) return { bound: doubtful, mapped };
  // For the reason that it gives: in no layout do the tables map the image.
  const tried: Attempt['steps'] = [];
  const plain = tryLocated({ ...attempt, steps: tried }, places[0]!);
  // They may lie behind a hole of a width that nobody guesses, while what is there tells where RAM ends.
  const behindHole = plain === undefined ? undefined : inLayoutOfRam(attempt, plain, places);
  if (behindHole !== undefined)
    return { bound: { ...behindHole, vmcoreinfoAt: at }, mapped: behindHole.located };
  steps.push(...tried);
  if (plain !== undefined) return { bound: { ...plain, vmcoreinfoAt: at }, mapped: null };
  const others = attempt.isLaidOut ? [] : layoutsByNames(snapshot, rules, places[0]!);
  for (const layout of others) {
    const bound = tryLocated({ ...attempt, snapshot: layout }, places[0]!);
    if (bound !== undefined) return { bound: { ...bound, vmcoreinfoAt: at }, mapped: null };
    layout.file.close();
  }
  return { bound: undefined, mapped: null };
}

/** Layouts that are tried one after the other: in each the kernel may tell of more RAM than in the one before. */
const MOST_LAYOUTS = 4;

/**
 * The same kernel in the layout of the raw file that follows from what it knows of RAM, in which it knows the same; undefined
 * where there is none. Whoever takes it closes its snapshot.
 */
function inLayoutOfRam(attempt: Attempt, bound: Bound, places: readonly Located[]): Bound | undefined {
  const { snapshot, isLaidOut } = attempt;
  if (isLaidOut || !isOpen(snapshot)) return undefined;
  const { path, options } = snapshot.origin;
  let layout = layoutByRam(bound);
  for (let count = 0; layout !== undefined && count < MOST_LAYOUTS; count++) {
    const opened = openSnapshot(path, { ...options, ...layout.options });
    const place = places.find((candidate) => mapsItself(opened, candidate));
    const detail = `by what the kernel knows of RAM: ${rangesText(opened)}`;
    attempt.steps.push({ step: 'layout', outcome: place === undefined ? 'failed' : 'found', detail });
    const again = place === undefined ? undefined : tryLocated({ ...attempt, snapshot: opened }, place);
    const next = again === undefined ? undefined : layoutByRam(again);
    if (again !== undefined && next?.isGuess === false && isSameLayout(layout, next)) return again;
    opened.file.close();
    if (next !== undefined && isSameLayout(layout, next)) return undefined;
    layout = next;
  }
  return undefined;
}

const rangesText = ({ memory }: Snapshot): string =>
  memory.ranges.map(({ start, end }) => `${hex(start)}-${hex(end)}`).join(', ');

/** Where a VMCOREINFO stands, in words. */
export const placeText = (at: PhysicalAddress | null): string =>
  at === null ? "the file's own note" : `page at ${hex(at)}`;

/** Ways that the symbols may lead are tried so often; a way takes a tenth of a second. */
const MOST_TRIES = 16;
/** Steps that a way takes which leads to nothing. */
const TRY_STEPS = 100_000_000;
/** Ways to no kernel's name that are tried once all others were. */
const MOST_NAMELESS = 64;

/**
 * Binds wherever the symbols say that a kernel is that is not known yet, in the layout of a raw file that ends where its
 * RAM does. `named` gets a kernel that only its banner tells of. It ends once `effort` is spent, for anybody can draw page tables
 * and banners that lead to nothing.
 */
export function* bindByScan(
  attempt: Attempt,
  named: NoProfile[],
  isKnown: (located: Located) => boolean,
  effort: Effort,
): Generator<Bound> {
  const { snapshot, choice, steps } = attempt;
  const layouts = new Set<Snapshot>();
  const taken = new Set<Snapshot>();
  const tried = new Set<string>();
  let doubtful: Bound | undefined;
  for (const found of namedFirst(scanForKernel(snapshot, choice, steps, named, effort))) {
    if (effort.isSpent) break;
    layouts.add(found.snapshot);
    const place = `${[...layouts].indexOf(found.snapshot)} ${placeKey(found.located)}`;
    if (tried.has(place) || isKnown(found.located)) continue;
    if (tried.add(place).size > MOST_TRIES) break;
    const bound = tryLocated({ ...attempt, snapshot: found.snapshot }, found.located);
    if (bound === undefined) {
      tried.delete(place); // other tables may describe the same place better
      effort.spend(TRY_STEPS);
    } else if (endsWhereRamEnds(bound)) {
      taken.add(bound.snapshot);
      yield bound;
    } else {
      const better = inLayoutOfRam(attempt, bound, [found.located]);
      if (better === undefined) doubtful ??= bound;
      else {
        taken.add(better.snapshot);
        yield better;
      }
    }
  }
  if (taken.size === 0 && doubtful !== undefined) {
    taken.add(doubtful.snapshot);
    yield doubtful;
  }
  for (const layout of layouts) if (layout !== snapshot && !taken.has(layout)) layout.file.close();
}

/**
 * The places where a kernel's name stands before those where none does: to look costs next to nothing, and to follow a place
 * a tenth of a second.
 */
function* namedFirst(places: Iterable<Found>): Generator<Found> {
  const nameless: Found[] = [];
  for (const found of places) {
    if (hasName(found)) yield found;
    else if (nameless.length < MOST_NAMELESS) nameless.push(found);
  }
  yield* nameless;
}

/** `sysname`, with which `init_uts_ns` begins, behind a counter or not (include/uapi/linux/utsname.h). */
const SYSTEM_NAME = 'Linux\0';
const NAME_REACH_BYTES = 32;

/** Whether `init_uts_ns` says what system it is of, or it is not known where that lies. */
function hasName({ snapshot, located: { known, delta } }: Found): boolean {
  const names = known.get('init_uts_ns');
  if (names === undefined) return true;
  const at = Number(BigInt.asUintN(64, names - delta));
  if (!Number.isSafeInteger(at)) return false;
  try {
    return Buffer.from(snapshot.memory.bytes(physical(at), NAME_REACH_BYTES)).includes(
      SYSTEM_NAME,
      0,
      'latin1',
    );
  } catch (fault) {
    if (!(fault instanceof EvidenceFault)) throw fault;
    return false;
  }
}

/** What tells one kernel of a snapshot from another: where its image and its page tables are. */
export const placeKey = ({ architecture, delta, paging }: Located): string =>
  `${architecture} ${delta} ${paging.root} ${paging.shape}`;

/** Whether the page tables map what they must, before anything is said of it. */
export function mapsItself({ memory }: Snapshot, { paging, delta, known }: Located): boolean {
  return [...known].every(([, address]) =>
    maps(memory, paging, address, Number(BigInt.asUintN(64, address - delta))),
  );
}

/** Binds at a place, checking page tables, profile and banner on the way. Undefined, with the reason in `steps`, where a check fails. */
function tryLocated({ snapshot, choice, steps, undescribed }: Attempt, located: Located): Bound | undefined {
  const tables = new AddressSpace(snapshot.memory, located.paging);
  try {
    const areMapped = verifyPageTables(tables, located, steps);
    const {
      profile,
      isLinked,
      own,
      lacks,
      unknownNames,
      notes: told,
    } = profileOf(snapshot, located, choice, steps);
    const slide = slideBetween(profile, located);
    const space = tables.withLinearAreas(() => linearAreas({ space: tables, profile, slide }, located));
    const listed = listedOnce(located);
    const parts: LinuxParts = { space, profile, slide, origin: snapshot.origin, listed };
    const looks = verifyKernel(space, parts, located, steps);
    const kernel = new Linux(parts);
    const proof = prove(kernel, located, steps);
    kernel.notes.drain(); // each question says for itself what it misses
    const unchecked = [
      ...(areMapped ? [] : ['page tables of its image are missing']),
      ...(looks === 'uncertain' ? ['init_task or init_uts_ns is not what it should be'] : []),
      ...proof.unread,
    ];
    const isSure = looks !== 'verified' || (unchecked.length === 0 && lacks.length === 0);
    const confidence = proof.contradictions.length > 0 ? 'uncertain' : isSure ? looks : 'likely';
    const notes = [...proof.contradictions, ...told, ...incompletenessOf(lacks, unchecked)];
    const bound = {
      snapshot,
      parts,
      kernel,
      located,
      vmcoreinfoAt: null,
      isLinked,
      ownProfile: own,
      unknownNames,
    };
    return { ...bound, confidence, proof, notes };
  } catch (error) {
    if (!(error instanceof ForensicError)) throw error;
    if (error instanceof NoProfile) undescribed.push(error);
    steps.push({ step: 'binding', outcome: 'failed', detail: error.message });
    return undefined;
  }
}

/** What to say where a kernel's description of itself is not whole, or not all of it could be checked. */
const incompletenessOf = (lacks: readonly string[], unchecked: readonly string[]): string[] => [
  ...(lacks.length === 0
    ? []
    : [
        `what this kernel says of itself is not all in the snapshot: ${lacks.join('; ')}. What it seems to lack may only be missing here`,
      ]),
  ...(unchecked.length === 0
    ? []
    : [`not all that tells this kernel could be checked: ${unchecked.join('; ')}`]),
];

/** What this boot added to the profile's addresses: the same for every symbol that both know. @throws NoKernel */
function slideBetween({ symbols, architecture, pointerBytes, release }: Profile, located: Located): bigint {
  if (architecture !== located.architecture)
    throw new NoKernel(`the profile is of ${architecture}, the kernel of ${located.architecture}`);
  const slides = new Map<bigint, string>();
  for (const [name, address] of located.known) {
    const link = symbols[name];
    if (link !== undefined) slides.set(wrapped(address - BigInt(link), pointerBytes), name);
  }
  const [first, second] = [...slides];
  if (first === undefined)
    throw new NoKernel(`the profile of ${release} has none of the symbols that are known`);
  if (second !== undefined) {
    const moved =
      slides.size === 2
        ? `${first[1]} by ${hex(first[0])}, ${second[1]} by ${hex(second[0])}`
        : 'all differently';
    throw new NoKernel(`the profile of ${release} is of another build: symbols are moved ${moved}`);
  }
  return first[0];
}

/**
 * The page tables must map the known symbols to where the image says that they are. @returns whether they do; false where
 * tables are missing, which contradicts nothing. @throws NoKernel
 */
function verifyPageTables(
  space: AddressSpace,
  { architecture, known, delta, paging }: Located,
  steps: BindingStep[],
): boolean {
  const { root } = paging;
  let missing: NotInSnapshot | undefined;
  for (const [name, address] of known) {
    let mapped: bigint;
    try {
      mapped = BigInt(space.translate(address));
    } catch (fault) {
      if (!(fault instanceof EvidenceFault)) throw fault;
      if (fault instanceof NotInSnapshot) {
        missing ??= fault;
        continue;
      }
      throw new NoKernel(`page tables at ${hex(root)} do not map ${name}: ${fault.message}`);
    }
    if (mapped !== BigInt.asUintN(64, address - delta))
      throw new NoKernel(
        `page tables at ${hex(root)} map ${name} to ${hex(mapped)}, expected ${hex(BigInt.asUintN(64, address - delta))}`,
      );
  }
  const detail = `${architecture}, ${paging.shape}, root at ${hex(root)}`;
  steps.push(
    missing === undefined
      ? { step: 'page tables', outcome: 'verified', detail }
      : { step: 'page tables', outcome: 'skipped', detail: `${detail}: ${missing.message}` },
  );
  return missing === undefined;
}

/** The kernel must introduce itself by the name that led here. @throws NoKernel */
function verifyKernel(
  space: AddressSpace,
  { profile, slide }: LinuxParts,
  located: Located,
  steps: BindingStep[],
): Confidence {
  const at = (name: string) => wrapped(BigInt(profile.symbols[name] ?? '0') + slide, profile.pointerBytes);
  const release = located.vmcoreinfo?.release ?? profile.release;
  const hasBanner = verifyBanner(space, at('linux_banner'), { release, expected: profile.banner }, steps);
  const names = Buffer.from(space.readableBytes(at('init_uts_ns'), 1024)).toString('latin1');
  const uts = names.includes('Linux\0') && names.includes(`${release}\0`);
  steps.push({
    step: 'init_uts_ns',
    outcome: uts ? 'verified' : 'failed',
    detail: uts ? `release ${release}` : `does not say ${release}`,
  });
  const [commOffset] = profile.types['task_struct']?.members['comm'] ?? [0];
  const comm = told(() => textAt(space, at('init_task') + BigInt(commOffset), 16)).text;
  const idle = comm.startsWith('swapper');
  steps.push({ step: 'init_task', outcome: idle ? 'verified' : 'failed', detail: `comm is "${comm}"` });
  if (!idle && !uts) throw new NoKernel('neither init_task nor init_uts_ns is what it should be');
  if (!idle || !uts) return 'uncertain';
  return hasBanner ? 'verified' : 'likely';
}

/** Holds the banner against what is known. @returns whether it is there: what the snapshot lacks contradicts nothing. @throws NoKernel */
function verifyBanner(
  space: AddressSpace,
  at: bigint,
  { release, expected }: { readonly release: string; readonly expected: string },
  steps: BindingStep[],
): boolean {
  const { text: banner, why } = told(() => textAt(space, at, 512));
  if (why !== null) {
    steps.push({ step: 'banner', outcome: 'skipped', detail: why });
    return false;
  }
  if (!banner.startsWith(`Linux version ${release} `))
    throw new NoKernel(`linux_banner says "${banner.slice(0, 60)}", expected release ${release}`);
  if (expected !== banner) throw new NoKernel(`the profile is of "${expected}", the kernel is "${banner}"`);
  steps.push({ step: 'banner', outcome: 'verified', detail: banner });
  return true;
}

/** A text, or why the snapshot lacks it. */
function told(read: () => string): { readonly text: string; readonly why: string | null } {
  try {
    return { text: read(), why: null };
  } catch (fault) {
    if (!(fault instanceof NotInSnapshot)) throw fault;
    return { text: '', why: fault.message };
  }
}

/** ASCII at a kernel address, up to NUL or newline. @throws EvidenceFault */
function textAt(space: AddressSpace, address: bigint, limit: number): string {
  return Buffer.from(space.cString(address, limit)).toString('latin1').split('\n')[0]!;
}
