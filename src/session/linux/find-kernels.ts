// All kernels of a snapshot, and which of them is shown. A snapshot may hold several: a crash kernel and the one that
// crashed, what a boot before left behind, and what somebody drew to be taken for the kernel.

import { hex, type PhysicalAddress, physical } from '../../base/address.ts';
import { Effort } from '../../base/effort.ts';
import { EvidenceFault, NoKernel, type NoProfile, UsageError } from '../../base/errors.ts';
import { clockOf } from '../../kernel/linux/machine/clock.ts';
import type { BindingStep, KernelFacts } from '../../plugin/document.ts';
import type { Profile } from '../../profile/profile.ts';
import { parseVmcoreinfo } from '../../profile/vmcoreinfo.ts';
import type { Snapshot } from '../../snapshot/open.ts';
import { type Attempt, bindByScan, bindByText, placeKey, placeText } from './bind.ts';
import type { Bound } from './bound.ts';
import { type Located, locate } from './kernel-location.ts';
import type { ProfileChoice } from './profile-of.ts';
import { isSettled, type Judged, judged, type Ranked, ranked } from './rank.ts';
import { endsWhereRamEnds, lengthNotes } from './raw-layouts.ts';
import { cpuNames, cpusOf, registerText, savesMore } from './registers.ts';
import { type FoundVmcoreinfo, VmcoreinfoSearch } from './vmcoreinfo-search.ts';

/** Why a search by symbol tables and banners came to an end. */
const SCAN_ENDED = 'more places look like a kernel than are looked at';

/** What is known before kernels are looked for, and how closely to look. */
export interface KernelChoice extends ProfileChoice {
  /** Pages in which earlier snapshots had their VMCOREINFO: a boot never moves it. They are looked into first. */
  readonly likely?: readonly PhysicalAddress[];
  /** Number of the kernel to show, counted from 1 as they are listed; the first where none is chosen. */
  readonly kernel?: number;
  /**
   * How far others are searched for. `proof`, where nothing is said: no further than to a kernel that the CPUs' registers
   * prove to be the one that runs, else through all of memory. `quick`: the same, and where one is found through no more
   * memory than nobody waits for. `whole`, and where a kernel is chosen: through all of memory.
   */
  readonly search?: 'quick' | 'proof' | 'whole';
  /** Page-table roots of all kernels that a search of this very memory found, in hex: where all bind again, it is not repeated. */
  readonly roots?: readonly string[];
}

/** The kernels of a snapshot: at least one. */
export interface FoundKernels {
  readonly shown: Ranked;
  /** Those that bind, the one that is shown by default first. */
  readonly kernels: readonly Ranked[];
  readonly steps: readonly BindingStep[];
  /** How far they were searched for: `part` proves nothing of what was not reached. */
  readonly search: KernelFacts['search'];
  readonly notes: readonly string[];
}

/** The names in `init_uts_ns`: six of 65 bytes behind a counter (include/uapi/linux/utsname.h). */
const NAMES_BYTES = 400;
/** So much is searched for the price of half a second. */
const QUICK_BYTES = 2 * 2 ** 30;
/** Attempts whose steps are told, and kernels that are named. */
const MOST_TOLD = 16;
/** Steps that a message tells which say why there is no kernel. */
const MOST_STEPS_TOLD = 64;
/** Texts that lead nowhere and that a message names. */
const MOST_NAMED = 4;
/** Kernels that are kept; those that contradict themselves are the first that are not. */
const MOST_KERNELS = 16;
/** Texts that are tried in every way in which a raw file may be laid out, before a kernel tells which it is. */
const MOST_LAYOUTS = 64;
/** Page tables are followed so often where nothing describes the kernel yet: that may take half a second each time. */
const MOST_TRIES = 64;
/** What it may take to look for kernels that no VMCOREINFO leads to: some seconds. Where nothing misleads it takes a tenth of that. */
const MOST_SCAN_STEPS = 2_000_000_000;

/** Finds the kernels of a snapshot. Every step is checked before the next is taken. @throws NoKernel, NoProfile, UsageError */
export function findKernels(snapshot: Snapshot, choice: KernelChoice): FoundKernels {
  const search = new KernelSearch(snapshot, choice);
  search.byText();
  if (search.isInDoubt()) search.byScan();
  return search.result();
}

/** One search: what was tried, what it led to, and what is still to be tried. */
class KernelSearch {
  readonly bounds: Judged[] = [];
  readonly #snapshot: Snapshot;
  readonly #choice: KernelChoice;
  readonly #search: NonNullable<KernelChoice['search']>;
  readonly #texts: VmcoreinfoSearch;
  readonly #undescribed: NoProfile[] = [];
  readonly #named: NoProfile[] = [];
  /** Steps of attempts that led to nothing, attempt by attempt, and of those that did. */
  readonly #failed: (readonly BindingStep[])[] = [];
  readonly #stepsOf = new Map<string, readonly BindingStep[]>();
  /** Texts whose page tables are none of the CPUs', and those that lead to no name of a kernel: others may. */
  readonly #deferred: FoundVmcoreinfo[] = [];
  /** Texts whose page tables map what they must, and that led to no kernel all the same. */
  #pretenders: Pretender[] = [];
  /** What kernels of this memory said of themselves, by build ID. */
  readonly #learned = new Map<string, () => Profile | undefined>();
  /** Over all symbol tables, banners and layouts that lead somewhere. */
  readonly #effort = new Effort(MOST_SCAN_STEPS);
  #found = 0;
  #tries = 0;
  #layouts = 0;

  constructor(snapshot: Snapshot, choice: KernelChoice) {
    this.#snapshot = snapshot;
    this.#choice = choice;
    this.#search = choice.kernel === undefined ? (choice.search ?? 'proof') : 'whole';
    // A search that has found nothing yet goes on to the end.
    const mayStop = (searched: number): boolean =>
      this.#search === 'quick' && searched >= QUICK_BYTES && this.bounds.length > 0;
    this.#texts = new VmcoreinfoSearch(snapshot, choice.likely ?? [], mayStop);
  }

  /** Follows what VMCOREINFO texts say, those first whose page tables a CPU walks and that a kernel's name is behind. */
  byText(): void {
    for (const found of this.#texts) {
      this.#found++;
      if (this.#isOfNoCpu(found) || !this.#isNamed(found)) this.#deferred.push(found);
      else this.#try(found);
      if (this.#isEnough()) return;
    }
    for (const found of this.#deferred) this.#try(found);
    // What failed before a kernel of the same build told how to read it may be told better now.
    const unread = this.#pretenders;
    this.#pretenders = [];
    for (const pretender of unread) {
      if (this.#learned.has(pretender.mapped.vmcoreinfo?.buildId ?? '')) this.#try(pretender.found);
      else this.#pretenders.push(pretender);
    }
    if (this.#found === 0)
      this.#failed.push([{ step: 'vmcoreinfo', outcome: 'failed', detail: 'no page begins with one' }]);
  }

  /** Follows symbol tables and banners, which kernels have from their first instruction on. */
  byScan(): void {
    const steps: BindingStep[] = [];
    const isKnown = (located: Located): boolean => this.#stepsOf.has(placeKey(located));
    for (const bound of bindByScan(this.#attempt(steps), this.#named, isKnown, this.#effort)) {
      const confidence = bound.confidence === 'verified' ? 'likely' : bound.confidence;
      this.#add({ ...bound, confidence }, steps.splice(0));
      if (this.#isEnough() || this.bounds.length >= MOST_KERNELS) return;
    }
    if (this.#effort.isSpent) steps.unshift({ step: 'scan', outcome: 'skipped', detail: SCAN_ENDED });
    if (this.bounds.length === 0) this.#failed.push(steps);
  }

  /** Whether another kernel than those found must be there: none was found, or the registers are of something else. */
  isInDoubt(): boolean {
    if (this.bounds.some(({ cpus }) => cpus.here.length > 0)) return false;
    return this.bounds.length === 0 || this.bounds.some(({ cpus }) => cpus.elsewhere.length > 0);
  }

  /** @throws NoKernel, NoProfile, UsageError */
  result(): FoundKernels {
    const kernels = ranked(this.bounds);
    const { kernel: wanted = 1, profileSource } = this.#choice;
    const shown = kernels[wanted - 1];
    for (const { snapshot } of kernels)
      if (snapshot !== shown?.snapshot && snapshot !== this.#snapshot) snapshot.file.close();
    if (kernels.length === 0) throw this.#nothing();
    if (shown === undefined) {
      const count = kernels.length === 1 ? 'only one kernel is' : `only ${kernels.length} kernels are`;
      throw new UsageError(
        `--kernel ${wanted}: ${count} in ${this.#snapshot.file.path}${this.#leadingNowhere()}`,
      );
    }
    // What a kernel says of itself is remembered once nothing contradicts it: others are read by it.
    const own = profileSource === undefined ? undefined : soundProfile(shown)?.();
    if (own !== undefined) profileSource?.keepProfile(own);
    return {
      ...{ shown, kernels, steps: this.#steps(shown, kernels), search: this.#reached() },
      notes: [...this.#notes(shown, kernels), ...shown.notes, ...lengthNotes(shown)],
    };
  }

  /** Whether nothing that may still be found matters. */
  #isEnough(): boolean {
    const { roots } = this.#choice;
    if (this.#search !== 'whole' && this.bounds.some(isSettled)) return true;
    return (
      roots?.every((root) => this.bounds.some(({ located }) => hex(located.paging.root) === root)) ?? false
    );
  }

  #reached(): KernelFacts['search'] {
    if (this.#texts.end === 'whole') return 'whole';
    return this.bounds.some(isSettled) ? 'proof' : 'part';
  }

  /** Whether the dumper saved CPUs' page tables, and those that a text names are of none. */
  #isOfNoCpu({ text }: FoundVmcoreinfo): boolean {
    const { contents, memory } = this.#snapshot;
    if (contents.cpus.length === 0) return false;
    const cpus = placesIn(text).map((place) => cpusOf(memory, place, contents.cpus));
    return cpus.every(({ here }) => here.length === 0) && cpus.some(({ elsewhere }) => elsewhere.length > 0);
  }

  /**
   * Whether the kernel's name stands where a text says that it is. That costs next to nothing, and what draws texts to
   * keep us busy must draw it too; a file that is laid out in another way than it stands has it elsewhere.
   */
  #isNamed({ text }: FoundVmcoreinfo): boolean {
    return placesIn(text).some(({ known, delta, vmcoreinfo }) => {
      const names = known.get('init_uts_ns');
      const at = names === undefined ? Number.NaN : Number(BigInt.asUintN(64, names - delta));
      if (!Number.isSafeInteger(at)) return false;
      try {
        const bytes = this.#snapshot.memory.bytes(physical(at), NAMES_BYTES);
        return Buffer.from(bytes).includes(`${vmcoreinfo?.release}\0`, 0, 'latin1');
      } catch (fault) {
        if (!(fault instanceof EvidenceFault)) throw fault;
        return false;
      }
    });
  }

  #try(found: FoundVmcoreinfo): void {
    const places = placesIn(found.text);
    if (places.some((place) => this.#stepsOf.has(placeKey(place)))) return; // the same kernel's other copy
    const steps: BindingStep[] = [];
    const isDescribed = this.#learned.has(places[0]?.vmcoreinfo?.buildId ?? '');
    if (this.#tries >= MOST_TRIES && !isDescribed) return;
    const { bound, mapped } = bindByText(this.#attempt(steps), found);
    if (mapped !== null) this.#tries++;
    if (bound !== undefined) this.#add(bound, steps);
    else this.#failed.push(steps);
    if (bound === undefined && mapped !== null)
      this.#pretenders.push({ found, mapped, why: steps.at(-1)!.detail });
  }

  #attempt(steps: BindingStep[]): Attempt {
    // A file is laid out in one way: in that in which a kernel binds that nothing contradicts all others do.
    const bound = this.bounds.find((one) => one.proof.contradictions.length === 0 && endsWhereRamEnds(one));
    const isLaidOut = bound !== undefined || ++this.#layouts > MOST_LAYOUTS;
    return {
      ...{ snapshot: bound?.snapshot ?? this.#snapshot, choice: this.#profiles(), steps },
      ...{ undescribed: this.#undescribed, isLaidOut },
    };
  }

  /** The profiles to bind by, those that kernels of this memory told among them; what is told now is not remembered yet. */
  #profiles(): ProfileChoice {
    const { profile, profileSource } = this.#choice;
    if (profile !== undefined) return { profile };
    if (profileSource === undefined && this.#learned.size === 0) return {};
    return {
      profileSource: {
        searched: profileSource?.searched ?? 'in this memory',
        findByBanner: (banner) => profileSource?.findByBanner(banner),
        keepProfile: () => undefined,
        findProfile: (buildId) => this.#learned.get(buildId)?.() ?? profileSource?.findProfile(buildId),
      },
    };
  }

  #add(bound: Bound, steps: readonly BindingStep[]): void {
    const key = placeKey(bound.located);
    if (this.#stepsOf.has(key)) return;
    const isFull = this.bounds.length >= MOST_KERNELS;
    const isSound = bound.proof.contradictions.length === 0;
    if (isFull && !isSound) return;
    this.#stepsOf.set(key, steps);
    this.bounds.push(judged(bound, this.#snapshot.contents.cpus));
    const own = soundProfile(bound);
    if (own !== null) this.#learned.set(bound.parts.profile.buildId!, own);
  }

  #steps(shown: Ranked, kernels: readonly Ranked[]): BindingStep[] {
    const more = this.#failed.length - MOST_TOLD;
    return [
      ...this.#failed.slice(0, MOST_TOLD).flat(),
      ...(more > 0 ? [failed('vmcoreinfo', `${more} more lead nowhere`)] : []),
      ...this.#stepsOf.get(placeKey(shown.located))!,
      registersStep(shown, this.#snapshot),
      ...this.#endSteps(kernels.length),
    ];
  }

  #endSteps(count: number): BindingStep[] {
    const found = `${count} kernel${count === 1 ? '' : 's'} found`;
    const where = {
      whole: `${found} in all of memory`,
      'too much memory': `${found} in the first ${QUICK_BYTES / 2 ** 30} GiB that were searched`,
      'too many texts': `${found}; there are more VMCOREINFO texts than are looked at`,
    };
    const { end } = this.#texts;
    if (end === null) return [];
    return [{ step: 'others', outcome: end === 'whole' ? 'verified' : 'skipped', detail: where[end] }];
  }

  #notes(shown: Ranked, kernels: readonly Ranked[]): string[] {
    const others = kernels.filter((kernel) => kernel !== shown);
    const { cpus } = this.#snapshot.contents;
    const foreign = cpus.flatMap((cpu, number) =>
      kernels.every((kernel) => kernel.cpus.elsewhere.includes(number))
        ? [`${cpuNames([number])} (${registerText(cpu)}) ran on none of the kernels that were found`]
        : [],
    );
    const pretending = this.#pretenders.map(
      ({ found: { at }, mapped: { vmcoreinfo, paging }, why }) =>
        `a VMCOREINFO of Linux ${vmcoreinfo?.release} (${placeText(at)}) leads to page tables at ${hex(paging.root)} and to no kernel: ${why}`,
    );
    return [
      ...(shown.number === 1
        ? []
        : [`kernel ${shown.number} of ${kernels.length} is shown as --kernel says: ${shown.why}`]),
      ...some(others.map((other) => otherText(other, kernels.length))),
      ...some(foreign),
      ...some(pretending),
      ...(this.#effort.isSpent ? [`${SCAN_ENDED}: kernels may be missed`] : []),
      ...(this.#texts.end === 'too many texts'
        ? ['there are more VMCOREINFO texts in memory than are looked at: kernels may be missed']
        : []),
    ];
  }

  /**
   * Texts that tell of kernels which are not where they say, as the end of a sentence: what a boot before left behind, or
   * another machine's memory in a file or a guest of this one, whose pages are scattered over it.
   */
  #leadingNowhere(): string {
    const told = this.#failed.flatMap((steps) => {
      const text = steps.find(({ step, outcome }) => step === 'vmcoreinfo' && outcome === 'found');
      const why = steps.find(({ outcome }) => outcome === 'failed');
      return text === undefined || why === undefined ? [] : [`${text.detail}: ${why.detail}`];
    });
    const rest = told.length > MOST_NAMED ? `; and ${told.length - MOST_NAMED} more` : '';
    return told.length === 0
      ? ''
      : `. VMCOREINFO of others leads to none: ${told.slice(0, MOST_NAMED).join('; ')}${rest}`;
  }

  /** What to say where no road led to a kernel: what was wrong at a VMCOREINFO says more than that a banner is in memory. */
  #nothing(): NoKernel | NoProfile {
    const [undescribed] = [...this.#undescribed, ...(this.#found === 0 ? this.#named : [])];
    if (undescribed !== undefined) return undescribed;
    const told = this.#failed.slice(0, MOST_TOLD).flat();
    const sentences = told.slice(0, MOST_STEPS_TOLD).map(({ step, detail }) => `${step}: ${detail}`);
    if (told.length > MOST_STEPS_TOLD) sentences.push(`and ${told.length - MOST_STEPS_TOLD} steps more`);
    return new NoKernel(`no Linux kernel found in ${this.#snapshot.file.path}: ${sentences.join('; ')}`);
  }
}

/** What a kernel says of itself, where it says of which build it is and nothing contradicts it; or null. */
const soundProfile = ({ ownProfile, isLinked, proof, parts }: Bound): Bound['ownProfile'] =>
  isLinked && proof.contradictions.length === 0 && parts.profile.buildId !== null ? ownProfile : null;

/** A text that leads to page tables, and not to the kernel that it speaks of. */
interface Pretender {
  readonly found: FoundVmcoreinfo;
  readonly mapped: Located;
  readonly why: string;
}

function placesIn(text: string): readonly Located[] {
  const vmcoreinfo = parseVmcoreinfo(text);
  return vmcoreinfo === null ? [] : (locate(vmcoreinfo)?.places ?? []);
}

function otherText({ number, parts, kernel, located, why }: Ranked, count: number): string {
  const booted = kernel.attempt(
    () => `booted ${clockOf(kernel).bootTime.toISOString()}`,
    'boot time not known',
    '',
  );
  kernel.notes.drain();
  return `this memory holds ${count} kernels; kernel ${number} (--kernel ${number} shows it) is Linux ${parts.profile.release}, ${booted}, page tables at ${hex(located.paging.root)}; ${why}`;
}

function registersStep(
  { cpus: { here, elsewhere }, against, located }: Ranked,
  { contents }: Snapshot,
): BindingStep {
  const step = 'registers';
  if (here.length + elsewhere.length === 0) {
    const detail = contents.cpus.length === 0 ? 'the file has none' : 'they do not tell which kernel ran';
    return { step, outcome: 'skipped', detail };
  }
  if (here.length === 0) return failed(step, 'no CPU ran on this kernel');
  const ran = `${cpuNames(here)} ran on it (${registerText(contents.cpus[here[0]!]!)}`;
  if (against.length > 0) return failed(step, `${ran}), but ${against.join(', ')}`);
  const hasMore = here.some((cpu) => savesMore(contents.cpus[cpu]!));
  const more = located.architecture === 'x86-64' ? ', IDT and GS are its own' : ', IDT is its own';
  const detail = `${ran}${hasMore ? more : ''})`;
  return {
    step,
    outcome: 'verified',
    detail: elsewhere.length === 0 ? detail : `${detail}, ${cpuNames(elsewhere)} did not`,
  };
}

const failed = (step: string, detail: string): BindingStep => ({ step, outcome: 'failed', detail });

/** The first of many sentences, and how many more there are. */
const some = (sentences: readonly string[]): string[] =>
  sentences.length <= MOST_TOLD
    ? [...sentences]
    : [...sentences.slice(0, MOST_TOLD), `and ${sentences.length - MOST_TOLD} more like this`];
