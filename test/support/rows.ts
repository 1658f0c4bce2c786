import type { Linux } from '../../src/kernel/linux/linux.ts';
import type { Cell, Row } from '../../src/plugin/cell.ts';
import type { AnyPlugin } from '../../src/plugin/contract.ts';
import { Observer } from '../../src/plugin/observation.ts';
import { runPlugin } from '../../src/plugin/run.ts';

/** A plugin's whole answer. */
export interface Answer {
  readonly rows: readonly Row[];
  readonly notes: readonly string[];
}

/** Asks a plugin as the command line does. */
export async function ask(
  plugin: AnyPlugin,
  kernel: Linux,
  options: Readonly<Record<string, unknown>> = {},
): Promise<Answer> {
  const rows: Row[] = [];
  for await (const row of runPlugin(plugin, kernel, { options })) rows.push(row);
  return { rows, notes: kernel.notes.drain() };
}

/** The cells of one column. */
export const column = ({ rows }: Answer, name: string): (Cell | undefined)[] => rows.map((row) => row[name]);

/** What a plugin says of its rows in sentences. */
export function observed(plugin: AnyPlugin, { rows }: Answer): string[] {
  const observer = new Observer(plugin.observations);
  for (const row of rows) observer.see(row);
  return observer.sentences();
}
