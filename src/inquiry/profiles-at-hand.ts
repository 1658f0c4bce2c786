// Profiles for programs that import the package: those that ship with it and those in the user's folders. The cache is the
// command line's.
import type { ProfileSource } from '../profile/profile.ts';
import { escapeText } from '../report/escape.ts';
import { FORGETFUL, ProfileLookup, usualFolders } from './profile-sources.ts';

/**
 * Profiles and symbol tables by which kernels are read that do not describe themselves: those in `folder`, in the folders that
 * VESTIGE_PROFILES names, and those that ship with the package. `openSession(path, { profileSource: profilesAtHand() })`. Of a folder or
 * table that cannot be read the process is warned, as Node warns.
 */
export const profilesAtHand = (folder?: string): ProfileSource =>
  new ProfileLookup(
    FORGETFUL,
    { ...(folder === undefined ? {} : { first: folder }), others: usualFolders() },
    { warn: (message) => process.emitWarning(escapeText(message)), progress: () => undefined },
  );
