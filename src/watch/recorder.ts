import { basename } from 'node:path';
import { UnreadableFile } from '../base/errors.ts';
import { type Comparison, compare, compareForRules } from '../diff/comparison.ts';
import type { AnyPlugin } from '../plugin/contract.ts';
import type { RememberedFacts, SnapshotIdentity } from '../store/door.ts';
import { ForgottenRows } from '../store/forgotten.ts';
import { placeOf } from '../store/place.ts';
import type { ScannedSnapshot } from '../store/scans.ts';
import { type Candidate, identify } from './candidates.ts';
import type { Recorded } from './event.ts';
import { Failures } from './failures.ts';
import { isNews, type Judgement, keptVerdict, weigh } from './judgement.ts';
import { isSameState, type Listed, stateOf } from './listing.ts';
import { cutIn, type Reading } from './reading.ts';
import { NO_OPTIONS, type TracedAnswer } from './reuse.ts';
import type { ScanChoice, ScanParts } from './scan.ts';
import { countDifferences, isWorthTelling } from './wording.ts';

/** Whole answers of one snapshot. */
type Answers = ReadonlyMap<string, TracedAnswer>;

/** What is known of a snapshot. */
interface Known {
  readonly facts: RememberedFacts;
  readonly answers: Answers;
}

/** The snapshot before of the same machine, and what differs in what the scan asks. */
interface Compared extends Known {
  readonly comparison: Comparison;
  /** The questions that were asked of both. */
  readonly plugins: readonly AnyPlugin[];
  readonly remarks: readonly string[];
}

/** Asks a new snapshot, compares it with the one before, and records both results. */
export class Recorder {
  readonly #choice: ScanChoice;
  readonly #parts: ScanParts;
  readonly #failures: Failures;
  /** Those of the scan, and those that the policy has to know answers of. */
  readonly #questions: readonly AnyPlugin[];

  constructor(choice: ScanChoice, parts: ScanParts) {
    this.#choice = choice;
    this.#parts = parts;
    this.#failures = new Failures(choice, parts);
    this.#questions = [...new Set([...choice.plugins, ...(parts.judge?.questions ?? [])])];
  }

  /** @throws StoreError */
  async record(candidate: Candidate): Promise<void> {
    const { file } = candidate;
    const opening = new Opening(() => this.#parts.open(file.path), candidate.reading);
    try {
      await this.#record(candidate, opening).catch((error: unknown) => {
        if (!(error instanceof ForgottenRows)) throw error;
        // Another process has forgotten the snapshot that an answer was taken over from: once more, without it.
        return this.#record(candidate, opening);
      });
    } catch (error) {
      // Ctrl-C ends the process that reads too: that is no fault of the file.
      if (this.#parts.signal?.aborted !== true) this.#failures.failed(file, error);
    } finally {
      opening.close();
    }
  }

  async #record({ file, taken }: Candidate, opening: Opening): Promise<void> {
    const { store, tell } = this.#parts;
    const { path, state } = file;
    const identity = identify(file, this.#choice.binding);
    if (identity === undefined || !isSameState(identity.key, state))
      return this.#failures.failed(file, new UnreadableFile(`cannot read ${path}`));
    const facts = store.facts(identity) ?? (await opening.reading()).facts;
    const cut = cutIn(facts.snapshot.notes);
    if (cut !== undefined) return this.#failures.cut(file, cut);
    const twin = store.scans.twinOf(identity, facts);
    if (twin !== undefined) {
      store.scans.note(path, state, 'again', { taken }, twin.id);
      return tell({ kind: 'again', path, of: twin.path });
    }
    const answers = await this.#ask(identity, opening);
    if (answers === undefined) return; // there is to be an end: all of it next time
    const [trouble] = opening.troubles;
    const now = stateOf(path);
    if (trouble !== undefined || now === undefined || !isSameState(now, state))
      return this.#failures.unsound(file, trouble ?? 'it was changed while it was read');
    return this.#keep(file, identity, this.#judged({ path, facts, taken, file }, answers), answers);
  }

  /** All answers, those that are remembered from earlier questions as they were; undefined where the scan is to end. */
  async #ask(identity: SnapshotIdentity, opening: Opening): Promise<Answers | undefined> {
    const answers = new Map<string, TracedAnswer>();
    for (const plugin of this.#questions) {
      // Whoever wants an end is heard between two questions.
      await new Promise((resolve) => setImmediate(resolve));
      if (this.#parts.signal?.aborted === true) return undefined;
      const remembered = this.#parts.store.answer(identity, plugin, NO_OPTIONS);
      answers.set(plugin.name, remembered ?? (await (await opening.reading()).answer(plugin)));
    }
    return answers;
  }

  #judged(
    { path, facts, taken, file }: { path: string; facts: RememberedFacts; taken: string; file: Listed },
    answers: Answers,
  ): Recorded {
    const { store, judge } = this.#parts;
    const { machine, hostname } = placeOf(facts);
    const before = machine === null ? undefined : store.scans.before(machine, taken);
    const later = machine === null ? undefined : store.scans.contradicting(machine, taken, file.state);
    const compared = before === undefined ? undefined : this.#compared(before, facts, answers);
    const { comparison, plugins = [], remarks = [] } = compared ?? {};
    const counts = countDifferences(comparison?.tables ?? []);
    const judgement = this.#judgement({ facts, answers }, machine, taken, compared);
    const isOtherPolicy = judgement?.isOtherPolicy === true;
    return {
      path,
      facts,
      machine: hostname ?? machine,
      taken,
      previous: compared === undefined ? null : { path: before!.path, facts: compared.facts },
      comparison: comparison ?? null,
      plugins,
      counts,
      judgement,
      remarks: [
        ...(later === undefined ? [] : [clockRemark(later)]),
        ...remarks,
        ...(judge?.remarksOn(facts.kernel) ?? []),
        ...(isOtherPolicy ? ['the policy is not what it was'] : []),
      ],
      isNews: this.#isNews(judgement, comparison?.relation.boot === 'other' || isWorthTelling(counts)),
    };
  }

  /** Whoever names a severity wants to hear of findings alone. */
  #isNews(judgement: Judgement | null, differs: boolean): boolean {
    const { failOn } = this.#choice;
    const isFound = judgement !== null && isNews(judgement, failOn);
    return isFound || (failOn === undefined && differs);
  }

  /** What the policy says, weighed against what it last said of the machine. */
  #judgement(
    now: Known,
    machine: string | null,
    taken: string,
    before: Compared | undefined,
  ): Judgement | null {
    const { judge, store, surroundings } = this.#parts;
    if (judge === undefined) return null;
    const { facts, answers } = now;
    const previous =
      before === undefined
        ? `there is no snapshot before it to compare with${machine === null ? ': nothing tells which machine this is' : ''}`
        : {
            answers: before.answers,
            comparison: compareForRules(comparable(before), comparable(now), judge.compared),
          };
    const today = new Date(surroundings.now()).toISOString().slice(0, 10);
    const verdict = judge.verdictOn({ ...facts, answers, previous }, today);
    const past = machine === null ? undefined : store.findings.before(machine, taken, verdict.policy);
    return weigh(verdict, judge.digest, past);
  }

  /** What differs from a snapshot of which only the store needs to know. */
  #compared(before: ScannedSnapshot, facts: RememberedFacts, answers: Answers): Compared | undefined {
    const { history } = this.#parts.store;
    const factsBefore = history.facts(before.id);
    if (factsBefore === undefined) return undefined;
    const earlier = new Map<string, TracedAnswer>();
    for (const plugin of this.#questions) {
      // An answer that was taken over from that snapshot is its own: read once for both, if at all.
      const now = answers.get(plugin.name);
      const answer = now?.kept?.snapshotId === before.id ? now : history.answer(before.id, plugin);
      if (answer !== undefined) earlier.set(plugin.name, answer);
    }
    const plugins = this.#choice.plugins.filter(({ name }) => earlier.has(name));
    const without = this.#choice.plugins.filter((plugin) => !plugins.includes(plugin));
    const past = { facts: factsBefore, answers: earlier };
    const comparison = compare(comparable(past), comparable({ facts, answers }), plugins);
    const { boot, kernel } = comparison.relation;
    const remarks = [
      ...(boot === 'other' ? ['rebooted'] : []),
      ...(kernel === 'other' ? [`another kernel, ${facts.kernel.release}`] : []),
      ...(without.length === 0
        ? []
        : [`${basename(before.path)} was not asked for ${without.map(({ name }) => name).join(', ')}`]),
    ];
    return { comparison, plugins, remarks, facts: factsBefore, answers: earlier };
  }

  /** Rows, notes, what the policy says, what came of the file and what is to be told of it: all or nothing. */
  #keep(file: Listed, identity: SnapshotIdentity, recorded: Recorded, answers: Answers): void {
    const { store, channels, messageOf, tell, judge, reporter } = this.#parts;
    const { judgement } = recorded;
    const messages = recorded.isNews
      ? channels.map(({ name }) => ({ channel: name, ...messageOf(recorded, name) }))
      : [];
    store.scans.atomically(() => {
      for (const plugin of this.#questions)
        store.keep(identity, recorded.facts, plugin, NO_OPTIONS, answers.get(plugin.name)!);
      const id = store.history.find(identity);
      for (const plugin of this.#questions) {
        const { trace } = answers.get(plugin.name)!;
        if (id !== undefined && trace !== undefined)
          store.extents.keepReads(id, plugin, NO_OPTIONS, trace.basis, trace.reads);
      }
      store.scans.note(file.path, file.state, 'recorded', { taken: recorded.taken }, id ?? null);
      if (id !== undefined && judgement !== null) store.findings.keep(id, keptVerdict(judgement, judge!));
      if (id !== undefined && reporter !== undefined) store.reports.owe(id, reporter.folder);
      for (const message of messages) store.outbox.queue(message);
    });
    tell({ kind: 'recorded', recorded });
  }
}

const comparable = ({ facts: { kernel }, answers }: Known) => ({ kernel, answers });

const clockRemark = ({ path, taken }: ScannedSnapshot): string =>
  `taken before ${basename(path)} (${taken}) by the guest’s clock, though its file is newer`;

/** A snapshot that is opened when it is needed: the store may have all that is asked for. */
class Opening {
  readonly #open: () => Promise<Reading>;
  #reading: Reading | undefined;

  constructor(open: () => Promise<Reading>, reading: Reading | undefined) {
    this.#open = open;
    this.#reading = reading;
  }

  async reading(): Promise<Reading> {
    this.#reading ??= await this.#open();
    return this.#reading;
  }

  get troubles(): readonly string[] {
    return this.#reading?.troubles ?? [];
  }

  close(): void {
    this.#reading?.close();
    this.#reading = undefined;
  }
}
