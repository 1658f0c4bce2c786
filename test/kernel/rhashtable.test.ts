import { describe, expect, it } from 'vitest';
import { rhashtableLinks } from '../../src/kernel/linux/containers/rhashtable.ts';
import { drawWords } from '../support/drawn-symbols.ts';
import { type FakeKernel, fakeKernel, type KernelWishes } from '../support/kernel.ts';

const link = (drawn: FakeKernel, next: bigint): bigint => drawWords(drawn, [next]);

/** A bucket_table whose buckets are these words. */
function drawBuckets(
  drawn: FakeKernel,
  words: readonly bigint[],
  values: Record<string, number | bigint> = {},
) {
  const table = drawn.draw('bucket_table', { size: words.length, ...values });
  const heads = drawn.physical(drawn.member(table, 'bucket_table', 'buckets'));
  for (const [i, word] of words.entries()) drawn.image.put64(heads + 8 * i, word);
  return table;
}

/** Walks a table in which the kernel counts so many entries: as many as are drawn, unless something is wrong. */
function walk(drawn: FakeKernel, tbl: bigint, nelems: number) {
  const table = drawn.draw('rhashtable', { tbl, nelems });
  const kernel = drawn.linux();
  const found = [...rhashtableLinks(kernel, kernel.at('rhashtable', table), 'drawn things')];
  return { found, notes: kernel.notes.drain() };
}

const draw = (wishes: KernelWishes = {}) => fakeKernel('init(1)', wishes);

describe('resizable hash tables', () => {
  it('takes the lock out of a bucket', () => {
    const drawn = draw();
    const only = link(drawn, 0x55n);
    expect(walk(drawn, drawBuckets(drawn, [0n, only | 1n, 1n]), 1)).toEqual({ found: [only], notes: [] });
  });

  it('takes an odd bucket of older kernels for an empty one', () => {
    const drawn = draw({ without: ['rhash_lock_head'] });
    const only = link(drawn, 0x55n);
    expect(walk(drawn, drawBuckets(drawn, [only | 1n, only]), 1)).toEqual({ found: [only], notes: [] });
  });

  it('goes on in the table that it is being moved to', () => {
    const drawn = draw();
    const [before, after] = [link(drawn, 0n), link(drawn, 0n)];
    const future = drawBuckets(drawn, [0n, after]);
    expect(walk(drawn, drawBuckets(drawn, [before], { future_tbl: future }), 2)).toEqual({
      found: [before, after],
      notes: [],
    });
  });

  it('finds buckets in a tree of pages', () => {
    const drawn = draw();
    const [a, b] = [link(drawn, 0n), link(drawn, 0n)];
    const leaf = (at: number, to: bigint) =>
      drawWords(
        drawn,
        Array.from({ length: 512 }, (_, i) => (i === at ? to : 0n)),
      );
    const top = drawWords(drawn, [leaf(3, a), leaf(511, b | 1n)]);
    expect(walk(drawn, drawBuckets(drawn, [top], { size: 1024, nest: 1 }), 2)).toEqual({
      found: [a, b],
      notes: [],
    });
  });

  it('ends where tables follow each other in a ring', () => {
    const drawn = draw();
    const table = drawBuckets(drawn, [0n]);
    drawn.write(table, 'bucket_table', { future_tbl: table });
    expect(walk(drawn, table, 0)).toEqual({
      found: [],
      notes: ['hash table of drawn things has more than 16 successors'],
    });
  });

  it('says that the kernel counts an entry which no chain has', () => {
    const drawn = draw();
    const only = link(drawn, 0n);
    expect(walk(drawn, drawBuckets(drawn, [only]), 2)).toEqual({
      found: [only],
      notes: ['hash table of drawn things has 1 entries, and the kernel counts 2'],
    });
  });

  it('ends with a note where what describes the buckets is lost', () => {
    const drawn = draw();
    const table = drawBuckets(drawn, [0n]);
    drawn.lose(table);
    const { found, notes } = walk(drawn, table, 1);
    expect(found).toEqual([]);
    expect(notes).toEqual([
      expect.stringMatching(/^hash table of drawn things ends after 0 entries: physical page 0x\w+ is not/),
    ]);
  });
});
