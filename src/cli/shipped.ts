import { fileURLToPath } from 'node:url';
import { isFolder } from './profile-file.ts';

/** A folder of the package: it lies above `dist/` in the package and in a clone, and above `src/` for tests. */
export const shippedFolder = (name: 'profiles' | 'policies'): string | undefined =>
  [`../../${name}`, `../../../${name}`]
    .map((place) => fileURLToPath(new URL(place, import.meta.url)))
    .find(isFolder);
