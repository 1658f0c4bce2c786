import { homedir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** Where packages, images and finished guests are kept: `$VESTIGE_GUESTS`, or the user's cache folder. */
const guestsFolder =
  process.env['VESTIGE_GUESTS'] ??
  join(process.env['XDG_CACHE_HOME'] ?? join(homedir(), '.cache'), 'vestige-guests');

/** Package lists, packages and unpacked trees: everything that a new run need not fetch again. */
export const workFolder = join(guestsFolder, '.work');

/** The scripts that run inside a guest. They are not compiled, so they stay in the source tree. */
export const insideFolder = fileURLToPath(new URL('../../../test/guests/inside/', import.meta.url));

/** The folder of a finished guest: snapshots, truth, serial log. */
export const guestFolder = (name: string): string => join(guestsFolder, name);
