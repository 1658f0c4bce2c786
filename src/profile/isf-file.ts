// Reads a profile or an ISF symbol table from a file's bytes, compressed or not.
// The first keys tell which of the two it is.
import { BadProfile } from '../base/errors.ts';
import { decompress } from './decompress.ts';
import { isfBanner, readIsf, tableKind } from './isf.ts';
import { type Profile, type RequiredNames, readProfile } from './profile.ts';

/** The program's own profiles have 40 KB. */
const MAXIMUM_PROFILE_BYTES = 16 << 20;

/**
 * The profile in the bytes of a file: one of the program's own or a symbol table in ISF, compressed or not, cut to
 * what is wanted. @throws BadProfile
 */
export function readTable(bytes: Uint8Array, required: RequiredNames, name: string): Profile {
  const plain = decompress(bytes, name);
  switch (tableKind(plain)) {
    case 'isf':
      return readIsf(plain, required, name);
    case 'profile':
      return cut(ownProfile(plain, name), required);
    default:
      throw new BadProfile(`${name} is neither a profile nor a symbol table in ISF`);
  }
}

/** The banner of the kernel that a file of the same kinds is of, for less than reading all of it. @throws BadProfile */
export function bannerOfTable(bytes: Uint8Array, name: string): string {
  const plain = decompress(bytes, name);
  const kind = tableKind(plain);
  if (kind === undefined) throw new BadProfile(`${name} is neither a profile nor a symbol table in ISF`);
  return kind === 'isf' ? isfBanner(plain, name) : ownProfile(plain, name).banner;
}

function ownProfile(plain: Uint8Array, name: string): Profile {
  if (plain.length > MAXIMUM_PROFILE_BYTES)
    throw new BadProfile(`${name} has ${plain.length} bytes: no profile has as many`);
  return readProfile(Buffer.from(plain).toString('utf8'), name);
}

/** Without what the program does not want: a file may come from another version. What that did not look for stays untold. */
function cut(profile: Profile, required: RequiredNames): Profile {
  const only = <T>(from: Readonly<Record<string, T>>, names: readonly string[]): Record<string, T> =>
    Object.fromEntries(Object.entries(from).filter(([name]) => names.includes(name)));
  const types = only(profile.types, Object.keys(required.types));
  const isWanted = (name: string): boolean => {
    const [type, member] = name.split('.') as [string, string | undefined];
    const members = Object.hasOwn(required.types, type) ? required.types[type]! : undefined;
    return member === undefined ? members !== undefined : members?.includes(member) === true;
  };
  return {
    ...profile,
    symbols: only(profile.symbols, required.symbols),
    types: Object.fromEntries(
      Object.entries(types).map(([name, { size, members }]) => [
        name,
        { size, members: only(members, required.types[name]!) },
      ]),
    ),
    enumerators: only(profile.enumerators, required.enumerators),
    absent: {
      types: profile.absent.types.filter(isWanted),
      symbols: profile.absent.symbols.filter((name) => required.symbols.includes(name)),
      enumerators: profile.absent.enumerators.filter((name) => required.enumerators.includes(name)),
    },
  };
}
