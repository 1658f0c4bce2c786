import { describe, expect, it } from 'vitest';
import { plugins } from '../../plugins/index.ts';
import { compare } from '../../src/diff/comparison.ts';
import { Processes } from '../../src/diff/processes.ts';
import { type DiffChoice, diffTables, type Kept, type Side } from '../../src/diff/tables.ts';
import { type Cell, isAbsent, type Row } from '../../src/plugin/cell.ts';
import { type AnyPlugin, type ColumnKind, kindOf } from '../../src/plugin/contract.ts';
import { fakeFacts } from '../support/fake-session.ts';
import { Random } from '../support/random.ts';

/** Few values of each kind, so that rows share names and are equal. */
const VALUES: Readonly<Record<ColumnKind, readonly Cell[]>> = {
  int: [0, 1, 2, (1n << 63n) + 1n],
  text: ['', 'a', '3:sab', '\ud800'],
  flag: [true, false],
  address: [0n, 0xffff_8880_0000_1000n],
  time: [new Date(0), new Date(1_700_000_000_123)],
  seconds: [0, 0.5],
};

function drawRows(random: Random, plugin: AnyPlugin, absent: number): Row[] {
  const cell = (kind: ColumnKind): Cell => {
    if (random.below(100) < absent) return { absent: 'not-present' };
    return random.below(6) === 0 ? null : random.pick(VALUES[kind]);
  };
  const columns = Object.entries(plugin.columns);
  return Array.from({ length: random.below(30) }, () =>
    Object.fromEntries(columns.map(([name, column]) => [name, cell(kindOf(column))])),
  );
}

const drawNotes = (random: Random): string[] => (random.below(2) === 0 ? [] : ['the list breaks', 'b']);

const keptOf = (rows: readonly Row[]): Kept => ({
  count: rows.length,
  lacking: (columns) => rows.filter((row) => columns.some((name) => isAbsent(row[name]!))).length,
});

/** Counts how often somebody wants the rows. */
class KeptSide implements Side {
  readonly notes: readonly string[];
  readonly kept: Kept;
  readonly #rows: readonly Row[];
  reads = 0;

  constructor(rows: readonly Row[], notes: readonly string[], kept: Kept) {
    this.#rows = rows;
    this.notes = notes;
    this.kept = kept;
  }

  get rows(): readonly Row[] {
    this.reads++;
    return this.#rows;
  }
}

const process = (pid: number, second: number): Row => ({ pid, started: new Date(second * 1000) });

/** The same processes on both sides, none, or one whose number is another's now. */
const PROCESSES: readonly (readonly [areAlike: boolean, Processes])[] = [
  [true, new Processes()],
  [true, new Processes([process(1, 5), process(2, 6)], [process(2, 6), process(1, 5)])],
  [false, new Processes([process(1, 5)], [process(1, 7)])],
  [false, new Processes([process(1, 5)], [process(1, 5), process(2, 6)])],
  [false, new Processes([process(1, 5)], [process(2, 5)])],
];

describe('rows that are compared with themselves', () => {
  it.each(plugins)('$name: differ as two readings of them do, and mostly nobody reads them', (plugin) => {
    const random = new Random(3);
    const seen = { unread: 0, unnamed: 0, same: 0, differing: 0 };
    for (let run = 0; run < 300; run++) {
      const rows = drawRows(random, plugin, random.pick([0, 0, 5, 30]));
      const notes = drawNotes(random);
      const [areAlike, processes] = random.pick(PROCESSES);
      const boot = random.pick(['same', 'same', 'unknown', 'other'] as const);
      const choice: DiffChoice = {
        relation: { boot, machine: 'same' },
        processes,
        all: random.below(2) === 0,
        ofProcesses: random.below(2) === 0,
      };
      const again = rows.map((row) => ({ ...row }));
      const truth = diffTables(plugin, { rows, notes }, { rows: again, notes }, choice);
      const kept = keptOf(rows);
      const [before, after] = [new KeptSide(rows, notes, kept), new KeptSide(rows, notes, kept)];
      expect(diffTables(plugin, before, after, choice), `run ${run}`).toEqual(truth);
      const isSpared = boot === 'same' && areAlike;
      if (isSpared) expect(before.reads + after.reads, `run ${run}`).toBe(0);
      if (isSpared) seen.unread++;
      if (isSpared && truth.notes.length > 2 * notes.length) seen.unnamed++;
      if (isSpared) seen.same += truth.same;
      seen.differing += truth.added.length + truth.unsure.length;
    }
    expect(seen.unread).toBeGreaterThan(30);
    expect(seen.unnamed).toBeGreaterThan(10);
    expect(seen.same).toBeGreaterThan(300);
    const isOfProcesses = plugin.identity.includes('pid') && !('started' in plugin.columns);
    expect(seen.differing > 0).toBe(isOfProcesses); // or what is not alike would have been of no interest
  });

  it('are read where they only look alike: somebody else keeps them', () => {
    const plugin = plugins.find(({ name }) => name === 'modules')!;
    const [one, other] = [2, 3].map((seed) => drawRows(new Random(seed), plugin, 0));
    const choice = {
      relation: { boot: 'same', machine: 'same' },
      processes: new Processes(),
      all: false,
    } as const;
    const [before, after] = [one!, other!].map((rows) => new KeptSide(rows, [], keptOf(rows)));
    const truth = diffTables(plugin, { rows: one!, notes: [] }, { rows: other!, notes: [] }, choice);
    expect(truth.added.length).toBeGreaterThan(0);
    expect(diffTables(plugin, before!, after!, choice)).toEqual(truth);
  });

  it('cost a whole comparison nothing, whichever they are, and leave it as it is', () => {
    const random = new Random(8);
    const { kernel } = fakeFacts();
    let told = 0;
    for (let run = 0; run < 200; run++) {
      const names = plugins.map(({ name }) => name).filter(() => random.below(2) === 0);
      const sides = { before: new Map(), after: new Map(), plainBefore: new Map(), plainAfter: new Map() };
      const kept: KeptSide[] = [];
      for (const plugin of plugins) {
        const [rows, others] = [drawRows(random, plugin, 5), drawRows(random, plugin, 5)];
        const isKept = names.includes(plugin.name);
        const side = new KeptSide(rows, drawNotes(random), keptOf(rows));
        const after = isKept ? side : { rows: others, notes: [] };
        if (isKept) kept.push(side);
        const plain = { rows, notes: side.notes };
        sides.before.set(plugin.name, isKept ? side : plain);
        sides.after.set(plugin.name, after);
        sides.plainBefore.set(plugin.name, plain);
        sides.plainAfter.set(plugin.name, isKept ? { ...plain, rows: [...rows] } : after);
      }
      const known = (answers: Map<string, Side>) => ({ kernel, answers });
      const truth = compare(known(sides.plainBefore), known(sides.plainAfter), plugins);
      expect(compare(known(sides.before), known(sides.after), plugins), `run ${run}`).toEqual(truth);
      told += truth.story.events.length;
      // Without news of processes nobody reads why one deserves a look.
      if (names.includes('pslist')) expect(kept.map(({ reads }) => reads)).toEqual(kept.map(() => 0));
    }
    expect(told).toBeGreaterThan(200);
  });
});
