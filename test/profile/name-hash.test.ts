// Names are found by a hash of 32 bits: two that are wanted must not have the same one, or the first would never be found.
// The names are all that the program wants of a kernel.
import { describe, expect, it } from 'vitest';
import { NameSet } from '../../src/profile/name-hash.ts';
import { required } from '../../src/session/linux/required-members.ts';

describe('names that the program looks for', () => {
  it.each<[string, readonly string[]]>([
    ['structs', Object.keys(required.types)],
    ['members', Object.values(required.types).flat()],
    ['symbols', required.symbols],
    ['enumerators', required.enumerators],
  ])('have hashes of their own: %s', (_, names) => {
    expect(new NameSet(names).size).toBe(new Set(names).size);
  });
});
