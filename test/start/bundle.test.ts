import { createRequire } from 'node:module';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import {
  BUNDLE,
  codeFile,
  openBundle,
  purposeOf,
  SUPERVISED,
  seal,
  unseal,
  WRAPPING,
} from '../../src/start/bundle.ts';
import { scratchFolder } from '../support/writers-scratch.ts';

const scratch = scratchFolder();
const require = createRequire(import.meta.url);

/** A bundle whose command line answers with the number of words and `add`. All drawn here are as long. */
const drawn = (add: number): Buffer =>
  Buffer.from(
    `${WRAPPING[0]}\nmodule.exports = { main: async (words) => words.length + ${add} };\n${WRAPPING[1]}`,
  );

/** Puts a bundle into the folder, and beside it what `codeOf` makes of the code that V8 has for it. */
function put(source: Buffer, codeOf: (sealed: Buffer) => Buffer): void {
  scratch.file(BUNDLE, source);
  scratch.file(codeFile(), '');
  const { script } = openBundle(scratch.path(''));
  scratch.file(codeFile(), codeOf(seal(source, script.createCachedData())));
}

/** What the bundle answers to two words, and whether V8 refused code: undefined where it was given none. */
async function run(): Promise<{ answer: number; refused: boolean | undefined }> {
  const { main, script } = openBundle(scratch.path(''));
  return { answer: await main(require)(['a', 'b']), refused: script.cachedDataRejected };
}

describe('a bundle', () => {
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
    scratch.file(BUNDLE, drawn(3));
    scratch.file(codeFile(), seal(drawn(3), Buffer.from('no code of any V8'.repeat(100))));
    expect(await run()).toEqual({ answer: 5, refused: true });
  });

  it('gives its modules the URLs of their own files, and what is outside by require', async () => {
    scratch.file(
      BUNDLE,
      `${WRAPPING[0]}module.exports = { main: async () => [urlOf('src/x.js'), require('node:path').sep] };${WRAPPING[1]}`,
    );
    const folder = scratch.path('.');
    expect(await openBundle(folder).main(require)([])).toEqual([
      new URL('../src/x.js', `file://${folder}/`).href,
      '/',
    ]);
  });

  it('has code of its own for starts that are certain to read a snapshot', () => {
    expect(purposeOf(['scan', 'x'], { [SUPERVISED]: '1' })).toBe('reading');
    expect(purposeOf(['scan', 'x'], {})).toBe('main');
    expect(purposeOf(['pslist', 'x', '--no-cache'])).toBe('reading');
    expect(purposeOf(['pslist', 'x'])).toBe('main');
    expect(purposeOf([])).toBe('main');
    expect(codeFile('reading')).not.toBe(codeFile('main'));
    put(drawn(1), (sealed) => sealed);
    expect(openBundle(scratch.path(''), 'reading').script.cachedDataRejected).toBeUndefined();
  });

  it('that is not there is an error with its place', () => {
    expect(() => openBundle(scratch.path('nowhere'))).toThrow(join('nowhere', BUNDLE));
  });
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
