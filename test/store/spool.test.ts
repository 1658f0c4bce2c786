import { describe, expect, it } from 'vitest';
import type { Row } from '../../src/plugin/cell.ts';
import { RowSpool } from '../../src/store/spool.ts';
import { fakeFacts } from '../support/fake-session.ts';
import { identity, inStore, plugin, ROWS } from './scratch.ts';

const PLUGIN = plugin();
const FACTS = fakeFacts();

/** So many that most of them wait in a file. */
const MANY = 10_000;

/** Rows with every kind of cell, `count` of them. */
const rows = (count: number): Row[] => Array.from({ length: count }, (_, nth) => ROWS[nth % ROWS.length]!);

function spooled(given: readonly Row[]): RowSpool {
  const spool = new RowSpool(PLUGIN);
  for (const row of given) spool.add(row);
  return spool;
}

describe('rows on their way into a store', () => {
  it.each([0, 1, 4095, 4096, 4097, MANY])('are %d, in their order and as they were', (count) => {
    const given = rows(count);
    const spool = spooled(given);
    expect(spool).toHaveLength(count);
    expect([...spool]).toEqual(given);
    spool.close();
  });

  it('are remembered as those that were given at once', () =>
    inStore((store) => {
      const given = rows(MANY);
      const spool = spooled(given);
      store.keep(identity(1), FACTS, PLUGIN, '{}', { rows: spool, notes: ['a note'] });
      store.keep(identity(2), FACTS, PLUGIN, '{}', { rows: given, notes: ['a note'] });
      spool.close();
      expect(store.answer(identity(1), PLUGIN, '{}')).toEqual({ rows: given, notes: ['a note'] });
      expect(store.answer(identity(1), PLUGIN, '{}')).toEqual(store.answer(identity(2), PLUGIN, '{}'));
    }));

  it('let go of their file twice, and before there is one', () => {
    const spool = spooled(rows(MANY));
    spool.close();
    expect(() => spool.close()).not.toThrow();
    expect(() => new RowSpool(PLUGIN).close()).not.toThrow();
  });
});
