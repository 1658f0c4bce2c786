// Structs of one type, side by side and in each other.
import { expect, it } from 'vitest';
import { Footprints } from '../../src/types/footprints.ts';

const HIGH = 0xffff_8880 | 0;

it('tells a struct that lies in another, on either side of it', () => {
  const footprints = new Footprints(100);
  expect(footprints.add(HIGH, 1000)).toBe(false);
  expect(footprints.add(HIGH, 1099)).toBe(true);
  expect(footprints.add(HIGH, 901)).toBe(true);
  expect(footprints.add(HIGH, 1000)).toBe(true);
});

it('lets structs lie side by side', () => {
  const footprints = new Footprints(100);
  for (let at = 1000; at < 3000; at += 100) expect(footprints.add(HIGH, at)).toBe(false);
  expect(footprints.add(HIGH, 950)).toBe(true);
});

it('tells places in different halves of an address apart, and joins those across the border', () => {
  const footprints = new Footprints(100);
  expect(footprints.add(HIGH, 1000)).toBe(false);
  expect(footprints.add((HIGH + 1) | 0, 1000)).toBe(false);
  expect(footprints.add(HIGH, 0xffff_fff0 | 0)).toBe(false);
  expect(footprints.add((HIGH + 1) | 0, 0)).toBe(true);
});
