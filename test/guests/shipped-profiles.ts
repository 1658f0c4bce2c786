import { FORGETFUL, Shelf, usualFolders } from '../../src/inquiry/profile-shelf.ts';
import type { ProfileShelf } from '../../src/profile/profile.ts';
import { SILENT } from '../support/silent.ts';

/** The profiles that come with the program, for kernels that cannot describe themselves; nothing is remembered. */
export const shippedProfiles = (): ProfileShelf => new Shelf(FORGETFUL, { others: usualFolders({}) }, SILENT);
