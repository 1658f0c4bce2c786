// Commands that ask several questions take answers over from the snapshot before, as scans do: nothing is asked anew whose
// memory has not changed, and what is said is the same.
import { copyFileSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { afterAll, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { plugins } from '../../plugins/index.ts';
import { main } from '../../src/cli/main.ts';
import { Inquiry } from '../../src/inquiry/inquiry.ts';
import { Recall } from '../../src/inquiry/recall.ts';
import { connect } from '../../src/store/connection.ts';
import { NEVER_TAKEN_OVER } from '../support/never-taken-over.ts';
import { SILENT } from '../support/silent.ts';

const { asked, written } = vi.hoisted(() => ({ asked: [] as string[], written: { out: '' } }));

vi.mock('../../src/plugin/run.ts', async (original) => {
  const actual = await original<typeof import('../../src/plugin/run.ts')>();
  return {
    ...actual,
    runPlugin: (...words: Parameters<typeof actual.runPlugin>) => {
      asked.push(words[0].name);
      return actual.runPlugin(...words);
    },
  };
});
vi.mock('../../src/cli/terminal/output.ts', async (original) => ({
  ...(await original<object>()),
  writeData: (text: string): void => void (written.out += text),
  writeAside: (): void => undefined,
}));

const folder = mkdtempSync(join(tmpdir(), 'vestige-before-'));
/** Snapshots of one moment, so that nothing has changed from one to the other, and one of some minutes later. */
const [one, same, third] = ['one.kdump', 'same.kdump', 'third.kdump'].map((name) => join(folder, name)) as [
  string,
  string,
  string,
];
const LATER = 'samples/web-1/after.kdump';
/** Sweeps memory, which is no reading of some words: such an answer is always found anew. */
const SWEEPING = plugins.filter(({ name }) => name === 'keys' || NEVER_TAKEN_OVER.has(name));
const READING = plugins.filter((plugin) => !SWEEPING.includes(plugin));
let caches = 0;

beforeAll(async () => {
  for (const path of [one, same, third]) copyFileSync('samples/web-1/before.kdump', path);
  // The cache trusts no file that changed in the last two seconds.
  await new Promise((resolve) => setTimeout(resolve, 2_100));
});
beforeEach(() => {
  asked.length = 0;
});
afterAll(() => rmSync(folder, { recursive: true }));

const newCache = (): string => join(folder, `cache-${caches++}.sqlite`);

/** What a command says, and the questions that it had to ask. */
async function said(...words: string[]): Promise<{ out: string; asked: readonly string[] }> {
  asked.length = 0;
  written.out = '';
  await main(words);
  return { out: written.out, asked: [...asked] };
}

/** Whole answers of a snapshot to all that reads. */
async function answers(path: string, cache: string, areSeveral = true): Promise<object[]> {
  const recall = await Recall.open({ cache }, SILENT);
  const asking = { settings: { search: 'proof' }, recall, listener: SILENT } as const;
  const inquiry = await Inquiry.begin(path, {
    ...asking,
    ...{ before: areSeveral ? [one] : [], isFollowed: areSeveral },
  });
  try {
    return [...(await inquiry.answers(READING)).values()];
  } finally {
    inquiry.close();
    recall.close();
  }
}

describe('a snapshot whose machine was asked before', () => {
  it('is asked nothing whose memory is as it was, and answers as it does without', async () => {
    const cache = newCache();
    const first = await answers(one, cache);
    expect([...asked].sort()).toEqual(READING.map(({ name }) => name).sort());
    asked.length = 0;
    expect(await answers(same, cache)).toEqual(first);
    expect(asked).toEqual([]);
    expect(await answers(same, cache)).toEqual(await answers(same, newCache()));
  }, 120_000);

  it('is asked anew by whoever asks one for the first time; the next of the machine tells what it read', async () => {
    const cache = newCache();
    const first = await answers(one, cache, false);
    asked.length = 0;
    expect(await answers(same, cache, false)).toEqual(first);
    expect(asked.length).toBe(READING.length);
    asked.length = 0;
    expect(await answers(third, cache, false)).toEqual(first);
    expect(asked).toEqual([]);
  }, 120_000);

  it('is asked again where rows of the answer before are lost', async () => {
    const cache = newCache();
    const first = await answers(one, cache);
    const database = connect(cache);
    database.exec(`DELETE FROM ${rowsOf(database)} WHERE ordinal = 0`);
    database.close();
    asked.length = 0;
    expect(await answers(same, cache)).toEqual(first);
    expect(asked).toEqual(['pslist']);
  }, 120_000);

  it('answers as it does without where much has changed', async () => {
    const cache = newCache();
    await answers(one, cache);
    expect(await answers(LATER, cache)).toEqual(await answers(LATER, newCache()));
  }, 120_000);
});

describe('a command', () => {
  it.each([
    ['diff', [one, same, '--json']],
    ['check', [one, same, '--json']],
    ['check', [same, '--since', one, '--json']],
    ['report', [one, same, '--output', '-', '--no-policy']],
    ['timeline', [one, same, '--json']],
  ] as const)(
    '%s %j takes over what stands, and says the same',
    async (command, words) => {
      const without = await said(command, ...words, '--no-cache');
      const once = new Set(without.asked);
      expect(without.asked.length).toBe(2 * once.size);
      const withCache = await said(command, ...words, '--cache', newCache());
      expect(withCache.asked.length).toBe(once.size + SWEEPING.filter(({ name }) => once.has(name)).length);
      expect(told(withCache.out)).toEqual(told(without.out));
    },
    120_000,
  );
});

/** The table that holds the rows of pslist. */
const rowsOf = (database: ReturnType<typeof connect>): string =>
  database
    .prepare(
      `SELECT name FROM sqlite_schema WHERE type = 'table' AND name LIKE 'rows\\_pslist\\_%' ESCAPE '\\'`,
    )
    .pluck()
    .get() as string;

/** A document, or that in a page, but for how the kernel was found: with a cache, its profile is remembered. */
function told(text: string): unknown {
  const [, packed] = /id="data">([^<]+)/.exec(text) ?? [];
  const document = packed === undefined ? text : gunzipSync(Buffer.from(packed, 'base64')).toString();
  return JSON.parse(document, (key, value: unknown) => (key === 'steps' ? null : value));
}
