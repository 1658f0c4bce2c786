// Columns as users write them: `localPort` as the answers name it, `local-port` as flags do, in any case.
// One rule for flags and for the words after --columns and --sort.
import { UsageError } from '../../base/errors.ts';
import { hint } from '../../base/nearest.ts';
import type { AnyPlugin } from '../../plugin/contract.ts';

/** `localPort` → `local-port`. */
export const kebabCase = (name: string): string =>
  name.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);

/** The flag that a column or an option has: `--local-port`. */
export const flagOf = (name: string): string => `--${kebabCase(name)}`;

const plainly = (name: string): string => name.replace(/[-_]/g, '').toLowerCase();

/** The column that a user means. @throws UsageError that names the nearest right word */
export function columnNamed(word: string, plugin: AnyPlugin): string {
  const all = Object.keys(plugin.columns);
  if (all.includes(word)) return word;
  const found = all.filter((name) => plainly(name) === plainly(word));
  if (found.length === 1) return found[0]!;
  throw new UsageError(`${plugin.name} has no column ${word}${hint(word, all)}; it has ${all.join(', ')}`);
}
