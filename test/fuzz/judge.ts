// What must hold of every answer, whatever was done to the memory: bounded cost, and no loss without a word.
import type { Asked, Outcome } from './world.ts';

/** Times the CPU of the clean answer, and what is always granted: the clean answers take a few milliseconds. */
const CPU_FACTOR = 10;
const CPU_FLOOR_MS = 400;
/** Rows that may go without a word: one damaged thing has no more than a few rows of its own. */
const QUIET_ROWS = 3;
const QUIET_SHARE = 0.05;
/** In UTF-16 units. */
const LONGEST_NOTE = 4096;
const STACK_TRACE = /\n\s+at .*:\d+/;

/** What is wrong with an answer, as a sentence; undefined where nothing is. */
export function faultIn(
  { plugin, clean }: Asked,
  damaged: Outcome,
  isNoticeable: boolean,
): string | undefined {
  const { name } = plugin;
  const most = CPU_FLOOR_MS + CPU_FACTOR * clean.cpuMs;
  if (damaged.cpuMs > most)
    return `${name} took ${Math.round(damaged.cpuMs)} ms of CPU, ${Math.round(clean.cpuMs)} when clean`;
  const lost = clean.rows - damaged.rows;
  const isSilent = damaged.notes.length <= clean.notes.length && damaged.absent <= clean.absent;
  const quiet = Math.max(QUIET_ROWS, Math.floor(clean.rows * QUIET_SHARE));
  if (isNoticeable && isSilent && lost > quiet)
    return `${name} lost ${lost} of ${clean.rows} rows without a word`;
  // A note may quote a name, and names have line feeds; nothing of a program's own trouble belongs there.
  if (damaged.notes.some((note) => STACK_TRACE.test(note))) return `${name} has a stack trace in a note`;
  const longest = Math.max(0, ...damaged.notes.map((note) => note.length));
  return longest > LONGEST_NOTE ? `${name} has a note of ${longest} letters` : undefined;
}
