import type { Limits } from '../base/budget.ts';
import { ForensicError, GoneSnapshot, UsageError } from '../base/errors.ts';
import type { MapPiece } from '../memory/origin.ts';
import type { Row } from '../plugin/cell.ts';
import type { AnyPlugin } from '../plugin/contract.ts';
import { Observer } from '../plugin/observation.ts';
import { optionsOf, usualValue } from '../plugin/options.ts';
import type { Profile } from '../profile/profile.ts';
import type { Answer, Facts } from '../report/answer.ts';
import type { KernelChoice } from '../session/linux/find-kernels.ts';
import type { Session } from '../session/session.ts';
import type { PastSnapshot } from '../store/door.ts';
import type { RememberedAnswer, SnapshotIdentity } from '../store/store.ts';
import type { Saving } from './commands/saving.ts';
import { isOwn } from './flags/plugin-files.ts';
import { type Selection, sortRows } from './flags/selection.ts';
import { Sieve } from './flags/sieve.ts';
import { sayWhich, snapshotsNamed } from './named-snapshots.ts';
import { bindingKey, type Recall } from './recall.ts';
import { clearProgress, showProgress } from './terminal/output.ts';

/** How snapshots are opened, whatever is asked of them. */
export interface OpenSettings {
  readonly base?: number;
  /** Where each piece of a raw file belongs. */
  readonly map?: readonly MapPiece[];
  readonly profile?: Profile;
  /** Where to look first for the profile of a kernel that does not describe itself. */
  readonly profileFolder?: string;
  /** What one question may cost, where the user says. Such answers are not remembered, and none is asked of the cache. */
  readonly limits?: Partial<Limits>;
  /** Which of the snapshot's kernels to show. */
  readonly kernel?: number;
  /** How far other kernels are searched for. */
  readonly search: NonNullable<KernelChoice['search']>;
}

/** One plugin to be run, as the command line wants it. */
export interface Question {
  readonly plugin: AnyPlugin;
  readonly options: Readonly<Record<string, unknown>>;
  readonly selection: Selection;
  /** Where the bytes behind the rows that are shown are written, where they are. */
  readonly saving?: Saving;
}

/** An answer that knows what filters and `--limit` kept back. */
export interface LimitedAnswer extends Answer {
  /** Why no row has passed the filters, as sentences that quote the evidence: whole after the last row. */
  readonly remarks: readonly string[];
  /** Rows that were found and not shown: known after the last row. */
  readonly withheld: number;
}

/** One snapshot being asked about: the cache answers what it can, the snapshot is opened for the rest. */
export class Inquiry {
  readonly path: string;
  readonly #settings: OpenSettings;
  readonly #recall: Recall;
  readonly #identity: SnapshotIdentity | undefined;
  /** The number of a snapshot whose file is gone: all that can be known of it is remembered. */
  readonly #gone: number | undefined;
  #session: Session | undefined;
  /** What is remembered of the snapshot: of a kernel that was perhaps searched for less closely than is wanted now. */
  readonly #remembered: Facts | undefined;
  #facts: Facts | undefined;

  private constructor(
    path: string,
    settings: OpenSettings,
    recall: Recall,
    identity: SnapshotIdentity | undefined,
    gone: number | undefined,
  ) {
    this.path = path;
    this.#settings = settings;
    this.#recall = recall;
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
  static async begin(
    path: string,
    settings: OpenSettings,
    recall: Recall,
    past?: PastSnapshot,
  ): Promise<Inquiry> {
    if (path === '-') throw new UsageError('- is no file: a snapshot cannot be read from a pipe');
    const identity = await recall.identify(path, bindingKey(settings));
    const isThere =
      past === undefined ||
      (identity !== undefined && recall.past((history) => history.find(identity)) === past.id);
    if (isThere) return new Inquiry(path, settings, recall, identity, undefined);
    return new Inquiry(path, settings, recall, undefined, past.id);
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
    if (this.#gone !== undefined)
      throw new GoneSnapshot(
        `${this.path} is gone or another by now, and what is asked of it is not remembered`,
      );
    if (this.#session === undefined) {
      const { openSession } = await import('../session/session.ts');
      const { profileFolder, ...settings } = this.#settings;
      const shelf = await this.#recall.shelf(profileFolder);
      const likely = this.#recall.likely();
      const roots = settings.search === 'whole' ? undefined : rootsIn(this.#facts);
      this.#session = openSession(this.path, { ...settings, ...roots, shelf, likely });
      const { snapshot, facts } = this.#session;
      snapshot.memory.extents = await this.#recall.extents(facts);
      this.#correct(facts);
    }
    return this.#session;
  }

  /** Replaces what is remembered where the snapshot was searched less closely; answers of another kernel are forgotten. */
  #correct(facts: Facts): void {
    if (this.#identity === undefined || this.#remembered === undefined || this.#facts !== undefined) return;
    if (this.#remembered.kernel.pageTableRoot !== facts.kernel.pageTableRoot)
      this.#recall.forget(this.#identity);
    this.#recall.keepFacts(this.#identity, facts);
  }

  /** The answer to a question; rows are found when they are asked for. */
  answer(question: Question): LimitedAnswer {
    const { plugin, selection } = question;
    const notes: string[] = [];
    const remarks: string[] = [];
    const observations: string[] = [];
    const answer: { -readonly [K in keyof LimitedAnswer]: LimitedAnswer[K] } = {
      plugin,
      columns: selection.columns,
      named: selection.named,
      kept: selection.kept,
      sorted: selection.order.length > 0,
      notes,
      remarks,
      observations,
      failure: undefined,
      withheld: 0,
      rows: {
        [Symbol.asyncIterator]: () => this.#rows(question, { notes, remarks, observations }, answer),
      },
    };
    return answer;
  }

  close(): void {
    this.#session?.close();
  }

  /** Rows are given on as they are found, but where they are to be sorted. */
  async *#rows(
    question: Question,
    said: Record<'notes' | 'remarks' | 'observations', string[]>,
    outcome: { failure: ForensicError | undefined; withheld: number },
  ): AsyncGenerator<Row> {
    const { plugin, options, selection, saving } = question;
    const { order, limit } = selection;
    const subjects = saving === undefined ? undefined : new WeakMap<Row, unknown>();
    const shown: Row[] = [];
    const sieve = new Sieve(selection.tests());
    const observer = new Observer(plugin.observations);
    const gathered: Row[] = [];
    let given = 0;
    try {
      const isGiven = (row: Row): boolean => {
        observer.see(row);
        if (!sieve.passes(row)) return false;
        if (order.length === 0) {
          if (subjects !== undefined && given < limit) shown.push(row);
          return given++ < limit;
        }
        gathered.push(row);
        return false;
      };
      // What is remembered has no bytes.
      const remembered = saving === undefined ? this.#recalled(plugin, options) : undefined;
      if (remembered === undefined) {
        for await (const row of this.#asked(plugin, options, said.notes, subjects))
          if (isGiven(row)) yield row;
      } else {
        // Each row that is waited for costs more than it does to read it.
        for (const row of remembered.rows) if (isGiven(row)) yield row;
        said.notes.push(...remembered.notes);
      }
      said.notes.push(...sieve.notes);
      said.remarks.push(...sieve.remarks);
      said.observations.push(...observer.sentences());
      outcome.withheld = Math.max(0, given + gathered.length - limit);
      const sorted = sortRows(gathered, order).slice(0, limit);
      yield* sorted;
      if (subjects !== undefined)
        said.notes.push(...saving!.save(plugin, await this.session(), [...shown, ...sorted], subjects));
    } catch (error) {
      if (!(error instanceof ForensicError)) throw error;
      outcome.failure = error;
    } finally {
      clearProgress();
    }
  }

  /** What is remembered of a snapshot whose file is gone. */
  #past(plugin: AnyPlugin, key: string): RememberedAnswer | undefined {
    const gone = this.#gone;
    return gone === undefined ? undefined : this.#recall.past((history) => history.answer(gone, plugin, key));
  }

  /** What is remembered: all rows and columns. */
  #recalled(plugin: AnyPlugin, options: Question['options']): RememberedAnswer | undefined {
    if (!this.#mayRemember(plugin, options)) return undefined;
    const identity = this.#identity;
    const key = optionsKey(plugin, options);
    return (
      (identity === undefined ? undefined : this.#recall.answer(identity, plugin, key)) ??
      this.#past(plugin, key)
    );
  }

  /** Whether the answer may come from the cache, and go there. */
  #mayRemember(plugin: AnyPlugin, options: Question['options']): boolean {
    const isSecret = Object.entries(optionsOf(plugin)).some(
      ([name, option]) => 'secret' in option && options[name] === true,
    );
    return !isSecret && isOwn(plugin) && this.#settings.limits === undefined;
  }

  /** All rows and columns from the snapshot, and then into the cache. Notes are told behind the last. */
  async *#asked(
    plugin: AnyPlugin,
    options: Question['options'],
    notes: string[],
    subjects?: WeakMap<Row, unknown>,
  ): AsyncGenerator<Row> {
    const key = optionsKey(plugin, options);
    const identity = this.#mayRemember(plugin, options) ? this.#identity : undefined;
    const { kernel, snapshot } = await this.session();
    const facts = await this.facts();
    const { runPlugin } = await import('../plugin/run.ts');
    const progress = (done: number, total: number): void => showProgress(plugin.name, done, total);
    const spool = identity === undefined ? undefined : await this.#recall.spool(plugin);
    try {
      for await (const row of runPlugin(plugin, kernel, {
        options,
        progress,
        ...(subjects === undefined ? {} : { subjects }),
      })) {
        spool?.add(row);
        yield row;
      }
      notes.push(...kernel.notes.drain(), ...snapshot.file.troubles);
      // What was read while the file was being replaced is of no one file.
      const isSound = snapshot.file.troubles.length === 0;
      if (
        identity !== undefined &&
        spool !== undefined &&
        isSound &&
        (await this.#recall.isCurrent(identity))
      )
        this.#recall.keep(identity, facts, plugin, key, { rows: spool.rows, notes: [...notes] });
    } finally {
      spool?.close();
    }
  }
}

/**
 * The snapshot that a word names, ready to be asked: a file, or the latest that is remembered of a machine. Which one
 * that is, is said on stderr. @throws UsageError, UnreadableFile
 */
export async function inquiryOf(word: string, settings: OpenSettings, recall: Recall): Promise<Inquiry> {
  const [named] = snapshotsNamed(word, recall, bindingKey(settings), 1);
  const { path, past } = named ?? { path: word };
  const inquiry = await Inquiry.begin(path, settings, recall, past);
  if (named !== undefined) sayWhich(word, named, inquiry.isGone);
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

/** Options as one text, the same for the same choice whatever the order of flags: without what is usual. */
function optionsKey(plugin: AnyPlugin, options: Question['options']): string {
  const declared = optionsOf(plugin);
  const isUsual = (name: string, value: unknown): boolean =>
    value === undefined ||
    (declared[name] !== undefined && JSON.stringify(value) === JSON.stringify(usualValue(declared[name])));
  const chosen = Object.entries(options).filter(([name, value]) => !isUsual(name, value));
  return JSON.stringify(Object.fromEntries(chosen.sort(([a], [b]) => (a < b ? -1 : 1))));
}
