// Files that were split into pieces: `split -b` calls them x.aa, x.ab or x.001, x.002. A piece alone is a snapshot that
// was cut, or no snapshot at all.
import { readdirSync } from 'node:fs';
import { basename, dirname } from 'node:path';

/** What pieces end with: three digits or more, or the two or three letters of split(1). */
const PIECE = /^(.+?)([._-](?:part)?)(\d{1,4}|[a-z]{2,3})$/;
/** A name ends like that by chance (x.raw): only with neighbours counts. */
const MOST_NAMED = 4;

/** What to do about a file that is called like one of several beside it; undefined where it is not. */
export function splitText(path: string): string | undefined {
  const name = basename(path);
  const own = PIECE.exec(name);
  if (own === null) return undefined;
  const [, stem, mark, suffix = ''] = own;
  const isNumber = /^\d/.test(suffix);
  const pieces = namesIn(dirname(path)).filter((other) => {
    const [, otherStem, otherMark, end = ''] = PIECE.exec(other) ?? [];
    const isAlike = end.length === suffix.length && /^\d/.test(end) === isNumber;
    return otherStem === stem && otherMark === mark && isAlike && isCounted(end);
  });
  if (pieces.length < 2 || !pieces.includes(name)) return undefined;
  const named = pieces.sort().slice(0, MOST_NAMED).join(' ');
  const more = pieces.length > MOST_NAMED ? ' …' : '';
  return `${name} is called like one of ${pieces.length} pieces of a file: put them together first (cat ${named}${more})`;
}

/** Numbers, and the letters with which split(1) begins to count. */
const isCounted = (suffix: string): boolean => /^\d/.test(suffix) || /^[a-z]?[a-f][a-z]$/.test(suffix);

function namesIn(folder: string): string[] {
  try {
    return readdirSync(folder);
  } catch {
    return []; // who may read a file need not be let into its folder
  }
}
