// Analyses one new snapshot: asks, compares with the one before, judges, and records everything.
// All of it is one transaction.
import { basename } from 'node:path';
import { UnreadableFile } from '../base/errors.ts';
import type { Anomaly } from '../diff/anomalies.ts';
import { type Comparison, compare, differs } from '../diff/comparison.ts';
import type { Reading } from '../inquiry/reading.ts';
import { NO_OPTIONS, type TracedAnswer } from '../inquiry/traced-answer.ts';
import { isNews, type Judgement, keptVerdict, weigh } from '../judging/new-findings.ts';
import { previousOf, today } from '../judging/previous.ts';
import type { AnyPlugin } from '../plugin/contract.ts';
import { verdictOnAnomalies } from '../policy/anomaly-rules.ts';
import { DamagedAnswer, ForgottenRows } from '../store/forgotten.ts';
import { acquiredName } from '../store/host-time.ts';
import type { Identification } from '../store/machines.ts';
import type { RememberedFacts, SnapshotIdentity } from '../store/remembered.ts';
import type { ScannedSnapshot } from '../store/scans.ts';
import type { Candidate } from './candidates.ts';
import { anomalyOf } from './conflicts.ts';
import type { Recorded } from './event.ts';
import { Failures } from './failures.ts';
import { identify, rememberedFacts } from './identity.ts';
import { type FileState, isSameState } from './listing.ts';
import { stateNow } from './piece-groups.ts';
import type { ScanChoice, ScanParts } from './scan-parts.ts';
import { countDifferences, countsText, isWorthTelling } from './wording.ts';

/** Whole answers of one snapshot. */
type Answers = ReadonlyMap<string, TracedAnswer>;

/** What is known of a snapshot. */
interface Known {
  readonly facts: RememberedFacts;
  readonly answers: Answers;
  /** ISO 8601: when its file was written, by the host. */
  readonly written: string;
  readonly machine: string | null;
  /** What the operator calls the machine; null where nobody said. */
  readonly name: string | null;
}

/** The snapshot before of the same machine, and what differs in what the scan asks. */
interface Compared extends Known {
  readonly comparison: Comparison;
  /** The questions that were asked of both. */
  readonly plugins: readonly AnyPlugin[];
  readonly remarks: readonly string[];
}

/** What differs up to the snapshot that was written next, and was read before. */
interface Ahead {
  readonly comparison: Comparison;
  readonly remarks: readonly string[];
  readonly isWorthTelling: boolean;
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

  /** @returns the number of the snapshot, or of the one that it is a copy of; undefined where none came of it. @throws StoreError */
  async record(candidate: Candidate): Promise<number | undefined> {
    const { file } = candidate;
    const opening = new Opening(() => this.#parts.open(file.path), candidate.reading);
    try {
      return await this.#record(candidate, opening).catch((error: unknown) => {
        if (!(error instanceof ForgottenRows)) throw error;
        // The snapshot that an answer was taken over from is forgotten, or the answer damaged: once more, without it.
        if (error instanceof DamagedAnswer) this.#parts.store.forget(error);
        return this.#record(candidate, opening);
      });
    } catch (error) {
      // Ctrl-C ends the process that reads too: that is no fault of the file.
      return this.#parts.signal?.aborted === true ? undefined : this.#failures.failed(file, error);
    } finally {
      opening.close();
    }
  }

  async #record(candidate: Candidate, opening: Opening): Promise<number | undefined> {
    const { file } = candidate;
    const { store } = this.#parts;
    const { path, state } = file;
    const identity = identify(file, this.#choice.binding);
    if (identity === undefined || !isSameState(identity.key, state))
      return this.#failures.failed(file, new UnreadableFile(`cannot read ${path}`));
    const facts = rememberedFacts(store, identity) ?? (await opening.reading()).facts;
    const { cut } = facts.snapshot;
    if (cut !== null) return this.#failures.cut(file, cut);
    const twin = store.scans.twinOf(identity, facts);
    if (twin !== undefined && isSameFile(twin.state, state)) return this.#again(candidate, twin);
    const answers = await this.#ask(identity, opening);
    if (answers === undefined) return; // there is to be an end: all of it next time
    opening.answered();
    const [trouble] = opening.troubles;
    const now = stateNow(file);
    if (trouble !== undefined || now === undefined || !isSameState(now, state))
      return this.#failures.unsound(file, trouble ?? 'it was changed while it was read');
    if (
      twin !== undefined &&
      this.#isCopy(twin, { ...candidate, facts, answers, machine: twin.machine, name: null })
    )
      return this.#again(candidate, twin);
    const operator = this.#choice.machineOf?.(path) ?? acquiredName(path)?.machine;
    const who = store.machines.identify(facts, { written: candidate.written, operator });
    const recorded = this.#judged(candidate, facts, answers, who);
    const id = this.#keep(candidate, { identity, who }, recorded, answers);
    opening.close(); // what is on record is no more to be failed by
    this.#parts.tell({ kind: 'recorded', recorded });
    return id;
  }

  #again({ file, taken }: Candidate, twin: ScannedSnapshot): number {
    this.#parts.store.scans.note(file.path, file.state, 'again', { taken }, twin.id);
    this.#parts.tell({ kind: 'again', path: file.path, of: twin.path });
    return twin.id;
  }

  /** Whether a snapshot answers as another of its boot and moment does. A guest whose clock stands still has many of one moment. */
  #isCopy(twin: ScannedSnapshot, now: Known): boolean {
    const past = this.#past(twin, now);
    if (past === undefined || this.#questions.some(({ name }) => !past.answers.has(name))) return false;
    const { tables } = compare(comparable(past), comparable(now), this.#questions, { all: true });
    return !differs({ tables }) && tables.every(({ unsure }) => unsure.length === 0);
  }

  /** All answers, those that are remembered from earlier questions as they were; undefined where the scan is to end. */
  async #ask(identity: SnapshotIdentity, opening: Opening): Promise<Answers | undefined> {
    const answers = new Map<string, TracedAnswer>();
    const recall = (plugin: AnyPlugin) => this.#parts.store.answer(identity, plugin, NO_OPTIONS);
    for (const [index, plugin] of this.#questions.entries()) {
      // Whoever wants an end is heard between two questions.
      await new Promise((resolve) => setImmediate(resolve));
      if (this.#parts.signal?.aborted === true) return undefined;
      const remembered = recall(plugin);
      if (remembered !== undefined) {
        answers.set(plugin.name, remembered);
        continue;
      }
      const isAhead = ({ scans }: AnyPlugin): boolean => plugin.scans !== undefined && scans !== undefined;
      const ahead = this.#questions.slice(index + 1).filter((other) => isAhead(other) && !recall(other));
      answers.set(plugin.name, await (await opening.reading()).answer(plugin, ahead));
    }
    return answers;
  }

  #judged(
    { file: { path }, taken, written }: Candidate,
    facts: RememberedFacts,
    answers: Answers,
    who: Identification,
  ): Recorded {
    const { store, judge } = this.#parts;
    const { machine, others } = who;
    const before = machine === null ? undefined : store.scans.before(machine, written, others);
    const now = { facts, answers, written, machine, name: who.name };
    const compared = before === undefined ? undefined : this.#compared(before, now);
    const { comparison, plugins = [], remarks = [] } = compared ?? {};
    const counts = countDifferences(comparison?.tables ?? [], plugins);
    const ahead = before === undefined ? this.#ahead(now, others) : undefined;
    const anomalies = [
      ...((comparison ?? ahead?.comparison)?.relation.anomalies ?? []),
      ...who.conflicts.map(anomalyOf),
    ];
    const judgement = this.#judgement(now, compared, { anomalies, others });
    const isOtherPolicy = judgement?.isOtherPolicy === true;
    return {
      path,
      facts,
      machine: who.name ?? facts.kernel.hostname ?? machine,
      taken,
      written,
      previous: compared === undefined ? null : { path: before!.path, facts: compared.facts },
      comparison: comparison ?? null,
      plugins,
      counts,
      judgement,
      anomalies,
      remarks: [
        ...anomalies.map(({ message }) => message),
        ...remarks,
        ...(ahead?.remarks ?? []),
        ...(judge?.remarksOn(facts.kernel) ?? []),
        ...(isOtherPolicy ? ['the policy is not what it was'] : []),
      ],
      isNews: this.#isNews(
        judgement,
        comparison?.relation.boot === 'other' || isWorthTelling(counts) || ahead?.isWorthTelling === true,
      ),
    };
  }

  /**
   * What came after a file that is older than all that were read of its machine: the one that is next was told as the
   * first, so nobody has heard of what lies between.
   */
  #ahead(now: Known, others: readonly string[]): Ahead | undefined {
    const { machine, written } = now;
    const next = machine === null ? undefined : this.#parts.store.scans.after(machine, written, others);
    const past = next === undefined ? undefined : this.#past(next, now);
    if (next === undefined || past === undefined) return undefined;
    const plugins = this.#choice.plugins.filter(({ name }) => past.answers.has(name));
    const comparison = compare(comparable(now), comparable(past), plugins, {
      ...{ all: false, asked: this.#questions },
    });
    const counts = countDifferences(comparison.tables, plugins);
    const isOtherBoot = comparison.relation.boot === 'other';
    const what = isOtherBoot ? `rebooted, ${countsText(counts)}` : countsText(counts);
    return {
      comparison,
      remarks: [
        `its file is older than any that was read of it before; up to ${basename(next.path)}: ${what}`,
      ],
      isWorthTelling: isOtherBoot || isWorthTelling(counts),
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
    before: Compared | undefined,
    { anomalies, others }: { readonly anomalies: readonly Anomaly[]; readonly others: readonly string[] },
  ): Judgement | null {
    const { judge, store, surroundings } = this.#parts;
    if (judge === undefined) {
      const verdict = verdictOnAnomalies(anomalies);
      return verdict === null ? null : weigh(verdict, '', undefined);
    }
    const { facts, answers, machine, written } = now;
    const previous =
      before === undefined
        ? `there is no snapshot before it to compare with${machine === null ? ': nothing tells which machine this is' : ''}`
        : previousOf(judge, comparable(now), comparable(before));
    const day = today(new Date(surroundings.now()));
    const verdict = judge.verdictOn({ ...facts, answers, previous, anomalies }, day);
    const past =
      machine === null ? undefined : store.findings.before(machine, written, verdict.policy, others);
    return weigh(verdict, judge.digest, past);
  }

  /** What differs from a snapshot of which only the store needs to know. */
  #compared(before: ScannedSnapshot, now: Known): Compared | undefined {
    const { facts } = now;
    const past = this.#past(before, now);
    if (past === undefined) return undefined;
    const plugins = this.#choice.plugins.filter(({ name }) => past.answers.has(name));
    const without = this.#choice.plugins.filter((plugin) => !plugins.includes(plugin));
    const comparison = compare(comparable(past), comparable(now), plugins, {
      ...{ all: false, asked: this.#questions },
    });
    const { boot, kernel } = comparison.relation;
    const remarks = [
      ...(boot === 'other' ? ['rebooted'] : []),
      ...(kernel === 'other' ? [`another kernel, ${facts.kernel.release}`] : []),
      ...(without.length === 0
        ? []
        : [`${basename(before.path)} was not asked for ${without.map(({ name }) => name).join(', ')}`]),
    ];
    return { comparison, plugins, remarks, ...past };
  }

  /** What is known of a recorded snapshot, for a newer one to be compared with. */
  #past(snapshot: ScannedSnapshot, { answers, name }: Known): Known | undefined {
    const { history } = this.#parts.store;
    const { id, written, machine } = snapshot;
    const facts = history.facts(id);
    if (facts === undefined) return undefined;
    const earlier = new Map<string, TracedAnswer>();
    for (const plugin of this.#questions) {
      // An answer that was taken over from that snapshot is its own: read once for both, if at all.
      const now = answers.get(plugin.name);
      const answer = now?.kept?.snapshotId === id ? now : history.answer(id, plugin);
      if (answer !== undefined) earlier.set(plugin.name, answer);
    }
    return { facts, answers: earlier, written, machine, name };
  }

  /** Rows, notes, what the policy says, what came of the file and what is to be told of it: all or nothing. */
  #keep(
    { file, written }: Candidate,
    { identity, who }: { readonly identity: SnapshotIdentity; readonly who: Identification },
    recorded: Recorded,
    answers: Answers,
  ): number {
    const { store, channels, messageOf, judge, reporter } = this.#parts;
    const { judgement } = recorded;
    const messages = recorded.isNews
      ? channels.map(({ name }) => ({ channel: name, ...messageOf(recorded, name) }))
      : [];
    return store.scans.atomically(() => {
      const number = store.enter(identity, recorded.facts, who, written);
      for (const plugin of this.#questions)
        store.keep(identity, recorded.facts, plugin, NO_OPTIONS, answers.get(plugin.name)!);
      for (const plugin of this.#questions) {
        const { trace } = answers.get(plugin.name)!;
        if (trace !== undefined)
          store.extents.keepReads(number, plugin, NO_OPTIONS, trace.basis, trace.reads);
      }
      store.scans.note(file.path, file.state, 'recorded', { taken: recorded.taken }, number);
      if (judgement !== null) store.findings.keep(number, keptVerdict(judgement, judge));
      if (reporter !== undefined) store.reports.owe(number, reporter.folder);
      for (const message of messages) store.outbox.queue(message, number);
      return number;
    });
  }
}

const comparable = ({ facts: { kernel }, answers, written, name }: Known) => ({
  ...{ kernel, answers, written, name },
});

/** Whether two states of a file have the same content: its mode, owner or number of links may differ. */
const isSameFile = (one: FileState, other: FileState): boolean =>
  one.device === other.device && one.inode === other.inode && one.modified === other.modified;

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

  answered(): void {
    this.#reading?.answered?.();
  }

  close(): void {
    this.#reading?.close();
    this.#reading = undefined;
  }
}
