// Reads values of flags: words of a list, times, sizes.
// A value that makes no sense is a usage error that names the flag.
import { UsageError } from '../../base/errors.ts';
import { hint } from '../../base/nearest.ts';

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

const TIME_UNITS: Readonly<Record<string, number>> = { ms: 1, s: 1_000, m: 60_000, h: 3_600_000 };

/** Milliseconds of `5s`, `250ms`, `2m`; a bare number means seconds. @throws UsageError */
export function timeFrom(flag: string, word: string): number {
  const [, number, unit = 's'] = /^(\d{1,6}(?:\.\d{1,3})?)(ms|s|m|h)?$/.exec(word) ?? [];
  if (number === undefined) throw new UsageError(`${flag} wants a time like 5s or 2m, not ${word}`);
  return Number(number) * TIME_UNITS[unit]!;
}

const SIZE_UNITS: Readonly<Record<string, number>> = { K: 2 ** 10, M: 2 ** 20, G: 2 ** 30 };

/** Bytes of `64K`, `512M`, `2GiB`. @throws UsageError */
export function sizeFrom(flag: string, word: string): number {
  const [, number, unit] = /^(\d{1,6}(?:\.\d{1,3})?)([KMG])(?:iB)?$/i.exec(word) ?? [];
  if (number === undefined) throw new UsageError(`${flag} wants a size like 512M or 2G, not ${word}`);
  return Math.round(Number(number) * SIZE_UNITS[unit!.toUpperCase()]!);
}
