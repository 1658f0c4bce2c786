// Where the policies and profiles are that ship with the package.
// Neither the package nor a clone of it knows where it lies, so they are looked for from this file on.
import { fileURLToPath } from 'node:url';
import { isFolder } from './make-folder.ts';

/** A folder of the package: it lies above `dist/` in the package and in a clone, and above `src/` for tests. */
export const shippedFolder = (name: 'profiles' | 'policies'): string | undefined =>
  [`../../${name}`, `../../../${name}`]
    .map((place) => fileURLToPath(new URL(place, import.meta.url)))
    .find(isFolder);
