// The error for a store file that is damaged or of a newer version.
// Only a new file helps.
import { StoreError } from '../base/errors.ts';

/** The cache file itself is at fault, damaged or from a newer version: only a new one helps. */
export class UnusableStore extends StoreError {}
