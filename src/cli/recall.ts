import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { resolve } from 'node:path';
import type { PhysicalAddress } from '../base/address.ts';
import { StoreError } from '../base/errors.ts';
import { version } from '../files/version.ts';
import type { ExtentMemories } from '../memory/extents.ts';
import type { MapPiece } from '../memory/origin.ts';
import type { Row } from '../plugin/cell.ts';
import type { AnyPlugin } from '../plugin/contract.ts';
import type { Profile, ProfileShelf } from '../profile/profile.ts';
import type { NewAnswer, RememberedAnswer, RememberedFacts, SnapshotIdentity } from '../store/door.ts';
import type { AskedStore } from '../store/joined.ts';
import type { ProfileMemory } from './profile-shelf.ts';
import { partStores, type StorePlaces } from './store-places.ts';
import { complain } from './terminal/output.ts';

/** What the user forced of how a file is opened. */
interface Forced {
  readonly base?: number;
  readonly map?: readonly MapPiece[];
  readonly profile?: Profile;
  readonly kernel?: number;
}

/** What makes one binding of a file differ from another: a base address, a layout, a profile or a kernel that the user forced. */
export const bindingKey = ({ base, map, profile, kernel }: Forced): string =>
  base === undefined && map === undefined && profile === undefined && kernel === undefined
    ? ''
    : createHash('sha256')
        .update(
          JSON.stringify([
            base ?? null,
            profile ?? null,
            ...(kernel === undefined ? [] : [kernel]),
            ...(map === undefined ? [] : [map]),
          ]),
        )
        .digest('hex')
        .slice(0, 16);

/** The files that are read as one with this one, in order; none where it is by itself. */
export async function pathsOfPieces(path: string): Promise<string[]> {
  const { mayBePiece } = await import('../snapshot/may-be-piece.ts');
  if (!mayBePiece(path)) return [];
  const { pathsOf, piecesOf } = await import('../snapshot/pieces.ts');
  return pathsOf(piecesOf(path));
}

/** Rows that wait to be remembered. */
export interface Spool {
  readonly rows: NewAnswer['rows'];
  add(row: Row): void;
  close(): void;
}

/** The cache as commands see it: whatever goes wrong with it costs one warning and the speed, never the answer. */
export class Recall {
  #store: AskedStore | undefined;

  private constructor(store: AskedStore | undefined) {
    this.#store = store;
  }

  /** Opens the cache, and what scans recorded; `places` undefined means that none is wanted. */
  static async open(places: StorePlaces | undefined): Promise<Recall> {
    const recall = new Recall(undefined);
    if (places === undefined) return recall;
    const { Store } = await import('../store/store.ts');
    const { cache, history } = places;
    const store = recall.#guard(() => Store.open(cache, version()));
    recall.#store = store;
    if (store === undefined || history === undefined) return recall;
    if (store.scans.isUsed()) await partStores(places).catch(explained);
    if (!existsSync(history)) return recall;
    const { JoinedStore } = await import('../store/joined.ts');
    recall.#store = new JoinedStore(store, () => Store.openReadonly(history, version()));
    return recall;
  }

  /** The identity of a file as it is now, or undefined where nothing can be remembered of it. */
  async identify(path: string, binding: string): Promise<SnapshotIdentity | undefined> {
    if (this.#store === undefined) return undefined;
    const { keyOf } = await import('../store/key.ts');
    const key = keyOf(path, Date.now(), await pathsOfPieces(path));
    return key === null ? undefined : { path: resolve(path), key, binding };
  }

  /** True where the file is still what it was when it was identified. */
  async isCurrent({ path, key }: SnapshotIdentity): Promise<boolean> {
    if (this.#store === undefined) return false;
    const { isSameKey, keyOf } = await import('../store/key.ts');
    const now = keyOf(path, Date.now(), await pathsOfPieces(path));
    return now !== null && isSameKey(now, key);
  }

  facts(identity: SnapshotIdentity): RememberedFacts | undefined {
    return this.#guard((store) => store.facts(identity));
  }

  answer(identity: SnapshotIdentity, plugin: AnyPlugin, options: string): RememberedAnswer | undefined {
    return this.#guard((store) => store.answer(identity, plugin, options));
  }

  /** Remembers facts in place of those that were remembered. */
  keepFacts(identity: SnapshotIdentity, facts: RememberedFacts): void {
    this.#guard((store) => store.keepFacts(identity, facts));
  }

  /** Forgets a snapshot and all answers about it. */
  forget(identity: SnapshotIdentity): void {
    this.#guard((store) => store.forgetSnapshot(identity));
  }

  keep(
    identity: SnapshotIdentity,
    facts: RememberedFacts,
    plugin: AnyPlugin,
    options: string,
    answer: NewAnswer,
  ): void {
    this.#guard((store) => store.keep(identity, facts, plugin, options, answer));
  }

  /** Where the rows of an answer can wait until all are found; undefined where nothing is remembered. */
  async spool(plugin: AnyPlugin): Promise<Spool | undefined> {
    if (this.#store === undefined) return undefined;
    const { RowSpool } = await import('../store/spool.ts');
    const rows = new RowSpool(plugin);
    return { rows, add: (row) => this.#guard((_store) => rows.add(row)), close: () => rows.close() };
  }

  /** Asks the past; undefined where there is none to ask. */
  past<T>(ask: (history: AskedStore['history']) => T): T | undefined {
    return this.#guard((store) => ask(store.history));
  }

  /** What sweeps of this machine's earlier snapshots left; nothing where no machine is told. */
  async extents(facts: RememberedFacts): Promise<ExtentMemories | undefined> {
    if (this.#store === undefined) return undefined;
    const { placeOf } = await import('../store/place.ts');
    const { machine } = placeOf(facts);
    if (machine === null) return undefined;
    return (scanner) => {
      const kept = this.#guard((store) => store.extents.of(machine, scanner));
      if (kept === undefined) return null;
      const { secret, recall } = kept;
      return { secret, recall, remember: (tags) => this.#guard((_store) => kept.remember(tags)) };
    };
  }

  /** Where to look for a kernel first: where it was in the snapshots before. */
  likely(): readonly PhysicalAddress[] {
    return this.#guard((store) => store.history.vmcoreinfoPages()) ?? [];
  }

  /** The profiles that are remembered, and those in folders. The code for them is loaded where a snapshot is opened. */
  async shelf(folder?: string): Promise<ProfileShelf> {
    const { Shelf, usualFolders } = await import('./profile-shelf.ts');
    const first = folder === undefined ? {} : { first: folder };
    return new Shelf(this.#profiles(), { ...first, others: usualFolders() });
  }

  #profiles(): ProfileMemory {
    const recall = this;
    return {
      byBuildId: (buildId) => this.#guard((store) => store.profiles.byBuildId(buildId)),
      byBanner: (banner) => this.#guard((store) => store.profiles.byBanner(banner)),
      keep: (profile, origin) => this.#guard((store) => store.profiles.keep(profile, origin)),
      bannerOf: (file) => this.#guard((store) => store.profiles.bannerOf(file)),
      keepBanner: (file, banner) => this.#guard((store) => store.profiles.keepBanner(file, banner)),
      get count() {
        return recall.#guard((store) => store.profiles.all().length) ?? 0;
      },
    };
  }

  close(): void {
    this.#store?.close();
  }

  /** Does something with the store; after its first failure there is no store any more. */
  #guard<T>(action: (store: AskedStore) => T): T | undefined {
    if (this.#store === undefined && action.length > 0) return undefined;
    try {
      return action(this.#store!);
    } catch (error) {
      if (!(error instanceof StoreError)) throw error;
      complain(`${error.message}; going on without it`);
      this.#store = undefined;
      return undefined;
    }
  }
}

/** What could not be moved stays where it is, and can be asked there. */
function explained(error: unknown): void {
  if (!(error instanceof StoreError)) throw error;
  complain(error.message);
}
