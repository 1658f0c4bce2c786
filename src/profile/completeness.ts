// What a profile says of all that a version of the program wants to know, and what it does not: an older version did not
// ask for it. What is not told can be looked up in a snapshot; what was looked for and is not there cannot.
import type { TypeLayout } from '../types/layout.ts';
import type { Absent, Profile, RequiredNames } from './profile.ts';

/** What a description of a build is made of, whoever gives it. */
export type Description = Pick<Profile, 'types' | 'symbols' | 'enumerators'>;

/** What a description that was searched to its end does not have of all that is wanted. */
export function absentIn({ types, symbols, enumerators }: Description, required: RequiredNames): Absent {
  return {
    types: Object.entries(required.types).flatMap(([name, members]) => {
      const found = types[name]?.members;
      if (found === undefined) return [name];
      return members.filter((member) => found[member] === undefined).map((member) => `${name}.${member}`);
    }),
    symbols: required.symbols.filter((name) => symbols[name] === undefined),
    enumerators: required.enumerators.filter((name) => enumerators[name] === undefined),
  };
}

/**
 * What of all that is wanted a profile neither has nor knows to be absent. A struct of which one member is not told is
 * given with all of its members: of several structs of one name the one is meant that has most of them.
 */
export function missingIn(
  { types, symbols, enumerators, absent }: Profile,
  required: RequiredNames,
): RequiredNames {
  const absentTypes = new Set(absent.types);
  const absentNames = new Set([...absent.symbols, ...absent.enumerators]);
  const isTold = (name: string, members: readonly string[]): boolean => {
    if (absentTypes.has(name)) return true;
    const found = types[name]?.members;
    if (found === undefined) return false;
    return members.every((member) => found[member] !== undefined || absentTypes.has(`${name}.${member}`));
  };
  return {
    types: Object.fromEntries(
      Object.entries(required.types).filter(([name, members]) => !isTold(name, members)),
    ),
    symbols: required.symbols.filter((name) => symbols[name] === undefined && !absentNames.has(name)),
    enumerators: required.enumerators.filter(
      (name) => enumerators[name] === undefined && !absentNames.has(name),
    ),
  };
}

/** Whether nothing is wanted. */
export const isNothing = ({ types, symbols, enumerators }: RequiredNames): boolean =>
  Object.keys(types).length + symbols.length + enumerators.length === 0;

/** Whether a profile says of all that is wanted where it is, or that there is none. */
export const isComplete = (profile: Profile, required: RequiredNames): boolean =>
  isNothing(missingIn(profile, required));

/** The names of what a profile does not tell: `struct.member`, symbols and enumerators. */
export function missingNames(profile: Profile, required: RequiredNames): string[] {
  const { types, symbols, enumerators } = missingIn(profile, required);
  const absent = new Set(profile.absent.types);
  const members = Object.entries(types).flatMap(([name, wanted]) =>
    wanted.map((member) => `${name}.${member}`),
  );
  const isTold = (name: string): boolean => {
    const [type, member] = name.split('.') as [string, string];
    return absent.has(name) || profile.types[type]?.members[member] !== undefined;
  };
  return [...members.filter((name) => !isTold(name)), ...symbols, ...enumerators];
}

/** A profile with what another description of the same build tells of the rest. Where both tell something, the profile counts. */
export function completed(
  profile: Profile,
  more: Description & { readonly absent: Absent },
  rest: RequiredNames,
): Profile {
  const types: Record<string, TypeLayout> = { ...profile.types };
  for (const name of Object.keys(rest.types)) {
    const found = more.types[name];
    if (found === undefined) continue;
    const known = profile.types[name];
    // Of two structs of one name, what is known of the one says nothing of the other.
    if (known !== undefined && !isSameStruct(known, found)) continue;
    types[name] = { size: found.size, members: { ...found.members, ...known?.members } };
  }
  const only = <T>(from: Readonly<Record<string, T>>, names: readonly string[]): Record<string, T> =>
    Object.fromEntries(names.filter((name) => from[name] !== undefined).map((name) => [name, from[name]!]));
  const told: Description = {
    types,
    symbols: { ...profile.symbols, ...only(more.symbols, rest.symbols) },
    enumerators: { ...profile.enumerators, ...only(more.enumerators, rest.enumerators) },
  };
  const restNames = new Set([...Object.keys(rest.types), ...rest.symbols, ...rest.enumerators]);
  const joined = (
    one: readonly string[],
    other: readonly string[],
    has: (name: string) => boolean,
  ): string[] => [
    ...new Set([...one, ...other.filter((name) => restNames.has(name.split('.')[0]!) && !has(name))]),
  ];
  const hasType = (name: string): boolean => {
    const [type, member] = name.split('.') as [string, string | undefined];
    const found = types[type];
    return found !== undefined && (member === undefined || found.members[member] !== undefined);
  };
  return {
    ...profile,
    ...told,
    absent: {
      types: joined(profile.absent.types, more.absent.types, hasType),
      symbols: joined(
        profile.absent.symbols,
        more.absent.symbols,
        (name) => told.symbols[name] !== undefined,
      ),
      enumerators: joined(
        profile.absent.enumerators,
        more.absent.enumerators,
        (name) => told.enumerators[name] !== undefined,
      ),
    },
  };
}

/**
 * Whether two profiles can be of one build: what both tell is the same. Structs that `one` does not tell to the end are
 * left out: with more of its members known, another struct of the name may be the one that is meant.
 */
export function agree(one: Profile, other: Profile, required: RequiredNames): boolean {
  const open = missingIn(one, required).types;
  const hasNone = ({ absent }: Profile, { types, symbols, enumerators }: Profile): boolean =>
    absent.types.every((name) => {
      const [type, member] = name.split('.') as [string, string | undefined];
      const found = type in open ? undefined : types[type];
      return found === undefined || (member !== undefined && found.members[member] === undefined);
    }) &&
    absent.symbols.every((name) => symbols[name] === undefined) &&
    absent.enumerators.every((name) => enumerators[name] === undefined);
  return (
    one.banner === other.banner &&
    one.architecture === other.architecture &&
    isSame(one.symbols, other.symbols) &&
    isSame(one.enumerators, other.enumerators) &&
    Object.entries(one.types).every(([name, layout]) => {
      const theirs = name in open ? undefined : other.types[name];
      return theirs === undefined || isSameStruct(layout, theirs);
    }) &&
    hasNone(one, other) &&
    hasNone(other, one)
  );
}

const isSameStruct = (one: TypeLayout, other: TypeLayout): boolean =>
  one.size === other.size && isSame(one.members, other.members);

/** Whether what both have under one name is the same: a text, a number or numbers. */
const isSame = <T>(one: Readonly<Record<string, T>>, other: Readonly<Record<string, T>>): boolean =>
  Object.entries(one).every(([name, value]) => {
    const theirs = other[name];
    return theirs === undefined || String(value) === String(theirs);
  });
