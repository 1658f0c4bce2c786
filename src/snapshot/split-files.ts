// Files that are called like pieces of one that was split, and are not read as one: their sizes or what is in them is otherwise.
// A piece alone is a snapshot that was cut, or no snapshot at all, so whoever wonders is told.
import { basename, dirname } from 'node:path';
import type { SnapshotBytes } from './file.ts';
import { countingsOf } from './piece-names.ts';
import { namesIn } from './series.ts';

const MOST_NAMED = 4;

/** What is looked at of a snapshot. */
interface NamedFile {
  readonly file: Pick<SnapshotBytes, 'path' | 'pieces'>;
}

/** What to say of a file that is called like one of several beside it; undefined where it is not, or they are read as one. */
export function splitText({ file: { path, pieces } }: NamedFile): string | undefined {
  if (pieces.length > 0) return undefined;
  const name = basename(path);
  const names = namesIn(dirname(path));
  for (const { indexOf } of countingsOf(name)) {
    const alike = names.filter((other) => indexOf(other) !== undefined);
    const own = indexOf(name);
    // Two letters at the end are mostly chance: with the piece before or behind it counts.
    const isNext = alike.some((other) => Math.abs(indexOf(other)! - own!) === 1);
    if (own === undefined || !isNext) continue;
    const named = alike.sort((a, b) => indexOf(a)! - indexOf(b)!).slice(0, MOST_NAMED);
    const more = alike.length > MOST_NAMED ? ' …' : '';
    return (
      `${name} is called like one of ${alike.length} pieces of a file, which do not fit together by size and content: ` +
      `where they are pieces all the same, put them together first (cat ${named.join(' ')}${more})`
    );
  }
  return undefined;
}
