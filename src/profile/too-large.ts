// A file that would expand past its bound.
// Every way to expand one gives up with the same sentence.
import { BadProfile } from '../base/errors.ts';

/** What is said of a file that holds more than it may. */
export const tooLarge = (name: string, limit: number): BadProfile =>
  new BadProfile(`${name} holds more than ${limit >= 1 << 20 ? `${limit >> 20} MiB` : `${limit} bytes`}`);
