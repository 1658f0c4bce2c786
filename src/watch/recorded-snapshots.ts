// What differs between a new snapshot and those of its machine that are on record: the one before, and the one after it.
// Answers that were taken over are not read again.
import { basename } from 'node:path';
import { type Comparison, compare, differs } from '../diff/comparison.ts';
import type { TracedAnswer } from '../inquiry/traced-answer.ts';
import type { AnyPlugin } from '../plugin/contract.ts';
import type { RememberedFacts } from '../store/remembered.ts';
import type { ScannedSnapshot } from '../store/scans.ts';
import type { ScanChoice, ScanParts } from './scan-parts.ts';
import { countDifferences, countsText, isWorthTelling } from './wording.ts';

/** Whole answers of one snapshot. */
export type Answers = ReadonlyMap<string, TracedAnswer>;

/** What is known of a snapshot. */
export interface AnsweredSnapshot {
  readonly facts: RememberedFacts;
  readonly answers: Answers;
  /** ISO 8601: when its file was written, by the host. */
  readonly written: string;
  readonly machine: string | null;
  /** What the operator calls the machine; null where nobody said. */
  readonly name: string | null;
}

/** The snapshot before of the same machine, and what differs in what the scan asks. */
export interface Compared extends AnsweredSnapshot {
  readonly comparison: Comparison;
  /** The questions that were asked of both. */
  readonly plugins: readonly AnyPlugin[];
  readonly remarks: readonly string[];
}

/** What differs up to the snapshot that was written next, and was read before. */
export interface Ahead {
  readonly comparison: Comparison;
  readonly remarks: readonly string[];
  readonly isWorthTelling: boolean;
}

/** Compares a new snapshot with those that are on record. */
export class RecordedSnapshots {
  readonly #plugins: readonly AnyPlugin[];
  readonly #questions: readonly AnyPlugin[];
  readonly #store: ScanParts['store'];

  /** @param questions those of the scan, and those that the policy has to know answers of */
  constructor(
    { plugins }: Pick<ScanChoice, 'plugins'>,
    { store }: Pick<ScanParts, 'store'>,
    questions: readonly AnyPlugin[],
  ) {
    this.#plugins = plugins;
    this.#questions = questions;
    this.#store = store;
  }

  /** Whether a snapshot answers as another of its boot and moment does. A guest whose clock stands still has many of one moment. */
  isCopy(twin: ScannedSnapshot, now: AnsweredSnapshot): boolean {
    const past = this.#past(twin, now);
    if (past === undefined || this.#questions.some(({ name }) => !past.answers.has(name))) return false;
    const { tables } = compare(comparable(past), comparable(now), this.#questions, { all: true });
    return !differs({ tables }) && tables.every(({ unsure }) => unsure.length === 0);
  }

  /** What differs from a snapshot of which only the store needs to know. */
  compared(before: ScannedSnapshot, now: AnsweredSnapshot): Compared | undefined {
    const { facts } = now;
    const past = this.#past(before, now);
    if (past === undefined) return undefined;
    const plugins = this.#plugins.filter(({ name }) => past.answers.has(name));
    const without = this.#plugins.filter((plugin) => !plugins.includes(plugin));
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

  /**
   * What came after a file that is older than all that were read of its machine: the one that is next was told as the
   * first, so nobody has heard of what lies between.
   */
  ahead(now: AnsweredSnapshot, others: readonly string[]): Ahead | undefined {
    const { machine, written } = now;
    const next = machine === null ? undefined : this.#store.scans.after(machine, written, others);
    const past = next === undefined ? undefined : this.#past(next, now);
    if (next === undefined || past === undefined) return undefined;
    const plugins = this.#plugins.filter(({ name }) => past.answers.has(name));
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

  /** What is known of a recorded snapshot, for a newer one to be compared with. */
  #past(snapshot: ScannedSnapshot, { answers, name }: AnsweredSnapshot): AnsweredSnapshot | undefined {
    const { history } = this.#store;
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
}

/** What a comparison wants to know of a snapshot. */
export const comparable = ({ facts: { kernel }, answers, written, name }: AnsweredSnapshot) => ({
  ...{ kernel, answers, written, name },
});
