// What is done to texts before they stand in CSV.
import { describe, expect, it } from 'vitest';
import { csvField, guardFormula } from '../../src/report/csv-text.ts';

describe('a text in CSV', () => {
  it.each(['=1', '+1', '-1', '@a', '\t=1', '＝1', '＋1', '－1', '＠a', 'absent:swapped', "'=1"])(
    'that begins like %j gets a sign before it',
    (text) => {
      expect(guardFormula(text)).toBe(`'${text}`);
    },
  );

  it.each(["it's", 'a=1', '/usr/bin/x', '0x1', ''])('such as %j stays', (text) => {
    expect(guardFormula(text)).toBe(text);
  });

  it('is quoted where another program would end the field', () => {
    expect(['a;=1+1', 'a,b', 'a"b', 'a\nb', 'a b'].map(csvField)).toEqual([
      ...['"a;=1+1"', '"a,b"', '"a""b"', '"a\nb"', 'a b'],
    ]);
  });
});
