// What is recorded of a new snapshot and told of it: differences, what the policy says, and whether any of it is news.
// Everything that it is weighed against comes from the store.
import type { Anomaly } from '../diff/anomalies.ts';
import { isNews, type Judgement, weigh } from '../judging/new-findings.ts';
import { previousOf, today } from '../judging/previous.ts';
import { verdictOnAnomalies } from '../policy/anomaly-rules.ts';
import type { Identification } from '../store/machines.ts';
import type { RememberedFacts } from '../store/remembered.ts';
import type { Candidate } from './candidates.ts';
import { anomalyOf } from './conflicts.ts';
import type { Recorded } from './event.ts';
import {
  type AnsweredSnapshot,
  type Answers,
  type Compared,
  comparable,
  type RecordedSnapshots,
} from './recorded-snapshots.ts';
import type { ScanChoice, ScanParts } from './scan-parts.ts';
import { countDifferences, isWorthTelling } from './wording.ts';

/** Weighs new snapshots against what is on record. */
export class Assessment {
  readonly #choice: ScanChoice;
  readonly #parts: ScanParts;
  readonly #onRecord: RecordedSnapshots;

  constructor(choice: ScanChoice, parts: ScanParts, onRecord: RecordedSnapshots) {
    this.#choice = choice;
    this.#parts = parts;
    this.#onRecord = onRecord;
  }

  /** What is to be recorded and told of a snapshot that answered. @throws StoreError */
  of(
    { file: { path }, taken, written }: Candidate,
    facts: RememberedFacts,
    answers: Answers,
    who: Identification,
  ): Recorded {
    const { store, judge } = this.#parts;
    const { machine, others } = who;
    const before = machine === null ? undefined : store.scans.before(machine, written, others);
    const now = { facts, answers, written, machine, name: who.name };
    const compared = before === undefined ? undefined : this.#onRecord.compared(before, now);
    const { comparison, plugins = [], remarks = [] } = compared ?? {};
    const counts = countDifferences(comparison?.tables ?? [], plugins);
    const ahead = before === undefined ? this.#onRecord.ahead(now, others) : undefined;
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

  /** Whoever names a severity wants to hear of findings alone. */
  #isNews(judgement: Judgement | null, differs: boolean): boolean {
    const { failOn } = this.#choice;
    const isFound = judgement !== null && isNews(judgement, failOn);
    return isFound || (failOn === undefined && differs);
  }

  /** What the policy says, weighed against what it last said of the machine. */
  #judgement(
    now: AnsweredSnapshot,
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
}
