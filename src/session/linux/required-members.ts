// All structs, members, symbols and enumerators that the program reads of a kernel.
// Profiles are made to hold them.
import { structs } from '../../kernel/linux/structs.ts';
import { enumerators, symbols } from '../../kernel/linux/symbols.ts';
import type { RequiredNames } from '../../profile/profile.ts';

/** All that the program reads of a kernel: what profiles are made to hold, whatever they are made from. */
export const required: RequiredNames = {
  types: Object.fromEntries(Object.entries(structs).map(([name, members]) => [name, Object.keys(members)])),
  symbols,
  enumerators,
};
