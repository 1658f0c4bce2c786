// Analyses one new snapshot: asks, compares with the one before, judges, and records everything.
// All of it is one transaction.
import { UnreadableFile } from '../base/errors.ts';
import { NO_OPTIONS, type TracedAnswer } from '../inquiry/traced-answer.ts';
import { keptVerdict } from '../judging/new-findings.ts';
import type { AnyPlugin } from '../plugin/contract.ts';
import { DamagedAnswer, ForgottenRows } from '../store/forgotten.ts';
import { acquiredName } from '../store/host-time.ts';
import type { Identification } from '../store/machines.ts';
import type { SnapshotIdentity } from '../store/remembered.ts';
import type { ScannedSnapshot } from '../store/scans.ts';
import { Assessment } from './assessment.ts';
import type { Candidate } from './candidates.ts';
import type { Recorded } from './event.ts';
import { Failures } from './failures.ts';
import { identify, rememberedFacts } from './identity.ts';
import { type FileState, isSameState } from './listing.ts';
import { Opening } from './opening.ts';
import { stateNow } from './piece-groups.ts';
import { type Answers, RecordedSnapshots } from './recorded-snapshots.ts';
import type { ScanChoice, ScanParts } from './scan-parts.ts';

/** Asks a new snapshot, compares it with the one before, and records both results. */
export class Recorder {
  readonly #choice: ScanChoice;
  readonly #parts: ScanParts;
  readonly #failures: Failures;
  /** Those of the scan, and those that the policy has to know answers of. */
  readonly #questions: readonly AnyPlugin[];
  readonly #onRecord: RecordedSnapshots;
  readonly #assessment: Assessment;

  constructor(choice: ScanChoice, parts: ScanParts) {
    this.#choice = choice;
    this.#parts = parts;
    this.#failures = new Failures(choice, parts);
    this.#questions = [...new Set([...choice.plugins, ...(parts.judge?.questions ?? [])])];
    this.#onRecord = new RecordedSnapshots(choice, parts, this.#questions);
    this.#assessment = new Assessment(choice, parts, this.#onRecord);
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
      this.#onRecord.isCopy(twin, { ...candidate, facts, answers, machine: twin.machine, name: null })
    )
      return this.#again(candidate, twin);
    const operator = this.#choice.machineOf?.(path) ?? acquiredName(path)?.machine;
    const who = store.machines.identify(facts, { written: candidate.written, operator });
    const recorded = this.#assessment.of(candidate, facts, answers, who);
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

/** Whether two states of a file have the same content: its mode, owner or number of links may differ. */
const isSameFile = (one: FileState, other: FileState): boolean =>
  one.device === other.device && one.inode === other.inode && one.modified === other.modified;
