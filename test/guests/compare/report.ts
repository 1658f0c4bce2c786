import type { Judgement } from '../judgement.ts';
import type { Answer, Outcome } from './match.ts';
import { type ToleranceName, tolerances } from './tolerances.ts';

/** One guest, one plugin, and one way to ask it. */
export interface Result extends Outcome {
  readonly guest: string;
  /** The snapshot's format, or how the kernel was bound where that was not by what the snapshot says of itself. */
  readonly way: string;
  readonly judgement: Judgement;
}

/** Differences of one plugin that are printed; the rest is counted. */
const SHOWN = 40;

/** One line for the result, and below it what differs and what was tolerated. */
export function printOutcome({ guest, way, plugin, rows, differences, tolerated, judgement }: Result): void {
  const partly = judgement.is === 'partial' ? 'partial, ' : '';
  const said = differences.length === 0 ? 'exact' : `${partly}${differences.length} differences`;
  const moved = Object.values(tolerated).reduce((sum, count) => sum + count, 0);
  const excused = moved === 0 ? '' : `, ${moved} tolerated`;
  console.log(`${guest} ${way} ${plugin}: ${rows} rows, ${said}${excused}`);
  for (const line of differences.slice(0, SHOWN)) console.log(`  ${printable(line)}`);
  if (differences.length > SHOWN) console.log(`  and ${differences.length - SHOWN} more`);
  for (const [name, count] of Object.entries(tolerated)) {
    console.log(`  ${count} tolerated: ${tolerances[name as ToleranceName].reason}`);
  }
}

/** Names in the guest hold escape sequences: none may reach the terminal. */
const printable = (line: string): string =>
  line.replace(/\p{Cc}/gu, (character) => `\\x${character.charCodeAt(0).toString(16).padStart(2, '0')}`);

/** An answer as text, so that two can be compared: addresses told from numbers. */
const answerText = ({ rows, notes }: Answer): string =>
  [...rows, ...notes]
    .map((row) =>
      JSON.stringify(row, (_, cell) => (typeof cell === 'bigint' ? `0x${cell.toString(16)}` : cell)),
    )
    .join('\n');

/** Where an answer differs from the first that was seen of the same plugin; undefined where it does not. */
export function firstDifference(
  answer: Answer,
  plugin: string,
  seen: Map<string, string>,
): string | undefined {
  const text = answerText(answer);
  const before = seen.get(plugin);
  if (before === undefined) seen.set(plugin, text);
  if (before === undefined || before === text) return undefined;
  const [was, is] = [before.split('\n'), text.split('\n')];
  const at = is.findIndex((line, nth) => line !== was[nth]);
  return `${plugin} differs from the first snapshot in row ${at}: ${is[at]} was ${was[at]}`;
}
