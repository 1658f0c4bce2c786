// Links to places of the page: a section, a search in it, a table, a row, a process.
// They are fragments of its address, so that they can be bookmarked and sent beside the file.

/** A place of the page. */
export interface Place {
  /** The section: `processes`. */
  readonly section: string;
  /** The table among several of a section: `pslist`. */
  readonly table?: string;
  /** What is searched for. */
  readonly search?: string;
  /** The number of a row, counted from 0, as the page holds its table. */
  readonly row?: number;
  /** A process, whatever its row. */
  readonly pid?: number;
}

/** A place as the fragment of an address: `#tables/maps?search=pid%3A1&row=12`. */
export function fragmentOf({ section, table, search, row, pid }: Place): string {
  const query = new URLSearchParams();
  if (search !== undefined && search !== '') query.set('search', search);
  if (row !== undefined) query.set('row', String(row));
  if (pid !== undefined) query.set('pid', String(pid));
  const place = table === undefined ? section : `${section}/${encodeURIComponent(table)}`;
  return `#${place}${query.size === 0 ? '' : `?${query}`}`;
}

/** The place that a fragment names; undefined where it names a section only, or none. */
export function placeIn(fragment: string): Place | undefined {
  const [, section, table, words] = /^#([a-z]+)(?:\/([^?]*))?(?:\?(.*))?$/.exec(fragment) ?? [];
  if (section === undefined || (table === undefined && words === undefined)) return undefined;
  const query = new URLSearchParams(words ?? '');
  const number = (name: string): number | undefined => {
    const word = query.get(name) ?? '';
    return /^\d{1,10}$/.test(word) ? Number(word) : undefined;
  };
  const [search, row, pid] = [query.get('search') ?? '', number('row'), number('pid')];
  return {
    section,
    search,
    ...(table === undefined ? {} : { table: decoded(table) }),
    ...(row === undefined ? {} : { row }),
    ...(pid === undefined ? {} : { pid }),
  };
}

function decoded(word: string): string {
  try {
    return decodeURIComponent(word);
  } catch {
    return word;
  }
}

/** How long somebody must have stopped typing before the address follows, in milliseconds. */
const TYPING_MS = 250;
let waiting: ReturnType<typeof setTimeout> | undefined;

/** Puts a place into the address, without a step in the history. Browsers that do not let a page from disk do so go without. */
export function showPlace(place: Place): void {
  clearTimeout(waiting);
  waiting = setTimeout(() => {
    try {
      history.replaceState(null, '', fragmentOf(place));
    } catch {
      // The address stays as it is: a link can still be copied from where the row is opened.
    }
  }, TYPING_MS);
}
