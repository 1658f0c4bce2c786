import { readdirSync, readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { missingNames } from '../src/profile/completeness.ts';
import { readProfile } from '../src/profile/profile.ts';
import { required } from '../src/session/linux/required-members.ts';

const folder = new URL('../profiles/', import.meta.url);
const shipped = readdirSync(folder).filter((name) => name.endsWith('.json'));

describe('the shipped profiles', () => {
  it('are there', () => {
    expect(shipped).toEqual(['linux-5.10.0-32-686-pae.json', 'linux-5.10.0-32-686.json']);
  });

  // A kernel that does not describe itself has only what its profile tells: `vestige profile build` makes it anew.
  it.each(shipped)('%s tells all that the program reads today', (name) => {
    const profile = readProfile(readFileSync(new URL(name, folder), 'utf8'), name);
    expect(name).toBe(`linux-${profile.release}.json`);
    expect(missingNames(profile, required)).toEqual([]);
  });
});
