// The timeline of a machine as data of the HTML page.
// `src/diff/timeline.ts` computes it.
import type { Lifetime, Lifetimes } from '../diff/timeline.ts';
import type { Row } from '../plugin/cell.ts';
import { numberOf } from '../plugin/cell-text.ts';
import type { AnyPlugin } from '../plugin/contract.ts';
import type { KernelFacts } from '../plugin/document.ts';
import { isProcessItself, lineOf, nounOf } from '../plugin/wording.ts';
import type { PageMoment, PageTimeline } from './model.ts';
import { pageTable } from './tables.ts';

/** Things that a page follows: what was seen in the fewest snapshots is left out first, and counted. */
const MOST_THINGS = 30_000;

/** A snapshot on the way. */
export interface Moment {
  readonly path: string;
  readonly kernel: Pick<KernelFacts, 'time' | 'bootId' | 'bootTime'>;
}

/** What was found over time. */
export interface TimelineParts {
  /** In the order of time. */
  readonly moments: readonly Moment[];
  /** The place of the snapshot that the page is about. */
  readonly subject: number;
  readonly lives: readonly (Lifetimes & { readonly plugin: AnyPlugin })[];
  readonly remarks: readonly string[];
}

/** The columns of things, as a table declares them; what they read nobody asks for. */
const COLUMNS: AnyPlugin['columns'] = {
  kind: { text: () => null },
  what: { text: () => null },
  why: { text: () => null },
  first: { int: () => null },
  last: { int: () => null },
  seen: { int: () => null },
};

/** A timeline as the page shows it. `reasons` tells why processes of the page's own snapshot deserve a look. */
export function pageTimeline(
  { moments, subject, lives, remarks }: TimelineParts,
  reasons: ReadonlyMap<number, readonly string[]>,
): PageTimeline {
  const things = lives.flatMap(({ lifetimes }) => lifetimes);
  const plugins = new Map(lives.map(({ plugin }) => [plugin.name, plugin]));
  const kept = mostSeen(things);
  const left = things.length - kept.length;
  const rows = kept.map(({ plugin: name, first, last, count, row }): Row => {
    const plugin = plugins.get(name)!;
    const [kind] = nounOf(plugin, row);
    const pid = isProcessItself(plugin) ? numberOf(row[plugin.process!]) : null;
    const why = last === subject ? reasons.get(pid ?? -1) : undefined;
    return { kind, what: lineOf(plugin, row), why: why?.join('; ') ?? null, first, last, seen: count };
  });
  return {
    moments: moments.map(({ path, kernel: { time } }, index): PageMoment => {
      const [own, before] = [moments[index]!, moments[index - 1]];
      return {
        path,
        time: time === null ? null : Date.parse(time),
        isReboot: before !== undefined && bootOf(before) !== bootOf(own),
      };
    }),
    subject,
    things: pageTable({
      name: 'timeline',
      summary: 'When each thing was first and last seen',
      columns: COLUMNS,
      rows,
    }),
    notes: [
      ...remarks,
      ...lives.flatMap(({ plugin, notes }) => notes.map((note) => `${plugin.name}: ${note}`)),
      ...(left === 0 ? [] : [`${left} things that were seen in few snapshots are left out`]),
    ],
  };
}

/** As many as a page holds, in their order: those that were seen most often. */
function mostSeen(things: readonly Lifetime[]): readonly Lifetime[] {
  if (things.length <= MOST_THINGS) return things;
  const kept = new Set([...things].sort((a, b) => b.count - a.count).slice(0, MOST_THINGS));
  return things.filter((thing) => kept.has(thing));
}

const bootOf = ({ kernel: { bootId, bootTime } }: Moment): string => bootId ?? bootTime?.slice(0, 19) ?? '';
