// How the pieces of a split file are called: split(1) counts them by letters (x.aa, x.ab) or by numbers (x.00, x.001, x.1), others
// put the number before the ending (x.part1.raw, x-s001.vmem, x.E01).

/** A way in which names are counted: what all pieces have in common, and what each is called. */
export interface Counting {
  readonly before: string;
  readonly behind: string;
  /** The name of the piece `index`, counted from 0. */
  readonly nameOf: (index: number) => string;
  /** The index of a piece by its name; undefined where it is none. */
  readonly indexOf: (name: string) => number | undefined;
}

const LETTERS = 26;
/** Pieces of the names of two letters that split(1) gives before it goes on with four: aa to yz (coreutils, src/split.c). */
const SHORT_LETTERS = 25 * LETTERS;
const SHORT_NUMBERS = 90;

/** A number at the end, or before an ending, behind a mark: `.001`, `.part1`, `_2.raw`, `-s001.vmem`, `.E01`. */
const NUMBERED = /^(.*?[._-](?:(?:part|vol|disk)[._-]?|[a-z])?)(\d{1,6})(\.[a-z][a-z0-9]{1,5})?$/i;
const LETTERED = /^(.*?[._-])([a-z]{2,4})$/;
/** Without a mark: `xaa`, as split(1) calls them unasked. */
const UNMARKED = /^(.+?)([a-z]{2})$/;

/** The ways in which a file of this name may be one of several pieces. */
export function countingsOf(name: string): Counting[] {
  const countings: Counting[] = [];
  const [, stem, digits, behind = ''] = NUMBERED.exec(name) ?? [];
  if (stem !== undefined && digits !== undefined) {
    const isPadded = digits.length > 1;
    const first = [0, 1];
    if (isPadded) for (const from of first) countings.push(numbers(stem, behind, from, digits.length));
    if (!/^0\d/.test(digits)) for (const from of first) countings.push(numbers(stem, behind, from, 0));
    // split -d goes on with 9000 behind 89.
    if (behind === '' && /^9\d{3}$/.test(digits)) countings.push(numbers(stem, behind, 0, 2));
  }
  const [, before, letters] = LETTERED.exec(name) ?? UNMARKED.exec(name) ?? [];
  if (before !== undefined && letters !== undefined) {
    countings.push(lettered(before, letters.length));
    if (letters.length === 4 && letters.startsWith('z')) countings.push(lettered(before, 2));
  }
  return countings;
}

/** Numbers from `from` on, padded with zeros to `width`; 0 where they are not padded. */
function numbers(before: string, behind: string, from: number, width: number): Counting {
  const isLong = (number: number) => width === 2 && behind === '' && number >= 9000 && number < 9900;
  return {
    ...{ before, behind },
    nameOf: (index) => before + String(index + from).padStart(width, '0') + behind,
    indexOf(name) {
      const middle = middleOf(name, before, behind);
      if (middle === undefined || !/^\d{1,6}$/.test(middle)) return undefined;
      const number = Number(middle);
      if (middle.length === 4 && isLong(number)) return SHORT_NUMBERS + (number - 9000) - from;
      const isSo = width === 0 ? String(number) === middle : middle.length === width;
      return isSo && number >= from ? number - from : undefined;
    },
  };
}

/** Letters, `width` at first; of two letters on to four behind `yz`. */
function lettered(before: string, width: number): Counting {
  const spell = (index: number, length: number): string => {
    let text = '';
    let rest = index;
    for (let place = 0; place < length; place++, rest = Math.floor(rest / LETTERS))
      text = String.fromCharCode(97 + (rest % LETTERS)) + text;
    return text;
  };
  const numberOf = (text: string): number =>
    [...text].reduce((sum, letter) => sum * LETTERS + letter.charCodeAt(0) - 97, 0);
  return {
    ...{ before, behind: '' },
    nameOf: (index) => before + spell(index, width),
    indexOf(name) {
      const middle = middleOf(name, before, '');
      if (middle === undefined || !/^[a-z]+$/.test(middle)) return undefined;
      if (middle.length === width) return numberOf(middle);
      const isLong = width === 2 && middle.length === 4 && middle.startsWith('z');
      return isLong ? SHORT_LETTERS + numberOf(middle.slice(1)) : undefined;
    },
  };
}

const middleOf = (name: string, before: string, behind: string): string | undefined =>
  name.startsWith(before) && name.endsWith(behind) && name.length > before.length + behind.length
    ? name.slice(before.length, name.length - behind.length)
    : undefined;
