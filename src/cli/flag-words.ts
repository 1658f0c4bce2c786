import { UsageError } from '../base/errors.ts';
import { hint } from '../base/nearest.ts';

/** Collects the values of a flag that may be given several times. */
export const collected = (value: string, before: readonly string[] = []): string[] => [...before, value];

/** A flag whose value is one of some words. */
export const wordOf =
  <T extends string>(words: readonly T[], flag: string) =>
  (value: string): T => {
    const known = words.find((word) => word === value);
    if (known === undefined)
      throw new UsageError(`${flag} wants one of ${words.join(', ')}, not ${value}${hint(value, words)}`);
    return known;
  };
