import { describe, expect, it } from 'vitest';
import { compare } from '../../src/diff/comparison.ts';
import { Processes } from '../../src/diff/processes.ts';
import { type DiffChoice, diffTables, type Side } from '../../src/diff/tables.ts';
import type { Row } from '../../src/plugin/cell.ts';
import { type AnyPlugin, definePlugin } from '../../src/plugin/contract.ts';
import { fakeFacts } from '../support/fake-session.ts';

const things = definePlugin({
  name: 'things',
  summary: '',
  example: '',
  version: 1,
  subjects: () => [] as Row[],
  columns: {
    pid: { int: (row) => row['pid'] as number },
    name: { text: (row) => row['name'] as string },
    port: { int: (row) => row['port'] as number },
    size: { int: (row) => row['size'] as number },
    at: { address: (row) => row['at'] as bigint },
  },
  identity: ['pid', 'name', 'port'],
  enduring: ({ name, port }) => [name!, Number(port) > 1000 ? 'any' : port!],
  interchangeable: true,
  restless: ['size'],
  ofBoot: ['pid'],
  followsProcess: true,
  churn: ({ name }) => name === 'noise',
});
const lasting: typeof things = { ...things, name: 'lasting', interchangeable: undefined as never };
const { enduring: _, ...rest } = things;
const fleeting: AnyPlugin = { ...rest, name: 'fleeting' };

const thing = (pid: number, name: string, port = 1, size = 0, at = 0n): Row => ({
  pid,
  name,
  port,
  size,
  at,
});
const side = (rows: readonly Row[], notes: readonly string[] = []): Side => ({ rows, notes });
const process = (pid: number, second: number): Row => ({ pid, started: new Date(second * 1000) });

function diff(
  before: Side | readonly Row[],
  after: Side | readonly Row[],
  choice: Partial<DiffChoice> = {},
  plugin = things,
) {
  const sideOf = (given: Side | readonly Row[]): Side => ('rows' in given ? given : side(given));
  return diffTables(plugin, sideOf(before), sideOf(after), {
    relation: { boot: 'same', machine: 'same' },
    processes: new Processes(),
    all: false,
    ...choice,
  });
}

describe('two answers of one boot', () => {
  it('pairs rows by what names them and lists what appeared, vanished and changed', () => {
    const { added, removed, changed, same } = diff(
      [thing(1, 'a'), thing(1, 'b'), thing(2, 'c', 1, 0, 5n)],
      [thing(1, 'a'), thing(3, 'd'), thing(2, 'c', 1, 0, 6n)],
    );
    expect(added).toEqual([thing(3, 'd')]);
    expect(removed).toEqual([thing(1, 'b')]);
    expect(changed.map(({ columns, before, after }) => [columns, before['at'], after['at']])).toEqual([
      [['at'], 5n, 6n],
    ]);
    expect(same).toBe(1);
  });

  it('counts what only counts on, and lists it when asked for all', () => {
    const answers = [[thing(1, 'a', 1, 10)], [thing(1, 'a', 1, 20)]] as const;
    expect(diff(...answers)).toMatchObject({ changed: [], folded: { counters: 1 } });
    expect(diff(...answers, { all: true }).changed[0]?.columns).toEqual(['size']);
  });

  it('pairs rows that share a name in their order, the equal ones first', () => {
    const { added, removed, changed, same } = diff(
      [thing(1, 'a', 1, 0, 1n), thing(1, 'a', 1, 0, 2n), thing(1, 'a', 1, 0, 3n)],
      [thing(1, 'a', 1, 0, 3n), thing(1, 'a', 1, 0, 9n)],
    );
    expect([added.length, removed.length, changed.length, same]).toEqual([0, 1, 1, 1]);
  });

  it('knows processes again though the clock was set, which moves the times of their starts', () => {
    const setMs = -864_000_001;
    const [old, young] = [process(7, 100), process(8, 100)];
    const moved = (row: Row, by: number): Row => ({
      ...row,
      started: new Date((row['started'] as Date).getTime() + by),
    });
    const processes = new Processes([old, young], [moved(old, setMs), moved(process(8, 200), setMs)], setMs);
    expect([processes.isNew(7), processes.isGone(7), processes.isNew(8)]).toEqual([false, false, true]);
    const rounded = new Processes([old], [moved(old, setMs + 1)], setMs);
    expect(rounded.areAlike).toBe(true);
  });

  it('does not take a number that is used again for the same process', () => {
    const processes = new Processes([process(7, 100)], [process(7, 200)]);
    const { added, removed, folded } = diff([thing(7, 'a')], [thing(7, 'a')], { processes });
    expect([added, removed]).toEqual([[], []]);
    expect(folded.ofProcesses).toBe(2);
    const all = diff([thing(7, 'a')], [thing(7, 'a')], { processes, all: true });
    expect([all.added.length, all.removed.length, all.same]).toEqual([1, 1, 0]);
  });

  it('takes a number for the same process where one side was not asked for its processes', () => {
    const { kernel } = fakeFacts();
    const answers = { things: side([thing(1, 'a')]), pslist: side([process(1, 5)]) };
    const [without, all] = [{ things: answers.things }, answers].map((known) => ({
      kernel,
      answers: new Map(Object.entries(known)),
    }));
    for (const [before, after] of [
      [without!, all!],
      [all!, without!],
      [all!, all!],
    ] as const)
      expect(compare(before, after, [things]).tables).toMatchObject([{ same: 1, added: [], removed: [] }]);
  });

  it('folds rows of processes that came or went, and what comes and goes by itself', () => {
    const processes = new Processes([process(1, 1), process(2, 1)], [process(1, 1), process(3, 1)]);
    const { added, removed, folded } = diff(
      [thing(1, 'kept'), thing(2, 'a'), thing(1, 'noise')],
      [thing(1, 'kept'), thing(3, 'a'), thing(1, 'mine', 2)],
      { processes },
    );
    expect(added).toEqual([thing(1, 'mine', 2)]);
    expect(removed).toEqual([]);
    expect(folded).toEqual({ churn: 1, counters: 0, ofProcesses: 2 });
  });

  it('lists rows of processes that came or went where they are wanted, and folds the rest', () => {
    const processes = new Processes([process(1, 1), process(2, 1)], [process(1, 1), process(3, 1)]);
    const { added, removed, folded } = diff(
      [thing(1, 'kept', 1, 10), thing(2, 'a'), thing(1, 'noise')],
      [thing(1, 'kept', 1, 20), thing(3, 'b')],
      { processes, ofProcesses: true },
    );
    expect([added, removed]).toEqual([[thing(3, 'b')], [thing(2, 'a')]]);
    expect(folded).toEqual({ churn: 1, counters: 1, ofProcesses: 0 });
  });

  it('sees through numbers that are handed out by chance only where things are interchangeable', () => {
    const answers = [[thing(1, 'a', 40000)], [thing(1, 'a', 50000)]] as const;
    expect(diff(...answers)).toMatchObject({ added: [], removed: [], folded: { churn: 1 } });
    expect(diff(...answers, {}, lasting).added).toHaveLength(1);
    expect(diff(...answers, { all: true }).added).toHaveLength(1);
  });
});

describe('what could not be read', () => {
  it('is neither new nor gone nor changed', () => {
    const torn: Row = { ...thing(1, 'a', 1, 0, 4n), at: { absent: 'not-present' } };
    expect(diff([thing(1, 'a', 1, 0, 4n)], [torn])).toMatchObject({
      added: [],
      removed: [],
      changed: [],
      same: 1,
    });
  });

  it('makes what is missing uncertain: one side was not whole', () => {
    const { added, removed, unsure, notes } = diff(
      [thing(1, 'a'), thing(2, 'b')],
      side([thing(1, 'a'), thing(3, 'c')], ['list breaks']),
    );
    expect(added).toEqual([thing(3, 'c')]);
    expect(removed).toEqual([]);
    expect(unsure).toEqual([{ row: thing(2, 'b'), side: 'before' }]);
    expect(notes).toEqual(['the second snapshot: list breaks']);
  });

  it('leaves out rows whose names are torn, and says so', () => {
    const nameless: Row = { ...thing(2, 'b'), name: { absent: 'swapped-out' } };
    const { added, removed, unsure, notes } = diff([nameless], [thing(2, 'b')]);
    expect([added, removed]).toEqual([[], []]);
    expect(unsure).toEqual([{ row: thing(2, 'b'), side: 'after' }]);
    expect(notes).toEqual([
      'the first snapshot: 1 rows could not be named, since a part of them could not be read',
    ]);
  });
});

describe('two answers of two boots', () => {
  const relation = { boot: 'other', machine: 'same' } as const;

  it('recognises things by what outlasts a boot, wherever they are now', () => {
    const { added, removed, changed, same } = diff(
      [thing(1, 'a', 1, 0, 4n), thing(2, 'b')],
      [thing(9, 'a', 1, 0, 8n)],
      { relation },
    );
    expect([added, changed, same]).toEqual([[], [], 0]); // its number and address are another boot's
    expect(removed).toEqual([thing(2, 'b')]);
  });

  it('compares nothing of which nothing outlasts a boot', () => {
    const { added, notes } = diff([], [thing(1, 'a')], { relation }, fleeting as typeof things);
    expect(added).toEqual([]);
    expect(notes).toEqual(['fleeting is not compared across boots: nothing in it outlives one']);
  });
});
