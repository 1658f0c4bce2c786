// The flag --map: what it takes, and what it refuses.
import { describe, expect, it } from 'vitest';
import { mapFrom } from '../../src/cli/flags/map.ts';

describe('--map', () => {
  it('takes pieces in any order, with the last address or the first behind it', () => {
    expect(mapFrom('0x100000-0x200000@0x9ec00,0x1000-0x9fbff@0', undefined)).toEqual([
      { start: 0x1000, end: 0x9fc00, offset: 0 },
      { start: 0x10_0000, end: 0x20_0000, offset: 0x9ec00 },
    ]);
  });

  it.each([
    ['0-0x1000', /wants START-END@OFFSET,…, not 0-0x1000/],
    ['', /wants START-END@OFFSET/],
    ['0x2000-0x1000@0', /is no piece of memory/],
    ['0-0x10000000000001@0', /is no piece of memory/],
    ['0-0x2000@0,0x1000-0x3000@0x9000', /two pieces have the address 0x1000/],
  ])('refuses %s', (word, why) => {
    expect(() => mapFrom(word, undefined)).toThrow(why);
  });

  it('refuses a base beside it', () => {
    expect(() => mapFrom('0-0x1000@0', '0x1000')).toThrow('--map contradicts --base');
  });
});
