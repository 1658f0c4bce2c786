import type { Guest } from './catalog.ts';

const DAY_MS = 86_400_000;

/** The guests of one day, and what led to them. */
export interface Turn {
  readonly guests: readonly [Guest, Guest];
  readonly why: string;
}

/**
 * Two guests for one day, an amd64 one and another, so that all are covered in turn: the whole matrix would take
 * most of an hour each time. The same day has the same two, wherever it is asked.
 */
export function turnOf(catalog: readonly Guest[], moment: Date): Turn {
  const day = Math.floor(moment.getTime() / DAY_MS);
  const take = (kind: string, among: readonly Guest[]): { guest: Guest; line: string } => {
    const nth = day % among.length;
    return { guest: among[nth]!, line: `${among[nth]!.name} is ${nth + 1} of ${among.length} ${kind}` };
  };
  const one = take(
    'with amd64',
    catalog.filter(({ architecture }) => architecture === 'amd64'),
  );
  const other = take(
    'without',
    catalog.filter(({ architecture }) => architecture !== 'amd64'),
  );
  return { guests: [one.guest, other.guest], why: `day ${day}: ${one.line}, ${other.line}` };
}
