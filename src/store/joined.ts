// Two stores that are asked as one: what scans recorded, which is kept for good, and what can be found out again, which is
// not. New answers go to the second; the first is opened when something is asked that the second does not know.
import type { PhysicalAddress } from '../base/address.ts';
import type { AnyPlugin } from '../plugin/contract.ts';
import type { KeptTags } from './extents.ts';
import type { History, PastSnapshot, StoreInterface } from './interface.ts';
import type { KeptProfile, TableFile } from './profiles.ts';
import type { RememberedAnswer, RememberedFacts, SnapshotIdentity } from './remembered.ts';

/** What whoever asks snapshots wants of a store. */
export interface AskedStore
  extends Pick<
    StoreInterface,
    'path' | 'facts' | 'answer' | 'keep' | 'keepFacts' | 'forgetSnapshot' | 'close'
  > {
  readonly history: Pick<
    History,
    'machineOf' | 'snapshots' | 'snapshot' | 'find' | 'facts' | 'answer' | 'vmcoreinfoPages'
  >;
  /** What is kept goes to the snapshots that `keep` gives the numbers of. */
  readonly extents: Pick<StoreInterface['extents'], 'of' | 'readsFor' | 'keepReads'>;
  readonly scans: Pick<StoreInterface['scans'], 'atomically'>;
  readonly profiles: Pick<
    StoreInterface['profiles'],
    'byBuildId' | 'byBanner' | 'keep' | 'bannerOf' | 'keepBanner' | 'all'
  >;
}

/** Numbers of snapshots of the second store begin here, so that each number names one. */
const BEYOND = 2 ** 40;

/** A store, and what scans recorded in another. Every method may throw StoreError. */
export class JoinedStore implements AskedStore {
  readonly path: string;
  readonly history: AskedStore['history'];
  readonly extents: AskedStore['extents'];
  readonly scans: AskedStore['scans'];
  readonly profiles: AskedStore['profiles'];
  readonly #cache: StoreInterface;
  readonly #openPast: () => StoreInterface;
  #opened: StoreInterface | undefined;

  /** @param openPast opens what scans recorded: it is only read */
  constructor(cache: StoreInterface, openPast: () => StoreInterface) {
    this.path = cache.path;
    this.#cache = cache;
    this.#openPast = openPast;
    const past = (): StoreInterface => this.#past;
    this.history = joinedHistory(() => past().history, cache.history);
    this.extents = {
      of: (machine, scanner) => joinedTags(past, cache, machine, scanner),
      readsFor: (...question) => cache.extents.readsFor(...question) ?? past().extents.readsFor(...question),
      keepReads: (...kept) => cache.extents.keepReads(...kept),
    };
    this.scans = { atomically: (action) => cache.scans.atomically(action) };
    this.profiles = joinedProfiles(() => past().profiles, cache.profiles);
  }

  facts(identity: SnapshotIdentity): RememberedFacts | undefined {
    return this.#cache.facts(identity) ?? this.#past.facts(identity);
  }

  answer(identity: SnapshotIdentity, plugin: AnyPlugin, options: string): RememberedAnswer | undefined {
    const own = this.#cache.answer(identity, plugin, options);
    return own ?? (this.#isOverruled(identity) ? undefined : this.#past.answer(identity, plugin, options));
  }

  keepFacts(identity: SnapshotIdentity, facts: RememberedFacts): void {
    this.#cache.keepFacts(identity, facts);
  }

  /** What scans recorded stays. */
  forgetSnapshot(identity: SnapshotIdentity): void {
    this.#cache.forgetSnapshot(identity);
  }

  /** @returns the number of the snapshot in the second store */
  keep(...remembered: Parameters<StoreInterface['keep']>): number {
    return this.#cache.keep(...remembered);
  }

  close(): void {
    this.#cache.close();
    this.#opened?.close();
  }

  /** Whether somebody has looked closer since a scan did, and found another kernel: the scan's answers are not of it. */
  #isOverruled(identity: SnapshotIdentity): boolean {
    const own = this.#cache.facts(identity);
    const recorded = own === undefined ? undefined : this.#past.facts(identity);
    return recorded !== undefined && own!.kernel.pageTableRoot !== recorded.kernel.pageTableRoot;
  }

  get #past(): StoreInterface {
    this.#opened ??= this.#openPast();
    return this.#opened;
  }
}

function joinedHistory(past: () => History, cache: History): AskedStore['history'] {
  const beyond = (snapshot: PastSnapshot): PastSnapshot => ({ ...snapshot, id: snapshot.id + BEYOND });
  const at = (id: number): [history: History, id: number] =>
    id < BEYOND ? [past(), id] : [cache, id - BEYOND];
  return {
    snapshots(machine) {
      const recorded = past().snapshots(machine);
      const known = new Set(recorded.map(nameOf));
      const others = cache.snapshots(machine).filter((snapshot) => !known.has(nameOf(snapshot)));
      return [...recorded, ...others.map(beyond)].sort(byWriting);
    },
    snapshot(id) {
      const [history, own] = at(id);
      const found = history.snapshot(own);
      return found === undefined ? undefined : { ...found, id };
    },
    // Scans settle who is who; what is only remembered claims no name of its own.
    machineOf: (path, facts) => past().machineOf(path, facts),
    find(identity) {
      const recorded = past().find(identity);
      if (recorded !== undefined) return recorded;
      const other = cache.find(identity);
      return other === undefined ? undefined : other + BEYOND;
    },
    facts(id) {
      const [history, own] = at(id);
      return history.facts(own);
    },
    answer(id, plugin, options) {
      const [history, own] = at(id);
      return history.answer(own, plugin, options);
    },
    vmcoreinfoPages: (): PhysicalAddress[] => [
      ...new Set([...past().vmcoreinfoPages(), ...cache.vmcoreinfoPages()]),
    ],
  };
}

/** What tells that two stores know the same snapshot. */
const nameOf = ({ path, digest, sizeBytes, binding, taken }: PastSnapshot): string =>
  JSON.stringify([path, digest, sizeBytes, binding, taken]);

const byWriting = (one: PastSnapshot, other: PastSnapshot): number =>
  one.written < other.written ? -1 : one.written > other.written ? 1 : one.id - other.id;

/** Tags are the cache's; where it has none yet, those that scans left, and then they are kept in the cache. */
function joinedTags(
  past: () => StoreInterface,
  cache: StoreInterface,
  machine: string,
  scanner: string,
): KeptTags {
  const own = cache.extents.of(machine, scanner);
  if (own.recall().length > 0) return own;
  const { secret, recall } = past().extents.of(machine, scanner);
  if (recall().length === 0) return own;
  return {
    secret,
    recall,
    remember: (tags) => cache.extents.keepTags(machine, scanner, secret, tags),
  };
}

function joinedProfiles(
  past: () => StoreInterface['profiles'],
  cache: StoreInterface['profiles'],
): AskedStore['profiles'] {
  const either = (
    ask: (profiles: StoreInterface['profiles']) => KeptProfile | undefined,
  ): KeptProfile | undefined => ask(cache) ?? ask(past());
  return {
    byBuildId: (buildId) => either((profiles) => profiles.byBuildId(buildId)),
    byBanner: (banner) => either((profiles) => profiles.byBanner(banner)),
    keep: (profile, origin) => cache.keep(profile, origin),
    bannerOf: (file: TableFile) => cache.bannerOf(file) ?? past().bannerOf(file),
    keepBanner: (file, banner) => cache.keepBanner(file, banner),
    all: () => [...cache.all(), ...past().all()],
  };
}
