// What is remembered, as those see it who ask snapshots: facts, answers, what they were read from, profiles.
// For commands the cache is a convenience: whatever goes wrong with it costs one warning and the speed, never the answer.
import { existsSync } from 'node:fs';
import { resolve } from 'node:path';
import type { PhysicalAddress } from '../base/address.ts';
import { StoreError } from '../base/errors.ts';
import type { Listener } from '../base/listener.ts';
import { version } from '../files/version.ts';
import type { ExtentMemories } from '../memory/extents.ts';
import type { Row } from '../plugin/cell.ts';
import type { AnyPlugin } from '../plugin/contract.ts';
import type { ProfileSource } from '../profile/profile.ts';
import type { KeptReads } from '../store/extents.ts';
import { ForgottenRows } from '../store/forgotten.ts';
import type { AskedStore } from '../store/joined.ts';
import type { NewAnswer, RememberedAnswer, RememberedFacts, SnapshotIdentity } from '../store/remembered.ts';
import { partStores, type StorePaths } from './store-paths.ts';
import { NO_OPTIONS, type TracedAnswer } from './traced-answer.ts';

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

/** The store as those see it who ask: every answer that it has spares reading. */
export class Recall {
  readonly #listener: Listener;
  /** False where a store that fails costs a warning and the speed; true where it costs the answer. */
  readonly #isStrict: boolean;
  readonly #profiles: Pick<AskedStore, 'profiles'> | undefined;
  readonly #profileSources = new Map<string | undefined, Promise<ProfileSource>>();
  #store: AskedStore | undefined;

  private constructor(
    listener: Listener,
    store?: AskedStore,
    { isStrict = false, profiles }: { isStrict?: boolean; profiles?: Pick<AskedStore, 'profiles'> } = {},
  ) {
    this.#listener = listener;
    this.#store = store;
    this.#isStrict = isStrict;
    this.#profiles = profiles;
  }

  /** Opens the cache, and what scans recorded; `places` undefined means that none is wanted. */
  static async open(places: StorePaths | undefined, listener: Listener): Promise<Recall> {
    const recall = new Recall(listener);
    if (places === undefined) return recall;
    const { Store } = await import('../store/store.ts');
    const { cache, history } = places;
    const store = recall.#guard(() => Store.open(cache, version()));
    recall.#store = store;
    if (store === undefined || history === undefined) return recall;
    if (store.scans.isUsed())
      await partStores(places, listener).catch((error: unknown) => explain(error, listener));
    if (!existsSync(history)) return recall;
    const { JoinedStore } = await import('../store/joined.ts');
    recall.#store = new JoinedStore(store, () => Store.openReadonly(history, version()));
    return recall;
  }

  /**
   * What a scan remembers, in a store that it opened: whatever is wrong with that is thrown. Answers are taken over from
   * there alone. @param profiles may know more than the store does
   */
  static strictly(store: AskedStore, profiles: Pick<AskedStore, 'profiles'>, listener: Listener): Recall {
    return new Recall(listener, store, { isStrict: true, profiles });
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

  /** The latest answer to a question on the same basis, and what it was read from. */
  readsFor(basis: string, plugin: AnyPlugin, options: string): KeptReads | undefined {
    return this.#guard((store) => store.extents.readsFor(basis, plugin, options));
  }

  /** Remembers facts in place of those that were remembered. */
  keepFacts(identity: SnapshotIdentity, facts: RememberedFacts): void {
    this.#guard((store) => store.keepFacts(identity, facts));
  }

  /** Forgets a snapshot and all answers about it. */
  forget(identity: SnapshotIdentity): void {
    this.#guard((store) => store.forgetSnapshot(identity));
  }

  keep(...remembered: Parameters<AskedStore['keep']>): void {
    this.#guard((store) => store.keep(...remembered));
  }

  /** Keeps whole answers, all or none, with what they were read from: the machine's next snapshot may take them over. */
  keepTraced(
    identity: SnapshotIdentity,
    facts: RememberedFacts,
    answers: ReadonlyMap<AnyPlugin, TracedAnswer>,
  ): void {
    this.#guard((store) =>
      store.scans.atomically(() => {
        for (const [plugin, answer] of answers) {
          const number = store.keep(identity, facts, plugin, NO_OPTIONS, answer);
          const { trace } = answer;
          if (trace !== undefined)
            store.extents.keepReads(number, plugin, NO_OPTIONS, trace.basis, trace.reads);
        }
      }),
    );
  }

  /** An answer that was kept elsewhere, with its rows; undefined where they are lost: then asking anew helps. */
  readable(answer: TracedAnswer | undefined): TracedAnswer | undefined {
    return this.#guard((_store) => {
      try {
        return answer === undefined ? undefined : { ...answer }; // rows are read when they are first asked for
      } catch (error) {
        if (!(error instanceof ForgottenRows)) throw error;
        return undefined;
      }
    });
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
    const { provenanceOf } = await import('../store/provenance.ts');
    const { machine } = provenanceOf(facts);
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
  profileSource(folder?: string): Promise<ProfileSource> {
    let profileSource = this.#profileSources.get(folder);
    if (profileSource === undefined) {
      profileSource = this.#sourceOf(folder);
      this.#profileSources.set(folder, profileSource);
    }
    return profileSource;
  }

  async #sourceOf(folder: string | undefined): Promise<ProfileSource> {
    const { profileMemory, ProfileLookup, usualFolders } = await import('./profile-sources.ts');
    const first = folder === undefined ? {} : { first: folder };
    const memory = profileMemory((ask) => this.#guard((store) => ask((this.#profiles ?? store).profiles)));
    return new ProfileLookup(memory, { ...first, others: usualFolders() }, this.#listener);
  }

  close(): void {
    this.#store?.close();
  }

  /** Does something with the store; after its first failure there is no store any more, unless this is strict. */
  #guard<T>(action: (store: AskedStore) => T): T | undefined {
    if (this.#store === undefined && action.length > 0) return undefined;
    try {
      return action(this.#store!);
    } catch (error) {
      if (this.#isStrict || !(error instanceof StoreError)) throw error;
      this.#listener.warn(`${error.message}; going on without it`);
      this.#store = undefined;
      return undefined;
    }
  }
}

/** What could not be moved stays where it is, and can be asked there. */
function explain(error: unknown, listener: Listener): void {
  if (!(error instanceof StoreError)) throw error;
  listener.warn(error.message);
}
