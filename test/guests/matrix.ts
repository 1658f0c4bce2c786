import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { catalog } from './catalog.ts';
import type { Result } from './compare/report.ts';
import { guestFolder } from './folders.ts';

/** What `test.ts` keeps of one comparison. */
type Kept = Omit<Result, 'differences'> & { readonly differences: number };

/**
 * Prints the support matrix from the results of the guests that were tested: a line for each guest, a column for
 * each format or way to bind, `exact` only where every question was.
 */
function matrix(): string {
  const tested = catalog.flatMap((guest) => {
    const path = join(guestFolder(guest.name), 'results.json');
    return existsSync(path) ? [{ guest, results: JSON.parse(readFileSync(path, 'utf8')) as Kept[] }] : [];
  });
  const columns = [...new Set(tested.flatMap(({ results }) => results.map(columnOf)))];
  const lines = tested.map(({ guest, results }) => {
    const cells = columns.map((column) => verdict(results.filter((result) => columnOf(result) === column)));
    return [guest.name, ...cells];
  });
  const table = [['guest', ...columns], ['---', ...columns.map(() => ':-:')], ...lines];
  return table.map((cells) => `| ${cells.join(' | ')} |\n`).join('');
}

/** `elf`; `bound by profile` where another way to the kernel was taken. */
const columnOf = ({ format, plugin }: Kept): string => /bound by .*$/.exec(plugin)?.[0] ?? format;

function verdict(results: readonly Kept[]): string {
  if (results.length === 0) return '';
  const wrong = results.filter(({ differences }) => differences > 0).map(({ plugin }) => plugin);
  return wrong.length === 0 ? 'exact' : `not ${wrong.join(', ')}`;
}

process.stdout.write(matrix());
