import { basename } from 'node:path';
import { UnreadableFile } from '../base/errors.ts';
import { compare, type Known } from '../diff/comparison.ts';
import type { AnyPlugin } from '../plugin/contract.ts';
import type { RememberedFacts, SnapshotIdentity } from '../store/door.ts';
import { placeOf } from '../store/place.ts';
import type { ScannedSnapshot } from '../store/scans.ts';
import { type Candidate, identify } from './candidates.ts';
import type { Recorded } from './event.ts';
import { Failures } from './failures.ts';
import { isSameState, type Listed, stateOf } from './listing.ts';
import { cutIn, type Reading } from './reading.ts';
import { NO_OPTIONS, type TracedAnswer } from './reuse.ts';
import type { ScanChoice, ScanParts } from './scan.ts';
import { countDifferences, isWorthTelling } from './wording.ts';

/** Whole answers of one snapshot. */
type Answers = ReadonlyMap<string, TracedAnswer>;

/** Asks a new snapshot, compares it with the one before, and records both results. */
export class Recorder {
  readonly #choice: ScanChoice;
  readonly #parts: ScanParts;
  readonly #failures: Failures;

  constructor(choice: ScanChoice, parts: ScanParts) {
    this.#choice = choice;
    this.#parts = parts;
    this.#failures = new Failures(choice, parts);
  }

  /** @throws StoreError */
  async record(candidate: Candidate): Promise<void> {
    const { file } = candidate;
    const opening = new Opening(() => this.#parts.open(file.path), candidate.reading);
    try {
      await this.#record(candidate, opening);
    } catch (error) {
      this.#failures.failed(file, error);
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
    for (const plugin of this.#choice.plugins) {
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
    const { store, judges } = this.#parts;
    const { machine, hostname } = placeOf(facts);
    const before = machine === null ? undefined : store.scans.before(machine, taken);
    const later = machine === null ? undefined : store.scans.contradicting(machine, taken, file.state);
    const compared = before === undefined ? undefined : this.#compared(before, facts, answers);
    const { comparison, plugins = [], remarks = [] } = compared ?? {};
    const counts = countDifferences(comparison?.tables ?? []);
    const judgements = judges.flatMap((judge) => judge({ facts, answers, comparison }));
    return {
      path,
      facts,
      machine: hostname ?? machine,
      taken,
      previous: compared === undefined ? null : { path: before!.path, facts: compared.facts },
      comparison: comparison ?? null,
      plugins,
      counts,
      judgements,
      remarks: [...(later === undefined ? [] : [clockRemark(later)]), ...remarks],
      isNews: judgements.length > 0 || comparison?.relation.boot === 'other' || isWorthTelling(counts),
    };
  }

  /** What differs from a snapshot of which only the store needs to know. */
  #compared(before: ScannedSnapshot, facts: RememberedFacts, answers: Answers) {
    const { history } = this.#parts.store;
    const factsBefore = history.facts(before.id);
    if (factsBefore === undefined) return undefined;
    const earlier = new Map<string, TracedAnswer>();
    for (const plugin of this.#choice.plugins) {
      const answer = history.answer(before.id, plugin);
      if (answer !== undefined) earlier.set(plugin.name, answer);
    }
    const plugins = this.#choice.plugins.filter(({ name }) => earlier.has(name));
    const without = this.#choice.plugins.filter((plugin) => !plugins.includes(plugin));
    const comparison = compare(
      knownOf(factsBefore, earlier, plugins),
      knownOf(facts, answers, plugins),
      plugins,
    );
    const { boot, kernel } = comparison.relation;
    const remarks = [
      ...(boot === 'other' ? ['rebooted'] : []),
      ...(kernel === 'other' ? [`another kernel, ${facts.kernel.release}`] : []),
      ...(without.length === 0
        ? []
        : [`${basename(before.path)} was not asked for ${without.map(({ name }) => name).join(', ')}`]),
    ];
    return { comparison, plugins, remarks, facts: factsBefore };
  }

  /** Rows, notes, what came of the file and what is to be told of it: all or nothing. */
  #keep(file: Listed, identity: SnapshotIdentity, recorded: Recorded, answers: Answers): void {
    const { store, channels, messageOf, tell } = this.#parts;
    const messages = recorded.isNews
      ? channels.map(({ name }) => ({ channel: name, ...messageOf(recorded, name) }))
      : [];
    store.scans.atomically(() => {
      for (const plugin of this.#choice.plugins)
        store.keep(identity, recorded.facts, plugin, NO_OPTIONS, answers.get(plugin.name)!);
      const id = store.history.find(identity);
      for (const plugin of this.#choice.plugins) {
        const { trace } = answers.get(plugin.name)!;
        if (id !== undefined && trace !== undefined)
          store.extents.keepReads(id, plugin, NO_OPTIONS, trace.basis, trace.reads);
      }
      store.scans.note(file.path, file.state, 'recorded', { taken: recorded.taken }, id ?? null);
      for (const message of messages) store.outbox.queue(message);
    });
    tell({ kind: 'recorded', recorded });
  }
}

const knownOf = ({ kernel }: RememberedFacts, answers: Answers, plugins: readonly AnyPlugin[]): Known => ({
  kernel,
  answers: new Map(plugins.map(({ name }) => [name, answers.get(name)!])),
});

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
