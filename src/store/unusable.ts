import { StoreError } from '../base/errors.ts';

/** The cache file itself is at fault, damaged or from a newer version: only a new one helps. */
export class UnusableStore extends StoreError {}
