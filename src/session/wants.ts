import { createHash } from 'node:crypto';
import { structs } from '../kernel/linux/structs.ts';
import { enumerators, symbols } from '../kernel/linux/symbols.ts';
import { PROFILE_FORMAT, type Wants } from '../profile/profile.ts';

const types: Wants['types'] = Object.fromEntries(
  Object.entries(structs).map(([name, members]) => [name, Object.keys(members)]),
);

/** All that the program reads of a kernel: what profiles are made to hold, whatever they are made from. */
export const wants: Wants = {
  types,
  symbols,
  enumerators,
  // Changes whenever the program wants other members, symbols or enumerators.
  vocabulary: createHash('sha256')
    .update(JSON.stringify([PROFILE_FORMAT, types, symbols, enumerators]))
    .digest('hex')
    .slice(0, 16),
};
