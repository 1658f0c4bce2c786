// Pairs the rows of two answers, and tells rows that appeared, vanished or changed.
// What comes and goes by itself is counted and not listed.
import type { Cell, Row } from '../plugin/cell.ts';
import { type AnyPlugin, kindOf, processColumn } from '../plugin/contract.ts';
import { groupBy, keyOf, sameCell } from './keys.ts';
import type { Processes } from './processes.ts';
import type { Relation } from './relation.ts';

/** One plugin's answer about one snapshot. */
export interface Side {
  readonly rows: readonly Row[];
  /** What the evidence lacked: where there is anything, a row that is missing proves nothing. */
  readonly notes: readonly string[];
  /** Where the rows are kept, if they are: two sides that share it have the same rows, and none is read to compare them. */
  readonly kept?: Kept;
}

/** What is known of kept rows without reading them. */
export interface Kept {
  readonly count: number;
  /** How many of them have an absent cell in one of these columns. */
  lacking(columns: readonly string[]): number;
}

/** A thing that is in both snapshots and is not as it was. */
export interface ChangedRow {
  readonly before: Row;
  readonly after: Row;
  /** The columns that differ. */
  readonly columns: readonly string[];
}

/**
 * Why a difference is not listed: it comes and goes by itself; only counters moved; a whole process came or went, and
 * its rows with it.
 */
export type Folding = 'churn' | 'counters' | 'ofProcesses';

/** What differs between two answers of one plugin. */
export interface TableDiff {
  readonly plugin: string;
  readonly added: readonly Row[];
  readonly removed: readonly Row[];
  readonly changed: readonly ChangedRow[];
  /** How many rows are the same. */
  readonly same: number;
  /** How many differences are not listed, by the reason. */
  readonly folded: Readonly<Record<Folding, number>>;
  /** Rows that one side has and the other may have had: its answer was not whole. */
  readonly unsure: readonly { readonly row: Row; readonly side: 'before' | 'after' }[];
  /** What could not be compared, and why: sentences. */
  readonly notes: readonly string[];
}

/** How a comparison is made. */
export interface DiffChoice {
  readonly relation: Pick<Relation, 'boot' | 'machine'>;
  /** Which process IDs mean the same process on both sides. */
  readonly processes: Processes;
  /** List everything: churn, counters, rows of processes that came or went. */
  readonly all: boolean;
  /** List rows of processes that came or went, whatever else is folded away. */
  readonly ofProcesses?: boolean;
}

/** Compares two answers of one plugin. Absent cells are not taken for values: what could not be read is neither new, gone nor changed. */
export function diffTables(plugin: AnyPlugin, before: Side, after: Side, choice: DiffChoice): TableDiff {
  const { relation, processes } = choice;
  if (relation.boot !== 'same' && plugin.enduring === undefined)
    return nothingListed(plugin, 0, [
      `${plugin.name} is not compared across boots: nothing in it outlives one`,
    ]);
  const { kept } = before;
  if (kept !== undefined && kept === after.kept && relation.boot === 'same' && processes.areAlike) {
    // Each row has its equal on the other side, if only it can be named.
    const unknown = kept.lacking(plugin.identity);
    return nothingListed(plugin, kept.count - unknown, notesOf(before, unknown, after, unknown));
  }
  return new Pairing(plugin, choice).run(before, after);
}

const nothingListed = ({ name }: AnyPlugin, same: number, notes: readonly string[]): TableDiff => ({
  plugin: name,
  added: [],
  removed: [],
  changed: [],
  same,
  folded: { churn: 0, counters: 0, ofProcesses: 0 },
  unsure: [],
  notes,
});

/** One comparison under way. */
class Pairing {
  readonly #plugin: AnyPlugin;
  readonly #choice: DiffChoice;
  /** The column that names a process. */
  readonly #process: string | undefined;
  readonly #across: boolean;
  /** The columns whose difference is a change: of the identity all are equal already. */
  readonly #compared: readonly string[];
  readonly #restless: ReadonlySet<string>;
  #added: Row[] = [];
  #removed: Row[] = [];
  readonly #changed: ChangedRow[] = [];
  readonly #folded: Record<Folding, number> = { churn: 0, counters: 0, ofProcesses: 0 };
  #same = 0;

  constructor(plugin: AnyPlugin, choice: DiffChoice) {
    this.#plugin = plugin;
    this.#choice = choice;
    this.#process = processColumn(plugin);
    this.#across = choice.relation.boot !== 'same';
    this.#restless = new Set<string>([
      ...(plugin.restless ?? []),
      ...(this.#across ? ofOneBoot(plugin) : []),
    ]);
    const identity = new Set<string>(this.#across ? [] : plugin.identity);
    this.#compared = Object.keys(plugin.columns).filter((name) => !identity.has(name));
  }

  run(before: Side, after: Side): TableDiff {
    const one = groupBy(before.rows, (row) => this.#keyOf(row, 'before'));
    const other = groupBy(after.rows, (row) => this.#keyOf(row, 'after'));
    for (const [key, rows] of one.groups) {
      this.#pairGroup(rows, other.groups.get(key) ?? []);
      other.groups.delete(key);
    }
    for (const rows of other.groups.values()) this.#added.push(...rows);
    this.#added = this.#kept(this.#added, (pid) => this.#choice.processes.isNew(pid));
    this.#removed = this.#kept(this.#removed, (pid) => this.#choice.processes.isGone(pid));
    if (!this.#across && !this.#choice.all) this.#foldAlike();
    // A row is new or gone only where the other answer is whole, but for those that could not be named.
    const [addedForSure, maybeAdded] =
      before.notes.length + one.unknown.length === 0 ? [this.#added, []] : [[], this.#added];
    const [removedForSure, maybeRemoved] =
      after.notes.length + other.unknown.length === 0 ? [this.#removed, []] : [[], this.#removed];
    return {
      plugin: this.#plugin.name,
      added: addedForSure,
      removed: removedForSure,
      changed: this.#changed,
      same: this.#same,
      folded: this.#folded,
      unsure: [
        ...maybeAdded.map((row) => ({ row, side: 'after' as const })),
        ...maybeRemoved.map((row) => ({ row, side: 'before' as const })),
      ],
      notes: notesOf(before, one.unknown.length, after, other.unknown.length),
    };
  }

  /** What names the row's thing; undefined where a part of it could not be read. */
  #keyOf(row: Row, side: 'before' | 'after'): string | undefined {
    if (this.#across) return keyOf(this.#plugin.enduring!(row));
    return keyOf(this.#plugin.identity.map((name) => this.#own(name, row, side)));
  }

  /** A process ID stands for the process that had it, except where it is that process's own row. */
  #own(name: string, row: Row, side: 'before' | 'after'): Cell | undefined {
    const { processes } = this.#choice;
    const cell = row[name];
    if (name === 'started') return processes.startOf(row[this.#process ?? ''], cell, side);
    return name === this.#process && typeof cell === 'number' && !('started' in this.#plugin.columns)
      ? processes.nameOf(cell, side)
      : cell;
  }

  /** Pairs rows of one identity: first those that are equal, then in their order. What is left has no partner. */
  #pairGroup(before: readonly Row[], after: readonly Row[]): void {
    if (before.length === 1 && after.length === 1) {
      this.#judge(before[0]!, after[0]!);
      return;
    }
    const left = new Set(after);
    const unpaired: Row[] = [];
    const whole = groupBy(after, (row) => keyOf(this.#compared.map((name) => row[name])));
    for (const row of before) {
      const equal = whole.groups
        .get(keyOf(this.#compared.map((name) => row[name])) ?? '')
        ?.find((twin) => left.has(twin));
      if (equal === undefined) unpaired.push(row);
      else {
        left.delete(equal);
        this.#same++;
      }
    }
    for (const row of unpaired) {
      const [partner] = left;
      if (partner === undefined) this.#removed.push(row);
      else {
        left.delete(partner);
        this.#judge(row, partner);
      }
    }
    this.#added.push(...left);
  }

  #judge(before: Row, after: Row): void {
    const differing = this.#compared.filter((name) => sameCell(before[name], after[name]) === false);
    const telling = this.#choice.all ? differing : differing.filter((name) => !this.#restless.has(name));
    if (differing.length === 0) this.#same++;
    else if (telling.length === 0) this.#folded.counters++;
    else this.#changed.push({ before, after, columns: telling });
  }

  /** What went and what came that are alike but for numbers handed out at random: a connection made anew. */
  #foldAlike(): void {
    const { enduring, interchangeable } = this.#plugin;
    if (enduring === undefined || interchangeable !== true) return;
    const came = groupBy(this.#added, (row) => keyOf(enduring(row)));
    const replaced = new Set<Row>();
    for (const row of this.#removed) {
      const twin = came.groups.get(keyOf(enduring(row)) ?? '')?.pop();
      if (twin === undefined) continue;
      replaced.add(row).add(twin);
      this.#folded.churn++;
    }
    this.#added = this.#added.filter((row) => !replaced.has(row));
    this.#removed = this.#removed.filter((row) => !replaced.has(row));
  }

  /** Without what comes and goes by itself, and without what belongs to a process that came or went as a whole. */
  #kept(rows: readonly Row[], isWhole: (pid: number) => boolean): Row[] {
    if (this.#choice.all) return [...rows];
    const { churn, followsProcess } = this.#plugin;
    const follows = followsProcess === true && this.#choice.ofProcesses !== true;
    return rows.filter((row) => {
      const pid = row[this.#process ?? ''];
      const folding =
        follows && typeof pid === 'number' && isWhole(pid)
          ? 'ofProcesses'
          : churn?.(row) === true
            ? 'churn'
            : undefined;
      if (folding !== undefined) this.#folded[folding]++;
      return folding === undefined;
    });
  }
}

/** Columns that say nothing across boots: addresses, times and numbers that each boot hands out anew. */
const ofOneBoot = ({ columns, ofBoot = [] }: AnyPlugin): string[] => [
  ...Object.entries(columns).flatMap(([name, column]) =>
    ['address', 'time', 'seconds'].includes(kindOf(column)) ? [name] : [],
  ),
  ...ofBoot,
];

/** What could not be compared. The numbers: how many rows of each side could not be named. */
const notesOf = (before: Side, unknownBefore: number, after: Side, unknownAfter: number): string[] => [
  ...sideNotes('the first snapshot', before, unknownBefore),
  ...sideNotes('the second snapshot', after, unknownAfter),
];

function sideNotes(which: string, { notes }: Side, unknown: number): string[] {
  const told = notes.map((note) => `${which}: ${note}`);
  if (unknown > 0)
    told.push(`${which}: ${unknown} rows could not be named, since a part of them could not be read`);
  return told;
}
