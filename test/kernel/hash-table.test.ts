import { describe, expect, it } from 'vitest';
import { Budget } from '../../src/base/budget.ts';
import { chainedLinks, type HashTable } from '../../src/kernel/linux/containers/hash-table.ts';
import { drawWords } from '../support/drawn-symbols.ts';
import { type FakeKernel, fakeKernel } from '../support/kernel.ts';

/** A link that leads to `next`. */
const link = (drawn: FakeKernel, next: bigint): bigint => drawWords(drawn, [next]);

function walk(drawn: FakeKernel, heads: bigint, table: Partial<HashTable> & { readonly buckets: number }) {
  const kernel = drawn.linux();
  const found = [...chainedLinks(kernel, { name: 'drawn things', heads, strideBytes: 8, ...table })];
  return { found, notes: kernel.notes.drain() };
}

describe('hash tables', () => {
  it('follows each chain to its end, be it NULL or an odd number', () => {
    const drawn = fakeKernel('init(1)');
    const last = link(drawn, 0n);
    const first = link(drawn, last);
    const lone = link(drawn, 0x7n);
    const heads = drawWords(drawn, [0n, first, 0x3n, lone]);
    expect(walk(drawn, heads, { buckets: 4 })).toEqual({ found: [first, last, lone], notes: [] });
  });

  it('takes heads from wider buckets, and the lock out of locked ones', () => {
    const drawn = fakeKernel('init(1)');
    const [a, b] = [link(drawn, 0n), link(drawn, 0n)];
    const heads = drawWords(drawn, [a | 1n, 99n, 1n, 99n, b, 99n]);
    const table = { buckets: 3, strideBytes: 16, lockedHeads: true };
    expect(walk(drawn, heads, table)).toEqual({ found: [a, b], notes: [] });
  });

  it('ends a chain that loops, and one that leads nowhere, and goes on with the next', () => {
    const drawn = fakeKernel('init(1)');
    const loop = link(drawn, 0n);
    drawn.image.put64(drawn.physical(loop), loop);
    const lone = link(drawn, 0n);
    const heads = drawWords(drawn, [loop, 0xffff_c900_0000_0000n, lone]);
    expect(walk(drawn, heads, { buckets: 3 })).toEqual({
      found: [loop, lone],
      notes: ['2 chains in the hash table of drawn things break: the chain loops'],
    });
  });

  it('skips pages of the table that are lost, and says how many buckets they held', () => {
    const drawn = fakeKernel('init(1)');
    const [a, b, c] = [link(drawn, 0n), link(drawn, 0n), link(drawn, 0n)];
    const words = Array.from({ length: 3 * 512 }, () => 0n);
    [words[0], words[700], words[1024]] = [a, b, c];
    const heads = drawWords(drawn, words);
    drawn.lose(heads + 4096n);
    const { found, notes } = walk(drawn, heads, { buckets: words.length });
    expect(found).toEqual([a, c]);
    expect(notes).toEqual([
      expect.stringMatching(
        /^512 of 1536 buckets in the hash table of drawn things cannot be read: physical page 0x\w+ is not in the snapshot$/,
      ),
    ]);
  });

  it('reads the last bucket where the mapped memory ends behind its pointer', () => {
    const drawn = fakeKernel('init(1)');
    const [a, b] = [link(drawn, 0n), link(drawn, 0n)];
    // Two pages of buckets of 16 bytes, whose pointers are in their second halves, and a page that is not there.
    const words = Array.from({ length: 3 * 512 }, () => 0n);
    [words[1], words[1023]] = [a, b];
    const table = drawWords(drawn, words);
    drawn.lose(table + 8192n);
    expect(walk(drawn, table + 8n, { buckets: 512, strideBytes: 16 })).toEqual({ found: [a, b], notes: [] });
  });

  it('counts the buckets of a lost page by where their pointers are', () => {
    const drawn = fakeKernel('init(1)');
    const [a, b] = [link(drawn, 0n), link(drawn, 0n)];
    const words = Array.from({ length: 3 * 512 }, () => 0n);
    [words[1], words[1025]] = [a, b];
    const table = drawWords(drawn, words);
    drawn.lose(table + 4096n);
    const { found, notes } = walk(drawn, table + 8n, { buckets: 768, strideBytes: 16 });
    expect(found).toEqual([a, b]);
    expect(notes).toEqual([
      expect.stringMatching(
        /^256 of 768 buckets in the hash table of drawn things cannot be read: physical page/,
      ),
    ]);
  });

  it('holds its entries against what the buckets count', () => {
    const drawn = fakeKernel('init(1)');
    const [a, b] = [link(drawn, 0n), link(drawn, 0n)];
    const heads = drawWords(drawn, [a, 1n, b, 2n, 0n, 0n]);
    const table = { buckets: 3, strideBytes: 16, countOffset: 8 };
    expect(walk(drawn, heads, table)).toEqual({
      found: [a, b],
      notes: ['hash table of drawn things has 2 entries, and the kernel counts 3'],
    });
    drawn.image.put64(drawn.physical(heads) + 24, 1n);
    expect(walk(drawn, heads, table)).toEqual({ found: [a, b], notes: [] });
  });

  it('says that a bucket is zero where the kernel leaves none', () => {
    const drawn = fakeKernel('init(1)');
    const a = link(drawn, 0x3n);
    const heads = drawWords(drawn, [1n, a, 0n, 0n]);
    expect(walk(drawn, heads, { buckets: 4, emptyIsOdd: true })).toEqual({
      found: [a],
      notes: ['2 of 4 buckets in the hash table of drawn things are zeros, which the kernel leaves in none'],
    });
  });

  it('gives up what is no table', () => {
    const drawn = fakeKernel('init(1)');
    const words = Array.from({ length: 5000 }, (_, i) => 0xffff_c900_0000_0000n + BigInt(16 * i));
    const { found, notes } = walk(drawn, drawWords(drawn, words), { buckets: 5000 });
    expect(found).toEqual([]);
    expect(notes).toEqual([
      'hash table of drawn things is given up after 0 entries',
      '1000 chains in the hash table of drawn things break: 0xffffc90000000000 is not mapped: level 4 entry is not present',
    ]);
  });

  it('reads half a million empty buckets with fewer reads than it has buckets', () => {
    const drawn = fakeKernel('init(1)');
    const lone = link(drawn, 0n);
    const at = drawn.image.take(8 << 19, 4096);
    drawn.image.put64(at + 8 * 400_000, lone);
    const kernel = drawn.linux();
    kernel.space.memory.chargeTo(new Budget({ rows: 0, bytes: 0, reads: 400_000 }));
    const table = { name: 'drawn things', heads: drawn.virtual(at), buckets: 1 << 19, strideBytes: 8 };
    expect([...chainedLinks(kernel, table)]).toEqual([lone]);
  });
});
