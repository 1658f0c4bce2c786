import { createHash } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import pslist from '../../plugins/pslist.ts';
import { type Limits, limitsFor } from '../../src/base/budget.ts';
import type { Linux } from '../../src/kernel/linux/linux.ts';
import { initTask } from '../../src/kernel/linux/process/task.ts';
import { definePlugin } from '../../src/plugin/contract.ts';
import { MOST_CELL_BYTES } from '../../src/plugin/long-text.ts';
import { fakeKernel } from '../support/kernel.ts';
import { ask, column } from '../support/rows.ts';

/** A question about the kernel that yields what it is told to. */
const question = <S>(subjects: (kernel: Linux) => Iterable<S>, text: (subject: S) => string) =>
  definePlugin({
    ...{ name: 'drawn', summary: '', example: '', version: 1, identity: [] },
    subjects,
    columns: { text: { text } },
  });

/** A drawn kernel whose questions may cost no more. */
function limited(limits: Partial<Limits>, drawing = 'init(1)  sshd(200 < 1)  bash(201 < 200)'): Linux {
  const kernel = fakeKernel(drawing).linux();
  const { memory } = kernel.space;
  memory.limits = { ...memory.limits, ...limits };
  return kernel;
}

describe('the budget of a question', () => {
  it('ends an answer with a note and the rows that it had', async () => {
    const { rows, notes } = await ask(pslist, limited({ rows: 2 }));
    expect(rows.map(({ pid }) => pid)).toEqual([1, 200]);
    expect(notes).toEqual(['pslist stopped early: there are more than 2 rows; --max-rows allows more']);
  });

  it('leaves an answer whole that just fits', async () => {
    const { rows, notes } = await ask(pslist, limited({ rows: 3 }));
    expect(rows).toHaveLength(3);
    expect(notes).toEqual([]);
  });

  it('counts the texts of all rows', async () => {
    const letters = question(
      () => ['aaa', 'bbb', 'ccc'],
      (text) => text,
    );
    const { rows, notes } = await ask(letters, limited({ bytes: 8 }));
    expect(rows.map(({ text }) => text)).toEqual(['aaa', 'bbb']);
    expect(notes).toEqual(['drawn stopped early: its texts have more than 8 bytes; --max-bytes allows more']);
  });

  it('ends a walk that goes on after every fault and yields nothing', async () => {
    const endless = question(
      function* (kernel: Linux): Generator<number> {
        const { address } = initTask(kernel);
        for (let sum = 0; ; sum++) kernel.attempt(() => kernel.u32At(address), sum, 'a word');
      },
      () => '',
    );
    const { rows, notes } = await ask(endless, limited({ reads: 100_000 }));
    expect(rows).toEqual([]);
    expect(notes).toEqual([
      'drawn stopped early: it takes more than 0.0050 s of work; --max-cpu allows more',
    ]);
  });

  it('is not one cell’s alone: one that would use it up is absent, and rows follow', async () => {
    const costly = question(
      () => [1, 2, 3],
      (nth) => {
        for (let rest = nth === 2 ? 200 : 0; rest > 0; rest--) kernel.u32At(initTask(kernel).address);
        if (nth === 2) kernel.space.memory.spend(10_000);
        return String(nth);
      },
    );
    const kernel = limited({ reads: 100_000 });
    const { rows, notes } = await ask(costly, kernel);
    expect(rows).toEqual([{ text: '1' }, { text: { absent: 'corrupt-structure' } }, { text: '3' }]);
    expect(notes).toEqual([]);
  });

  it('ends the reading of a cell too', async () => {
    const costly = question(
      () => [1, 2, 3],
      (nth) => `${nth}${nth === 2 ? kernel.space.memory.spend(200_000) : ''}`,
    );
    const kernel = limited({ reads: 100_000 });
    const { rows, notes } = await ask(costly, kernel);
    expect(rows).toEqual([{ text: '1' }]);
    expect(notes).toHaveLength(1);
  });

  it('is each question’s own, and nobody’s between them', async () => {
    const kernel = limited({ reads: 100_000 });
    const half = question(
      () => [kernel.space.memory.spend(60_000)],
      () => 'done',
    );
    for (let round = 0; round < 3; round++) {
      expect(await ask(half, kernel)).toEqual({ rows: [{ text: 'done' }], notes: [] });
      expect(() => kernel.space.memory.spend(60_000)).not.toThrow();
    }
  });

  it('grows with the snapshot, and has an end', () => {
    const [small, large, huge] = [limitsFor(2 ** 26), limitsFor(2 ** 33), limitsFor(2 ** 50)];
    for (const limit of ['rows', 'bytes', 'reads'] as const) {
      expect(small[limit]).toBeGreaterThan(10_000);
      expect(large[limit]).toBeGreaterThan(10 * small[limit]);
      expect(huge[limit]).toBeLessThanOrEqual(3 * large[limit]);
    }
  });
});

describe('a text that is too long for a cell', () => {
  const asked = async (...texts: string[]) =>
    ask(
      question(
        () => texts,
        (text) => text,
      ),
      limited({}),
    );

  it('is cut, and its length and digest tell it from others', async () => {
    const text = `${'ä'.repeat(MOST_CELL_BYTES / 2)}b`;
    const digest = createHash('sha256').update(text).digest('hex');
    const cut = `${'ä'.repeat(MOST_CELL_BYTES / 2)}… [${MOST_CELL_BYTES + 1} bytes, sha256 ${digest}]`;
    const answer = await asked(text, 'short', text, `${text}b`);
    expect(column(answer, 'text').slice(0, 3)).toEqual([cut, 'short', cut]);
    expect(answer.rows[3]).not.toEqual(answer.rows[0]);
    expect(answer.notes).toEqual([
      `text: 3 texts of more than ${MOST_CELL_BYTES} bytes are cut, the longest of ${MOST_CELL_BYTES + 2}`,
    ]);
  });

  it('is cut between letters', async () => {
    const { rows } = await asked(`a${'👍'.repeat(MOST_CELL_BYTES / 4)}`);
    expect(rows[0]!['text']).toMatch(/^a(?:👍){16383}… \[65537 bytes, sha256 [0-9a-f]{64}\]$/u);
  });

  it('stays whole where it just fits, and passes for none that was cut', async () => {
    const { rows, notes } = await asked('a'.repeat(MOST_CELL_BYTES));
    expect(rows).toEqual([{ text: 'a'.repeat(MOST_CELL_BYTES) }]);
    expect(notes).toEqual([]);
  });
});
