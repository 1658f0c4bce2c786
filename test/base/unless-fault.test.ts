// Reading what may be missing: faults of the evidence become something else, mistakes of the program never.
import { expect, it } from 'vitest';
import { CorruptStructure, UsageError } from '../../src/base/errors.ts';
import { unlessFault } from '../../src/base/unless-fault.ts';

const throwing = (error: Error) => (): number => {
  throw error;
};

it('gives what was read, or something else where the evidence faults', () => {
  expect(unlessFault(() => 7, null)).toBe(7);
  expect(unlessFault(throwing(new CorruptStructure('a link is zero')), null)).toBe(null);
});

it.each([new TypeError('a mistake'), new UsageError('a wrong word')])('lets %s through', (error) => {
  expect(() => unlessFault(throwing(error), 0)).toThrow(error);
});
