import { readdirSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import {
  Bundle,
  codeFile,
  ENTRY,
  openPart,
  partFile,
  seal,
  unseal,
  WRAPPING,
} from '../../src/start/bundle.ts';
import { scratchFolder } from '../support/writers-scratch.ts';

const scratch = scratchFolder();
const require = createRequire(import.meta.url);

/** The text of a part with these chunks, each the body of a function. */
const partOf = (chunks: Readonly<Record<string, string>>): Buffer =>
  Buffer.from(
    `${WRAPPING[0]}\n${Object.entries(chunks)
      .map(([name, body]) => `${JSON.stringify(name)}: function () { ${body} },`)
      .join('\n')}\n${WRAPPING[1]}`,
  );

/** A part whose command line answers with the number of words and `add`. All drawn here are as long. */
const drawn = (add: number): Buffer =>
  partOf({ [ENTRY]: `return { main: async (words) => words.length + ${add} };` });

const bundle = (): Bundle => new Bundle(scratch.path('.'), require);

/** Puts the main part into the folder, and beside it what `codeOf` makes of the code that V8 has for it. */
function put(source: Buffer, codeOf: (sealed: Buffer) => Buffer): void {
  scratch.file(partFile('main'), source);
  scratch.file(codeFile('main'), '');
  const { script } = openPart(scratch.path('.'), 'main');
  scratch.file(codeFile('main'), codeOf(seal(source, script.createCachedData())));
}

/** What the bundle answers to two words, and whether V8 refused code: undefined where it was given none. */
async function run(): Promise<{ answer: number; refused: boolean | undefined }> {
  const { main, parts } = bundle();
  return {
    answer: (await main(['a', 'b'])) as number,
    refused: parts.get('main')!.script.cachedDataRejected,
  };
}

describe('a part of a bundle', () => {
  it('is run by the code beside it', async () => {
    put(drawn(1), (sealed) => sealed);
    expect(await run()).toEqual({ answer: 3, refused: false });
  });

  it.each<[string, (sealed: Buffer) => Buffer]>([
    ['is empty', () => Buffer.alloc(0)],
    ['is shorter than a digest', (sealed) => sealed.subarray(0, 20)],
    ['was written in part', (sealed) => sealed.subarray(0, sealed.length >> 1)],
    ['has one other bit', (sealed) => flipped(sealed, sealed.length >> 1)],
    ['has one other bit in its digest', (sealed) => flipped(sealed, 3)],
    ['is of another bundle of the same length', (sealed) => seal(drawn(7), sealed.subarray(32))],
  ])('is run without code that %s', async (_, codeOf) => {
    put(drawn(2), codeOf);
    expect(await run()).toEqual({ answer: 4, refused: undefined });
  });

  it('is run where V8 refuses the code', async () => {
    scratch.file(partFile('main'), drawn(3));
    scratch.file(codeFile('main'), seal(drawn(3), Buffer.from('no code of any V8'.repeat(100))));
    expect(await run()).toEqual({ answer: 5, refused: true });
  });

  it('that is not there is an error with its place', () => {
    expect(() => openPart(scratch.path('nowhere'), 'main')).toThrow(join('nowhere', partFile('main')));
  });
});

describe('a bundle', () => {
  it('gives its modules the URLs of their own files, and what is outside by require', async () => {
    const main = `return { main: async () => [urlOf('src/x.js'), require('node:path').sep] };`;
    scratch.file(partFile('main'), partOf({ [ENTRY]: main }));
    expect(await bundle().main([])).toEqual([
      new URL('../src/x.js', `file://${scratch.path('.')}/`).href,
      '/',
    ]);
  });

  it('opens a part when something of it is asked for, and runs each chunk once', async () => {
    scratch.file(
      partFile('main'),
      partOf({
        [ENTRY]: `const { count } = load('main/shared');
          return { main: async () => (await later('other/b')).made(await later('other/a')) + count };`,
        'main/shared': 'globalThis.vestigeRuns = (globalThis.vestigeRuns ?? 0) + 1; return { count: 100 };',
      }),
    );
    scratch.file(
      partFile('other'),
      partOf({
        'other/a': `return { ten: 10 * load('main/shared').count };`,
        'other/b': `return { made: ({ ten }) => ten + globalThis.vestigeRuns };`,
        'other/never': `throw new Error('nobody asked for this');`,
      }),
    );
    const opened = bundle();
    const { main } = opened;
    expect([...opened.parts.keys()]).toEqual(['main']);
    expect(await main([])).toBe(1101);
    expect([...opened.parts.keys()]).toEqual(['main', 'other']);
  });
});

it('no module exports what is assigned to again: a chunk has what it imports once', () => {
  for (const folder of ['src', 'plugins'])
    for (const name of readdirSync(folder, { recursive: true, encoding: 'utf8' }))
      if (name.endsWith('.ts'))
        expect(readFileSync(join(folder, name), 'utf8'), name).not.toMatch(/^export (let|var)\b/m);
});

describe('sealed code', () => {
  it('is given back for its own source only', () => {
    const code = Buffer.from('code');
    const sealed = seal(drawn(1), code);
    expect(unseal(drawn(1), sealed)).toEqual(code);
    expect(unseal(drawn(2), sealed)).toBeUndefined();
  });
});

function flipped(sealed: Buffer, at: number): Buffer {
  const other = Buffer.from(sealed);
  other[at]! ^= 1;
  return other;
}
