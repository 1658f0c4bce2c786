// Lists that people look at: in a box on a terminal, as lines in a file or pipe, where programs read them.
// The drawer of boxes is loaded when one is drawn.
import type { List } from '../../report/box.ts';
import { terminalWidth, writeData } from './output.ts';
import { styleFor } from './show.ts';

/** Shows a list. @param lines the same for a file or pipe, safe to print */
export async function showList(list: () => List, lines: () => string): Promise<void> {
  if (process.stdout.isTTY !== true) return writeData(lines());
  const { drawList } = await import('../../report/box.ts');
  return writeData(drawList(list(), await styleFor({ color: 'auto' }), terminalWidth()));
}
