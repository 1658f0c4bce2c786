// What is told of columns: their kinds, with units, and how a column's reader is found beside that.
import { expect, it } from 'vitest';
import { kindText } from '../../src/plugin/contract.ts';

it('tells units, and which addresses are physical', () => {
  expect(kindText({ int: () => 1, unit: 'KiB', help: 'pages in RAM' })).toBe('int (KiB)');
  expect(kindText({ help: 'of the schedule', address: () => 1n, space: 'physical' })).toBe(
    'address (physical)',
  );
  expect(kindText({ address: () => 1n })).toBe('address');
  expect(kindText({ seconds: () => 1 })).toBe('seconds');
});
