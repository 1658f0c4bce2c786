// What must hold of every answer, whatever was done to the memory: bounded cost, and no loss without a word.
import { type Cell, isAbsent, type Row } from '../../src/plugin/cell.ts';
import type { Damage } from './damage.ts';
import type { Asked, Outcome } from './world.ts';

/** Times the CPU of the clean answer, and what is always granted: the clean answers take a few milliseconds. */
const CPU_FACTOR = 10;
const CPU_FLOOR_MS = 400;
/** Rows that may go without a word: one damaged thing has no more than a few rows of its own. */
const QUIET_ROWS = 3;
const QUIET_SHARE = 0.05;
/**
 * Sums over counters of each CPU. A page of them that no process has used on its CPU is zeros by right, so that of one that
 * was lost nothing tells; the sum is off by some dozen pages then.
 */
const COUNTED_APART = new Set(['rss']);
/** In UTF-16 units. */
const LONGEST_NOTE = 4096;
const STACK_TRACE = /\n\s+at .*:\d+/;

/** What is wrong with an answer, as a sentence; undefined where nothing is. Of several ways of damage at once, `damage` is undefined. */
export function faultIn(
  { plugin, clean }: Asked,
  damaged: Outcome,
  damage: Pick<Damage, 'isNoticeable' | 'takesAway'> | undefined,
): string | undefined {
  const { name } = plugin;
  const most = CPU_FLOOR_MS + CPU_FACTOR * clean.cpuMs;
  if (damaged.cpuMs > most)
    return `${name} took ${Math.round(damaged.cpuMs)} ms of CPU, ${Math.round(clean.cpuMs)} when clean`;
  const silent = damaged.notes.length > clean.notes.length ? undefined : silentFault(clean, damaged, damage);
  if (silent !== undefined) return `${name} ${silent}`;
  // A note may quote a name, and names have line feeds; nothing of a program's own trouble belongs there.
  if (damaged.notes.some((note) => STACK_TRACE.test(note))) return `${name} has a stack trace in a note`;
  const longest = Math.max(0, ...damaged.notes.map((note) => note.length));
  return longest > LONGEST_NOTE ? `${name} has a note of ${longest} letters` : undefined;
}

/** What is wrong with an answer that has no note of it. */
function silentFault(
  clean: Outcome,
  damaged: Outcome,
  damage: Pick<Damage, 'isNoticeable' | 'takesAway'> | undefined,
): string | undefined {
  const lost = clean.rows.length - damaged.rows.length;
  const quiet = Math.max(QUIET_ROWS, Math.floor(clean.rows.length * QUIET_SHARE));
  if (damage?.isNoticeable === true && damaged.absent <= clean.absent && lost > quiet)
    return `lost ${lost} of ${clean.rows.length} rows without a word`;
  const other = damage?.takesAway === true ? firstOther(clean, damaged) : undefined;
  return other === undefined ? undefined : `has a row without a word that is not so: ${other}`;
}

/** The first row with all of its cells that the clean answer does not have. */
function firstOther(clean: Outcome, damaged: Outcome): string | undefined {
  const known = new Set(clean.rows.map(textOf));
  const other = damaged.rows.find((row) => !Object.values(row).some(isAbsent) && !known.has(textOf(row)));
  return other === undefined ? undefined : textOf(other).slice(0, 300);
}

const textOf = (row: Row): string =>
  Object.entries(row)
    .map(([name, cell]) => (COUNTED_APART.has(name) ? '' : cellText(cell)))
    .join(' | ');

const cellText = (cell: Cell): string => (cell instanceof Date ? cell.toISOString() : String(cell));
