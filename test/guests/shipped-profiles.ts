import { FORGETFUL, ProfileLookup, usualFolders } from '../../src/inquiry/profile-sources.ts';
import type { ProfileSource } from '../../src/profile/profile.ts';
import { SILENT } from '../support/silent.ts';

/** The profiles that come with the program, for kernels that cannot describe themselves; nothing is remembered. */
export const shippedProfiles = (): ProfileSource =>
  new ProfileLookup(FORGETFUL, { others: usualFolders({}) }, SILENT);
