// One snapshot that is asked: the one road from a file to answers.
// What is remembered answers first, the answers of the snapshot before next, and memory last; what that gives is kept.
import { resolve } from 'node:path';
import { ForensicError, GoneSnapshot, UsageError } from '../base/errors.ts';
import type { Listener } from '../base/listener.ts';
import type { Row } from '../plugin/cell.ts';
import type { AnyPlugin } from '../plugin/contract.ts';
import { optionsOf } from '../plugin/options.ts';
import type { Facts } from '../report/answer.ts';
import type { KernelChoice } from '../session/linux/find-kernels.ts';
import type { Session } from '../session/session.ts';
import type { PastSnapshot } from '../store/interface.ts';
import type { RememberedAnswer, SnapshotIdentity } from '../store/store.ts';
import { sayWhich, snapshotsNamed } from './named-snapshots.ts';
import type { OpenSnapshot } from './open-snapshot.ts';
import { isOwn } from './own-plugins.ts';
import type { Recall } from './recall.ts';
import { bindingKey, type OpenSettings } from './settings.ts';
import { optionsKey, type TracedAnswer } from './traced-answer.ts';

/** How snapshots are asked. */
export interface Asking {
  readonly settings: OpenSettings;
  readonly recall: Recall;
  readonly listener: Listener;
  /** Files that the same command has asked before, which may be of the same machine. */
  readonly before?: readonly string[];
  /** True where the command asks others after this. */
  readonly isFollowed?: boolean;
}

/** Options of a question, parsed. */
type Chosen = Readonly<Record<string, unknown>>;

/** A question that will be asked, and how. */
interface Expected {
  readonly plugin: AnyPlugin;
  readonly options: Chosen;
  /** Present where bytes behind the rows are wanted: what is remembered has none. */
  readonly saving?: unknown;
}

/** All rows of an answer; those that were found where it failed on the way, and why it did. */
export interface WholeAnswer {
  readonly rows: readonly Row[];
  readonly notes: readonly string[];
  readonly failure: ForensicError | undefined;
}

/** One snapshot being asked about. */
export class Inquiry {
  readonly path: string;
  readonly #asking: Asking;
  readonly #identity: SnapshotIdentity | undefined;
  /** The number of a snapshot whose file is gone: all that can be known of it is remembered. */
  readonly #gone: number | undefined;
  #opened: OpenSnapshot | undefined;
  /** What is remembered of the snapshot: of a kernel that was perhaps searched for less closely than is wanted now. */
  readonly #remembered: Facts | undefined;
  #facts: Facts | undefined;
  #others: boolean | undefined;
  /** Questions that will be asked, and look for something in all of memory. */
  readonly #expected: Expected[] = [];

  private constructor(
    path: string,
    asking: Asking,
    identity: SnapshotIdentity | undefined,
    gone: number | undefined,
  ) {
    const { recall, settings } = asking;
    this.path = path;
    this.#asking = asking;
    this.#identity = identity;
    this.#remembered = identity === undefined ? undefined : recall.facts({ ...identity, path });
    if (isAsClose(this.#remembered, settings.search)) this.#facts = this.#remembered;
    this.#gone = gone;
    if (gone !== undefined) this.#facts = recall.past((history) => history.facts(gone));
  }

  /**
   * @param past what is remembered of the snapshot, where it was named by its machine: it answers for a file that is gone
   * @throws UsageError where `path` is `-`: memory is read in no order that a pipe could give
   */
  static async begin(path: string, asking: Asking, past?: PastSnapshot): Promise<Inquiry> {
    if (path === '-') throw new UsageError('- is no file: a snapshot cannot be read from a pipe');
    const { recall, settings } = asking;
    const identity = await recall.identify(path, bindingKey(settings));
    const isThere =
      past === undefined ||
      (identity !== undefined && recall.past((history) => history.find(identity)) === past.id);
    if (isThere) return new Inquiry(path, asking, identity, undefined);
    return new Inquiry(path, asking, undefined, past.id);
  }

  /** True where only what is remembered can answer. */
  get isGone(): boolean {
    return this.#gone !== undefined;
  }

  /** What is known of the snapshot and its kernel. @throws SnapshotError, ProfileError */
  async facts(): Promise<Facts> {
    this.#facts ??= (await this.session()).facts;
    return this.#facts;
  }

  /** The open snapshot, with the kernel found. @throws SnapshotError, ProfileError */
  async session(): Promise<Session> {
    return (await this.#open()).session;
  }

  /** Says what will be asked: what looks for something in all of memory does it at once for all of them. */
  expect(questions: readonly Expected[]): void {
    this.#expected.push(...questions.filter(({ plugin }) => plugin.scans !== undefined));
  }

  /** What is remembered of an answer: all rows and columns. */
  remembered(plugin: AnyPlugin, options: Chosen): RememberedAnswer | undefined {
    if (!this.#mayRemember(plugin, options)) return undefined;
    const { recall } = this.#asking;
    const key = optionsKey(plugin, options);
    const [identity, gone] = [this.#identity, this.#gone];
    return (
      (identity === undefined ? undefined : recall.answer(identity, plugin, key)) ??
      (gone === undefined ? undefined : recall.past((history) => history.answer(gone, plugin, key)))
    );
  }

  /**
   * All rows and columns from memory as they are found, and then into the cache. @param notes are told behind the last row
   * @param subjects is told what each row is about
   */
  async *ask(
    plugin: AnyPlugin,
    options: Chosen,
    notes: string[],
    subjects?: WeakMap<Row, unknown>,
  ): AsyncGenerator<Row> {
    const { recall } = this.#asking;
    const isKept = this.#identity !== undefined && this.#mayRemember(plugin, options);
    const open = await this.#openFor(plugin);
    const { sweep } = open;
    const { kernel } = open.session;
    const { runPlugin } = await import('../plugin/run.ts');
    const progress = this.#progressOf(plugin);
    const spool = isKept ? await recall.spool(plugin) : undefined;
    try {
      for await (const row of runPlugin(plugin, kernel, {
        options,
        progress,
        sweep,
        ...(subjects === undefined ? {} : { subjects }),
      })) {
        spool?.add(row);
        yield row;
      }
      notes.push(...kernel.notes.drain(), ...open.troubles); // those of reading too: asked for behind the last row
      if (spool === undefined) return;
      const answer = { rows: spool.rows, notes: [...notes] };
      await this.#keep((identity, facts) =>
        recall.keep(identity, facts, plugin, optionsKey(plugin, options), answer),
      );
    } finally {
      spool?.close();
    }
  }

  /**
   * Whole answers to questions with none of their options, by plugin: those of the snapshot before where they stand. What
   * is found is kept once all are answered.
   */
  async answers(plugins: readonly AnyPlugin[]): Promise<Map<string, WholeAnswer>> {
    const answers = new Map<string, WholeAnswer>();
    const found = new Map<AnyPlugin, TracedAnswer>();
    this.expect(plugins.map((plugin) => ({ plugin, options: {} })));
    for (const plugin of plugins) answers.set(plugin.name, await this.#whole(plugin, found));
    const { recall } = this.#asking;
    if (found.size > 0) await this.#keep((identity, facts) => recall.keepTraced(identity, facts, found));
    return answers;
  }

  close(): void {
    this.#opened?.close();
  }

  /** @param found gets the answer where it is to be kept */
  async #whole(plugin: AnyPlugin, found: Map<AnyPlugin, TracedAnswer>): Promise<WholeAnswer> {
    const rows: Row[] = [];
    try {
      const answer = this.remembered(plugin, {}) ?? (await this.#find(plugin, rows, found));
      return { rows: answer.rows, notes: answer.notes, failure: undefined };
    } catch (failure) {
      if (!(failure instanceof ForensicError)) throw failure;
      return { rows, notes: [failure.message], failure };
    } finally {
      this.#asking.listener.progress(plugin.name, 1, 1);
    }
  }

  /** A whole answer that is not remembered. @param rows gets those that are found */
  async #find(
    plugin: AnyPlugin,
    rows: Row[],
    found: Map<AnyPlugin, TracedAnswer>,
  ): Promise<RememberedAnswer> {
    const { recall, before = [], isFollowed = false } = this.#asking;
    const isKept = this.#identity !== undefined && this.#mayRemember(plugin, {});
    const hasOthers = isKept && (await this.#hasOthers(before));
    const open = await this.#openFor(plugin);
    const mayStand = hasOthers || (isKept && before.length > 0);
    let answer = mayStand ? recall.readable(open.standing(plugin)) : undefined;
    // To record what an answer is read from costs a tenth of the whole: that is paid where somebody may take it over.
    if (answer === undefined && (hasOthers || (isKept && isFollowed)))
      answer = await open.run(plugin, { progress: this.#progressOf(plugin), rows });
    if (answer !== undefined) {
      found.set(plugin, answer);
      return { rows: answer.rows, notes: [...answer.notes, ...open.troubles] };
    }
    const notes: string[] = [];
    for await (const row of this.ask(plugin, {}, notes)) rows.push(row);
    return { rows, notes };
  }

  /** Whether other snapshots of the machine are remembered than those that the same command has asked. */
  async #hasOthers(before: readonly string[]): Promise<boolean> {
    if (this.#others === undefined) {
      const facts = await this.facts();
      const own = [this.path, ...before].map((path) => resolve(path));
      this.#others = this.#asking.recall.past((history) => {
        const machine = history.machineOf(this.path, facts);
        return machine !== null && history.snapshots(machine).some(({ path }) => !own.includes(path));
      });
    }
    return this.#others === true;
  }

  /** Keeps what was found, where it is of one file: what was read while the file was being replaced is of none. */
  async #keep(keep: (identity: SnapshotIdentity, facts: Facts) => void): Promise<void> {
    const identity = this.#identity;
    if (identity === undefined || this.#opened!.troubles.length > 0) return;
    if (await this.#asking.recall.isCurrent(identity)) keep(identity, await this.facts());
  }

  /** The snapshot, told which questions will look through its memory beside this one: what is remembered need not. */
  async #openFor({ scans }: AnyPlugin): Promise<OpenSnapshot> {
    const open = await this.#open();
    if (scans === undefined) return open;
    const isAsked = ({ plugin, options, saving }: Expected): boolean =>
      saving !== undefined || this.remembered(plugin, options) === undefined;
    open.sweep.expect(this.#expected.splice(0).flatMap((each) => (isAsked(each) ? [each.plugin] : [])));
    return open;
  }

  async #open(): Promise<OpenSnapshot> {
    if (this.#gone !== undefined)
      throw new GoneSnapshot(
        `${this.path} is gone or another by now, and what is asked of it is not remembered`,
      );
    if (this.#opened === undefined) {
      const { OpenSnapshot } = await import('./open-snapshot.ts');
      const { settings, recall } = this.#asking;
      const roots = settings.search === 'whole' ? undefined : rootsIn(this.#facts);
      this.#opened = await OpenSnapshot.open(this.path, { ...settings, ...roots }, recall);
      this.#correct(this.#opened.facts);
    }
    return this.#opened;
  }

  /** Replaces what is remembered where the snapshot was searched less closely; answers of another kernel are forgotten. */
  #correct(facts: Facts): void {
    if (this.#identity === undefined || this.#remembered === undefined || this.#facts !== undefined) return;
    const { recall } = this.#asking;
    if (this.#remembered.kernel.pageTableRoot !== facts.kernel.pageTableRoot) recall.forget(this.#identity);
    recall.keepFacts(this.#identity, facts);
  }

  /** Whether the answer may come from the cache, and go there. */
  #mayRemember(plugin: AnyPlugin, options: Chosen): boolean {
    const isSecret = Object.entries(optionsOf(plugin)).some(
      ([name, option]) => 'secret' in option && options[name] === true,
    );
    return !isSecret && isOwn(plugin) && this.#asking.settings.limits === undefined;
  }

  #progressOf({ name }: AnyPlugin): (done: number, total: number) => void {
    return (done, total) => {
      const names = this.#opened?.sweep.names ?? [];
      this.#asking.listener.progress(names.length > 0 ? names.join(', ') : name, done, total);
    };
  }
}

/**
 * The snapshot that a word names, ready to be asked: a file, or the latest that is remembered of a machine. Which one
 * that is, is said. @throws UsageError, UnreadableFile
 */
export async function inquiryOf(word: string, asking: Asking): Promise<Inquiry> {
  const { recall, settings, listener } = asking;
  const [named] = snapshotsNamed(word, recall, bindingKey(settings), 1);
  const { path, past } = named ?? { path: word };
  const inquiry = await Inquiry.begin(path, asking, past);
  if (named !== undefined) sayWhich(word, named, inquiry.isGone, listener);
  return inquiry;
}

/** The closer a search, the higher. */
const CLOSENESS = { quick: 0, part: 0, proof: 1, whole: 2 } as const;

/** Whether facts tell of a search that was as close as the one wanted. */
const isAsClose = (facts: Facts | undefined, wanted: OpenSettings['search']): boolean =>
  facts !== undefined && CLOSENESS[facts.kernel.search] >= CLOSENESS[wanted];

/** Where the kernels of this very file are, which a search found before. */
const rootsIn = (facts: Facts | undefined): Pick<KernelChoice, 'roots'> =>
  facts === undefined ? {} : { roots: facts.kernel.kernels.map(({ pageTableRoot }) => pageTableRoot) };
