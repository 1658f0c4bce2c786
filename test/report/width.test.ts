import { describe, expect, it } from 'vitest';
import { escapeText } from '../../src/report/escape.ts';
import { truncate, widthOf, wrap } from '../../src/report/width.ts';
import { Hostile } from './hostile.ts';

describe('widthOf', () => {
  it.each([
    ['', 0],
    ['bash', 4],
    ['進程', 4],
    ['é', 1],
    ['e\u0301', 1],
    ['👍', 2],
    ['ﾊﾝｶｸ', 4],
  ])('measures %j as %i', (text, width) => {
    expect(widthOf(text)).toBe(width);
  });
});

describe('truncate', () => {
  it('keeps what fits and shows where it cut', () => {
    expect(truncate('bash', 4)).toBe('bash');
    expect(truncate('bash', 3)).toBe('ba…');
    expect(truncate('進程', 3)).toBe('進…');
    expect(truncate('進程', 2)).toBe('…');
    expect(truncate('bash', 0)).toBe('');
  });

  it('never gives more than was allowed', () => {
    const random = new Hostile(3);
    for (let i = 0; i < 5_000; i++) {
      const width = random.below(30);
      expect(widthOf(truncate(escapeText(random.text()), width))).toBeLessThanOrEqual(width);
    }
  });
});

describe('wrap', () => {
  it('breaks at spaces, and long words anywhere', () => {
    expect(wrap('one two three', 7)).toEqual(['one two', 'three']);
    expect(wrap('abcdefgh ij', 3)).toEqual(['abc', 'def', 'gh', 'ij']);
    expect(wrap('abcde\u0301', 4)).toEqual(['abcd', 'e\u0301']);
    expect(wrap('abc👍', 4)).toEqual(['abc', '👍']);
  });
});
