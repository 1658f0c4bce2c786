// What every question owes, whatever it is about: it ends on a kernel in which nothing is there, loses no row without a word
// where a page is lost, and its rows come back from every output and from the store as they were.
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { plugins } from '../../plugins/index.ts';
import { isAbsent, type Row } from '../../src/plugin/cell.ts';
import { type AnyPlugin, kindOf } from '../../src/plugin/contract.ts';
import { cellJson } from '../../src/report/cell.ts';
import { rowWriter } from '../../src/report/json.ts';
import { openSession, type Session } from '../../src/session/session.ts';
import { identity, inStore } from '../store/scratch.ts';
import { fakeFacts } from '../support/fake-session.ts';
import { fakeKernel } from '../support/kernel.ts';
import { type Answer, ask } from '../support/rows.ts';

const DRAWING = 'init(1)  [kthreadd](2)  sshd(200 < 1)  bash(201 < 200)';
const PAGE = 4096;
/** So many pages are lost, one at a time, from all over the memory. */
const MOST_PAGES = 48;

const named = plugins.map((plugin) => [plugin.name, plugin] as const);

/** Rows, whose cells are all of their column's kind or absent for a reason, and notes. */
function expectSound(plugin: AnyPlugin, { rows, notes }: Answer): void {
  for (const row of rows) {
    expect(Object.keys(row).sort()).toEqual(Object.keys(plugin.columns).sort());
    for (const [name, cell] of Object.entries(row)) {
      if (isAbsent(cell)) expect(cell.absent).toMatch(/^[a-z-]+$/);
      else expect(() => cellJson(kindOf(plugin.columns[name]!), cell)).not.toThrow();
    }
  }
  for (const note of notes) expect(note).not.toMatch(/[\p{Cc}]/u);
}

describe.each(named)('%s', (_name, plugin) => {
  it('ends on a kernel that has nothing', async () => {
    const answer = await ask(plugin, fakeKernel('').linux());
    expectSound(plugin, answer);
    expect(answer.rows).toEqual([]);
  });

  it('loses nothing without a word, whichever page is lost', { timeout: 120_000 }, async () => {
    const whole = await ask(plugin, fakeKernel(DRAWING).linux());
    const pages = fakeKernel(DRAWING).image.take(0) / PAGE;
    // Each of them takes as long as the whole answer.
    for (let page = 0; page < pages; page += Math.ceil(pages / MOST_PAGES)) {
      const drawn = fakeKernel(DRAWING);
      drawn.image.lose(page * PAGE);
      const answer = await ask(plugin, drawn.linux());
      expectSound(plugin, answer);
      const isShort = answer.rows.length < whole.rows.length;
      if (isShort) expect(answer.notes, `page ${page}`).not.toEqual(whole.notes);
    }
  });
});

/** Questions about what the machine of the samples has none of. */
const NOT_IN_SAMPLE = new Set([
  'containers',
  'ptrace',
  'locks',
  'inotify',
  'patches',
  'kprobes',
  'ftrace',
  'tracepoints',
]);

describe('rows of the sample', () => {
  let session: Session;
  const answers = new Map<string, readonly Row[]>();
  beforeAll(async () => {
    session = openSession('samples/web-1/after.kdump');
    for (const plugin of plugins) answers.set(plugin.name, (await ask(plugin, session.kernel)).rows);
  }, 120_000);
  afterAll(() => session.close());

  it.each(named)('of %s come back from the store as they were', (name, plugin) =>
    inStore((store) => {
      const rows = answers.get(name)!;
      expect(rows.length === 0).toBe(NOT_IN_SAMPLE.has(name));
      store.scans.atomically(() => store.keep(identity(1), fakeFacts(), plugin, '{}', { rows, notes: [] }));
      expect([...store.answer(identity(1), plugin, '{}')!.rows]).toEqual(rows);
    }),
  );

  it.each(named)(
    'of %s are JSON that has every column, and no letter that acts on a terminal',
    (name, plugin) => {
      const columns = Object.keys(plugin.columns);
      const write = rowWriter({ plugin, columns });
      for (const row of answers.get(name)!) {
        const back = JSON.parse(JSON.stringify(write(row))) as Record<string, unknown>;
        expect(Object.keys(back)).toEqual(columns);
        columns.forEach((column) => {
          const cell = row[column]!;
          if (!isAbsent(cell))
            expect(back[column]).toEqual(
              JSON.parse(JSON.stringify(cellJson(kindOf(plugin.columns[column]!), cell))),
            );
        });
      }
    },
  );
});
