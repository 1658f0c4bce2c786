import { describe, expect, it } from 'vitest';
import { escapeJson, escapeText } from '../../src/report/escape.ts';
import { actingIn, Hostile } from './hostile.ts';

describe('escapeText', () => {
  it.each([
    ['a plain name', 'kworker/0:1-events', 'kworker/0:1-events'],
    ['letters of other scripts', 'процесс 進程 ñ', 'процесс 進程 ñ'],
    ['an escape sequence', '\x1b[2Jsshd', '\\x1b[2Jsshd'],
    ['line feeds and tabs', 'a\nb\tc\r', 'a\\x0ab\\x09c\\x0d'],
    ['C1 controls and DEL', '\x9b31m\x7f', '\\u009b31m\\x7f'],
    ['bidirectional overrides', 'a\u202etxt.exe\u2066', 'a\\u202etxt.exe\\u2066'],
    ['zero width', 'ss\u200bhd\ufeff', 'ss\\u200bhd\\ufeff'],
    ['spaces that look like the plain one', 'sshd\u00a0\u3000', 'sshd\\u00a0\\u3000'],
    ['lone surrogates', 'a\ud800b\udc00', 'a\\ud800b\\udc00'],
    ['the replacement character', 'a\ufffd', 'a\\ufffd'],
    ['tags beyond the first plane', 'a\u{e0041}', 'a\\u{e0041}'],
    ['a mark that would sit on its neighbour', '\u0301a', '\\u0301a'],
    ['a pile of marks', 'e\u0301\u0301\u0301\u0301\u0301', 'e\u0301\u0301\u0301\\u0301\\u0301'],
    ['letters that pass for an escaped character', 'a\\x1b', 'a\\x5cx1b'],
    ['letters that pass for such letters', 'a\\x5cx1b\\u202e', 'a\\x5cx5cx1b\\x5cu202e'],
    ['letters that pass for a tag', 'a\\u{e0041}', 'a\\x5cu{e0041}'],
    ['a byte that is no UTF-8', 'a\\xff', 'a\\xff'],
    ['other backslashes', 'C:\\users dev-disk-by\\x2dlabel \\', 'C:\\users dev-disk-by\\x2dlabel \\'],
  ])('shows %s so that it cannot act', (_what, given, shown) => {
    expect(escapeText(given)).toBe(shown);
  });

  it('leaves nothing in any text that could act on a terminal', () => {
    const random = new Hostile(1);
    for (let i = 0; i < 20_000; i++) {
      const shown = escapeText(random.text());
      expect(actingIn(shown)).toEqual([]);
      expect(shown).not.toContain('\n');
    }
  });

  it('shows texts that differ as different, whatever letters they are made of', () => {
    const letters = ['\\', 'x', '5', 'c', '1', '\x1c', '\u{e0155}', '{', '}', 'u', '\u5c1c', 'e', '0'];
    const random = new Hostile(4);
    const shown = new Map<string, string>();
    for (let i = 0; i < 200_000; i++) {
      const text = Array.from({ length: random.below(12) }, () => random.pick(letters)).join('');
      const as = escapeText(text);
      expect(shown.get(as) ?? text).toBe(text);
      shown.set(as, text);
    }
  });
});

describe('escapeJson', () => {
  it('writes nothing that could act on a terminal, and parses back to the same texts', () => {
    const random = new Hostile(2);
    for (let i = 0; i < 20_000; i++) {
      const value = { [random.text()]: random.text() };
      const json = escapeJson(JSON.stringify(value, null, 2));
      expect(actingIn(json)).toEqual([]);
      expect(JSON.parse(json)).toEqual(value);
    }
  });
});
