import { describe, expect, it } from 'vitest';
import { decodeText, decodeUntilNul } from '../../src/base/text.ts';
import { Random } from '../support/random.ts';

/** The bytes of a text in which each letter is one byte. */
const bytesOf = (letters: string): Uint8Array => Buffer.from(letters, 'latin1');
const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

/** All texts of up to `most` of these letters. */
function* textsOf(letters: readonly string[], most: number, head = ''): Generator<string> {
  yield head;
  if (most > 0) for (const letter of letters) yield* textsOf(letters, most - 1, head + letter);
}

describe('text from a dump', () => {
  it.each([
    ['UTF-8', Buffer.from('naïve 進程 👍'), 'naïve 進程 👍'],
    ['a byte order mark', Buffer.from('\ufeffsh'), '\ufeffsh'],
    ['the replacement character itself', Buffer.from('\ufffd'), '\ufffd'],
    ['a byte that is no UTF-8', bytesOf('\xff'), '\\xff'],
    ['the letters that such a byte is spelled with', bytesOf('\\xff'), '\\x5cxff'],
    ['the letters that those are spelled with', bytesOf('\\x5cxff'), '\\x5cx5cxff'],
    ['the name of a unit', bytesOf('dev-disk-by\\x2dlabel'), 'dev-disk-by\\x2dlabel'],
    ['a path of Windows', bytesOf('C:\\x\\ff\\'), 'C:\\x\\ff\\'],
    ['an overlong slash', bytesOf('\xc0\xaf'), '\\xc0\\xaf'],
    ['a surrogate', bytesOf('\xed\xa0\x80'), '\\xed\\xa0\\x80'],
    ['what lies past the last code point', bytesOf('\xf4\x90\x80\x80'), '\\xf4\\x90\\x80\\x80'],
    ['a sequence that is cut', bytesOf('a\xe2\x82'), 'a\\xe2\\x82'],
    ['a sequence that is cut by another', bytesOf('\xe2\x82\xc3\xa4'), '\\xe2\\x82ä'],
  ])('%s', (_what, bytes, text) => {
    expect(decodeText(bytes)).toBe(text);
    expect(decodeText(Buffer.concat([bytes, Buffer.alloc(64, 'a')]))).toBe(text + 'a'.repeat(64));
  });

  it('tells any two byte sequences apart', () => {
    const seen = new Map<string, string>();
    for (const letters of textsOf(['\\', 'x', '5', 'c', 'f', '\xff', '\xc3', '\xa4'], 6)) {
      const text = decodeText(bytesOf(letters));
      expect(seen.get(text) ?? letters).toBe(letters);
      seen.set(text, letters);
    }
  });

  it('takes the same for UTF-8 as the platform does', () => {
    const random = new Random(5);
    for (let i = 0; i < 50_000; i++) {
      const bytes = random
        .bytes(1 + random.below(6))
        .map((byte) => random.pick([byte, byte | 0x80, byte | 0xe0]));
      const isText = (() => {
        try {
          return utf8.decode(bytes);
        } catch {
          return undefined;
        }
      })();
      const decoded = decodeText(bytes);
      if (isText === undefined) expect(decoded).toMatch(/\\x[89a-f][0-9a-f]/);
      else if (!isText.includes('\\')) expect(decoded).toBe(isText);
    }
  });

  it('ends at the first NUL where a C string does', () => {
    expect(decodeUntilNul(bytesOf('sh\0rest'))).toBe('sh');
  });
});
