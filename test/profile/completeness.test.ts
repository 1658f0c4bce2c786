// What a profile of an older version tells of what a newer one wants, and what completes it. Names are drawn.
import { describe, expect, it } from 'vitest';
import {
  absentIn,
  agree,
  completed,
  isComplete,
  missingIn,
  missingNames,
} from '../../src/profile/completeness.ts';
import { PROFILE_FORMAT, type Profile, type RequiredNames } from '../../src/profile/profile.ts';

/** What an older version wanted, and a newer one. */
const before: RequiredNames = {
  types: { task_struct: ['pid', 'state'], mm_struct: ['pgd'], maple_tree: ['ma_root'] },
  symbols: ['init_task', 'prb'],
  enumerators: ['MM_ANONPAGES'],
};
const now: RequiredNames = {
  types: { ...before.types, task_struct: ['pid', 'state', 'comm'], cgroup: ['kn'] },
  symbols: [...before.symbols, 'cgrp_dfl_root'],
  enumerators: [...before.enumerators, 'NR_FILE'],
};

const everything = {
  types: {
    task_struct: { size: 64, members: { pid: [8, 4], comm: [16, 16] } },
    mm_struct: { size: 32, members: { pgd: [8, 8] } },
    cgroup: { size: 16, members: { kn: [8, 8] } },
  },
  symbols: { init_task: '0xffffffff82000000', cgrp_dfl_root: '0xffffffff82001000' },
  enumerators: { MM_ANONPAGES: 1, NR_FILE: 4 },
} as const;

/** The profile that a version makes of the build that has `everything`. */
function madeBy(
  required: RequiredNames,
  of: Pick<Profile, 'types' | 'symbols' | 'enumerators'> = everything,
): Profile {
  const only = <T>(from: Readonly<Record<string, T>>, names: readonly string[]) =>
    Object.fromEntries(Object.entries(from).filter(([name]) => names.includes(name)));
  const told = {
    types: Object.fromEntries(
      Object.entries(only(of.types, Object.keys(required.types))).map(([name, { size, members }]) => [
        name,
        { size, members: only(members, required.types[name]!) },
      ]),
    ),
    symbols: only(of.symbols, required.symbols),
    enumerators: only(of.enumerators, required.enumerators),
  };
  return {
    format: PROFILE_FORMAT,
    ...{ banner: 'Linux version 6.1.0 (x)', release: '6.1.0', buildId: null },
    ...{ architecture: 'x86-64', pointerBytes: 8, source: 'drawn' },
    ...told,
    absent: absentIn(told, required),
  };
}

describe('a profile', () => {
  it('says what its build lacks of all that was wanted', () => {
    expect(madeBy(now).absent).toEqual({
      types: ['task_struct.state', 'maple_tree'],
      symbols: ['prb'],
      enumerators: [],
    });
  });

  it('tells all to the version that made it, and to one that wants less', () => {
    expect(isComplete(madeBy(before), before)).toBe(true);
    expect(isComplete(madeBy(now), before)).toBe(true);
  });

  it('does not tell what a newer version required, whole structs at a time', () => {
    const old = madeBy(before);
    expect(missingIn(old, now)).toEqual({
      types: { task_struct: ['pid', 'state', 'comm'], cgroup: ['kn'] },
      symbols: ['cgrp_dfl_root'],
      enumerators: ['NR_FILE'],
    });
    expect(missingNames(old, now)).toEqual(['task_struct.comm', 'cgroup.kn', 'cgrp_dfl_root', 'NR_FILE']);
  });
});

describe('a profile of an older version', () => {
  it('is completed to what the newer version would have made', () => {
    const [old, own] = [madeBy(before), madeBy(now)];
    const whole = completed(old, own, missingIn(old, now));
    expect(whole.types).toEqual(own.types);
    expect(whole.symbols).toEqual(own.symbols);
    expect(whole.enumerators).toEqual(own.enumerators);
    expect(isComplete(whole, now)).toBe(true);
  });

  it('keeps what it tells, and what is still not known stays so', () => {
    const { cgroup: _, ...types } = everything.types;
    const part = {
      ...madeBy(now, { ...everything, types }),
      absent: { types: [], symbols: [], enumerators: [] },
    };
    const old = { ...madeBy(before), symbols: { init_task: '0xffffffff82000040' } };
    const whole = completed(old, part, missingIn(old, now));
    expect(whole.symbols).toEqual({ ...part.symbols, ...old.symbols });
    expect(whole.absent).toEqual(old.absent);
    expect(missingNames(whole, now)).toEqual(['cgroup.kn']);
  });

  it('takes no members of another struct of the same name', () => {
    const other = { size: 48, members: { pid: [0, 4], comm: [4, 16] } } as const;
    const own = madeBy(now, { ...everything, types: { ...everything.types, task_struct: other } });
    const old = madeBy(before);
    const whole = completed(old, own, missingIn(old, now));
    expect(whole.types['task_struct']).toEqual(old.types['task_struct']);
    expect(missingNames(whole, now)).toEqual(['task_struct.comm']);
  });
});

describe('two profiles', () => {
  const changed = (types: Profile['types']): Profile =>
    madeBy(now, { ...everything, types: { ...everything.types, ...types } });

  it('agree where one of them tells more', () => {
    expect(agree(madeBy(before), madeBy(now), now)).toBe(true);
  });

  it.each([
    ['has a member elsewhere', changed({ mm_struct: { size: 32, members: { pgd: [16, 8] } } })],
    ['has a struct of another size', changed({ mm_struct: { size: 40, members: { pgd: [8, 8] } } })],
    ['has a struct that the other knows to be absent', changed({ maple_tree: { size: 8, members: {} } })],
    [
      'lacks a struct that the other has',
      madeBy(now, { ...everything, types: { task_struct: everything.types.task_struct } }),
    ],
    ['has a symbol elsewhere', madeBy(now, { ...everything, symbols: { init_task: '0xffffffff82000040' } })],
    ['has another value', madeBy(now, { ...everything, enumerators: { MM_ANONPAGES: 2 } })],
  ])('do not agree where one %s', (_, own) => {
    expect(agree(madeBy(before), own, now)).toBe(false);
    expect(agree(own, madeBy(before), before)).toBe(false);
  });

  it('are not held against each other where a struct of the name may have been another', () => {
    const own = changed({ task_struct: { size: 48, members: { pid: [0, 4], comm: [4, 16] } } });
    expect(agree(madeBy(before), own, now)).toBe(true);
  });
});
