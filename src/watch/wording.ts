// Sentences and counts about what differs, for lines and messages.
// They hold no text of the evidence.
import type { TableDiff } from '../diff/tables.ts';
import type { Row } from '../plugin/cell.ts';
import type { AnyPlugin } from '../plugin/contract.ts';
import { nounOf } from '../plugin/wording.ts';

/** What may have happened to a thing: `perhaps…` where one of the two answers was not whole. */
const CHANGES = ['appeared', 'vanished', 'changed', 'perhapsAppeared', 'perhapsVanished'] as const;

type Change = (typeof CHANGES)[number];

/** How many things of one kind appeared, vanished and changed. */
export interface Counted extends Readonly<Record<Change, number>> {
  /** `process`, `listener`, `open file`. */
  readonly noun: string;
  readonly plural: string;
}

/** Counts what differs, by what an analyst calls it, in the order of the tables. */
export function countDifferences(tables: readonly TableDiff[], plugins: readonly AnyPlugin[]): Counted[] {
  const counts = new Map<string, Counted>();
  const count = (question: Parameters<typeof nounOf>[0], row: Row, what: Change): void => {
    const [noun, plural] = nounOf(question, row);
    const before = counts.get(noun) ?? { noun, plural, ...NONE };
    counts.set(noun, { ...before, [what]: before[what] + 1 });
  };
  for (const { plugin, added, removed, changed, unsure } of tables) {
    const question = plugins.find(({ name }) => name === plugin) ?? { name: plugin };
    for (const row of added) count(question, row, 'appeared');
    for (const row of removed) count(question, row, 'vanished');
    for (const { after } of changed) count(question, after, 'changed');
    for (const { row, side } of unsure)
      count(question, row, side === 'after' ? 'perhapsAppeared' : 'perhapsVanished');
  }
  return [...counts.values()];
}

const NONE = { appeared: 0, vanished: 0, changed: 0, perhapsAppeared: 0, perhapsVanished: 0 };

const WORDS: Readonly<Record<Change, string>> = {
  appeared: 'new',
  vanished: 'gone',
  changed: 'changed',
  perhapsAppeared: 'perhaps new',
  perhapsVanished: 'perhaps gone',
};

/** `11 processes and 2 listeners new, 1 process gone`; `nothing new` where nothing differs. Holds no text of the evidence. */
export function countsText(counts: readonly Counted[]): string {
  const parts = CHANGES.map((change) => [listed(counts, change), WORDS[change]]).filter(([things]) => things);
  return parts.length === 0 ? 'nothing new' : parts.map((part) => part.join(' ')).join(', ');
}

function listed(counts: readonly Counted[], what: Change): string {
  const things = counts
    .filter((count) => count[what] > 0)
    .map(({ noun, plural, [what]: number }) => `${number} ${number === 1 ? noun : plural}`);
  return things.length < 2 ? things.join('') : `${things.slice(0, -1).join(', ')} and ${things.at(-1)}`;
}

/**
 * Whether a reader should hear of it. What is here now and was perhaps here before counts: a machine whose lists are
 * always broken somewhere would else never have anything new. What is perhaps gone does not.
 */
export const isWorthTelling = (counts: readonly Counted[]): boolean =>
  counts.some(
    ({ appeared, vanished, changed, perhapsAppeared }) => appeared + vanished + changed + perhapsAppeared > 0,
  );
