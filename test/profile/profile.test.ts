import { describe, expect, it } from 'vitest';
import {
  NOTHING_ABSENT,
  PROFILE_FORMAT,
  type Profile,
  readProfile,
  writeProfile,
} from '../../src/profile/profile.ts';

const profile: Profile = {
  format: PROFILE_FORMAT,
  banner: 'Linux version 6.1.0 (x)',
  release: '6.1.0',
  buildId: 'ab'.repeat(20),
  architecture: 'x86-64',
  pointerBytes: 8,
  source: 'btf + kallsyms',
  symbols: { init_task: '0xffffffff82a1ac40' },
  types: { task_struct: { size: 9792, members: { pid: [2512, 4], flag: [1200, 4, 3, 1] } } },
  enumerators: { MM_ANONPAGES: 1 },
  absent: { types: ['task_struct.state'], symbols: ['prb'], enumerators: [] },
};

describe('readProfile', () => {
  it('reads what writeProfile wrote', () => {
    expect(readProfile(writeProfile(profile), 'p.json')).toEqual(profile);
  });

  it('reads a profile of format 1, which did not say what its build lacks', () => {
    const { absent: _, ...old } = profile;
    const text = JSON.stringify({ ...old, format: 1, vocabulary: '0123456789abcdef' });
    expect(readProfile(text, 'p.json')).toEqual({ ...profile, absent: NOTHING_ABSENT });
  });

  it.each([
    ['p.json is no JSON', '{'],
    ['p.json is no profile', '[]'],
    ['p.json is no profile', '{"a":1}'],
    [
      `p.json has format 99, and this version reads up to ${PROFILE_FORMAT}`,
      JSON.stringify({ ...profile, format: 99 }),
    ],
    ['p.json is no sound profile: banner is no text', JSON.stringify({ ...profile, banner: 1 })],
    ['p.json is no sound profile: architecture is vax', JSON.stringify({ ...profile, architecture: 'vax' })],
    [
      'p.json is no sound profile: what is absent is not told',
      JSON.stringify({ ...profile, absent: { types: [1], symbols: [], enumerators: [] } }),
    ],
    [
      'p.json is no sound profile: symbol a has no address',
      JSON.stringify({ ...profile, symbols: { a: '1234' } }),
    ],
    [
      'p.json is no sound profile: t.m has no place',
      JSON.stringify({ ...profile, types: { t: { size: 8, members: { m: [-1, 4] } } } }),
    ],
    [
      'p.json is no sound profile: type t has no layout',
      JSON.stringify({ ...profile, types: { t: { size: 1e12, members: {} } } }),
    ],
  ])('refuses: %s', (message, text) => {
    expect(() => readProfile(text, 'p.json')).toThrow(message);
  });
});
