// Compares what two snapshots answered, question by question.
// It is pure: `vestige diff`, the page, policies and scans use it.
import { type AnyPlugin, listOf } from '../plugin/contract.ts';
import { type Anomaly, areClocksStopped, secondsBetween } from './anomalies.ts';
import { type Narrative, narrativeOf } from './narrative.ts';
import { Processes } from './processes.ts';
import { type Identified, type Relation, relate } from './relation.ts';
import { type DiffChoice, diffTables, type Side, type TableDiff } from './tables.ts';

/** What is known of one snapshot: its kernel, and the whole answers of some questions, by plugin. */
export interface Comparable extends Identified {
  readonly answers: ReadonlyMap<string, Side>;
}

/** Two snapshots, compared. */
export interface Comparison {
  readonly relation: Relation;
  readonly tables: readonly TableDiff[];
  readonly story: Narrative;
}

/** What of a comparison is listed, and what else it may look into. */
interface ComparisonChoice extends Pick<DiffChoice, 'all' | 'ofProcesses'> {
  /** Questions that both sides may have answered beside those that are compared: one of them may list the processes. */
  readonly asked?: readonly AnyPlugin[];
}

/** Compares what two snapshots answered to these questions; those that one side did not answer are left out. Pure. */
export function compare(
  before: Comparable,
  after: Comparable,
  plugins: readonly AnyPlugin[],
  { asked = [], ...listed }: ComparisonChoice = { all: false },
): Comparison {
  const relation = relate(before, after);
  const list = listOf([...plugins, ...asked], 'processes')?.name;
  const processes = processesOf([before, after], list, relation.boot === 'same');
  const tables = plugins.flatMap((plugin) => {
    const [one, other] = [before.answers.get(plugin.name), after.answers.get(plugin.name)];
    return one === undefined || other === undefined
      ? []
      : [diffTables(plugin, one, other, { ...listed, relation, processes })];
  });
  const isStopped = relation.boot === 'same' && areClocksStopped(before, after) && differs({ tables });
  return {
    relation: isStopped ? withAnomaly(relation, CLOCKS_STOPPED) : relation,
    tables,
    story: narrativeOf(tables, after.answers, plugins),
  };
}

const CLOCKS_STOPPED: Anomaly = {
  rule: 'guest-clock-stopped',
  message: 'the guest’s clock and its uptime stand where they stood, though it went on',
};

const withAnomaly = (relation: Relation, anomaly: Anomaly): Relation => ({
  ...relation,
  anomalies: [...relation.anomalies, anomaly],
  remarks: [anomaly.message, ...relation.remarks],
});

/**
 * Compares as rules of a policy look at differences: what came or went with a whole process is a difference too.
 *
 * @param asked all questions that the policy asks: rows are paired by their process, whatever is compared
 */
export const compareForRules = (
  before: Comparable,
  after: Comparable,
  plugins: readonly AnyPlugin[],
  asked: readonly AnyPlugin[],
): Comparison => compare(before, after, plugins, { all: false, ofProcesses: true, asked });

/**
 * With the starts of one side's processes alone, none would be the same: then their numbers must do. They do too where
 * both sides have the same rows.
 */
function processesOf(
  [before, after]: readonly [Comparable, Comparable],
  list: string | undefined,
  isSameBoot: boolean,
): Processes {
  const [one, other] = [before, after].map(({ answers }) => answers.get(list ?? ''));
  if (one === undefined || other === undefined) return new Processes();
  const areSame = one.kept !== undefined && one.kept === other.kept;
  const set = isSameBoot ? secondsBetween(before.kernel.bootTime, after.kernel.bootTime) : null;
  return areSame ? new Processes() : new Processes(one.rows, other.rows, (set ?? 0) * 1000);
}

/** Whether anything differs that is worth listing. */
export const differs = ({ tables }: Pick<Comparison, 'tables'>): boolean =>
  tables.some(({ added, removed, changed }) => added.length + removed.length + changed.length > 0);
