import { describe, expect, it } from 'vitest';
import { catalog } from './catalog.ts';
import { turnOf } from './rotation.ts';

const day = (number: number): Date => new Date(number * 86_400_000 + 3_600_000);

describe("the day's two guests", () => {
  it('are an amd64 one and another, the same all day', () => {
    const { guests, why } = turnOf(catalog, day(20_000));
    expect(guests.map(({ architecture }) => architecture === 'amd64')).toEqual([true, false]);
    expect(turnOf(catalog, new Date(day(20_001).getTime() - 3_600_001)).guests).toEqual(guests);
    for (const { name } of guests) expect(why).toContain(name);
  });

  it('are every guest in turn', () => {
    const seen = new Set<string>();
    for (let number = 0; number < catalog.length; number++) {
      for (const { name } of turnOf(catalog, day(20_000 + number)).guests) seen.add(name);
    }
    expect([...seen].sort()).toEqual(catalog.map(({ name }) => name).sort());
  });
});
