import { describe, expect, it } from 'vitest';
import { plugins } from '../../plugins/index.ts';
import { spawning } from '../cli/spawned.ts';
import { scratchFolder } from '../support/writers-scratch.ts';

const scratch = scratchFolder();
const vestige = spawning(scratch.path(''));

interface Document {
  readonly results: readonly { readonly plugin: string; readonly rows: readonly Record<string, unknown>[] }[];
}

const closed = plugins.filter(({ words }) => words !== undefined);

describe('the words that columns can hold', () => {
  it.each(['before', 'after'])('are all that there are in the sample, %s', (name) => {
    const { stdout } = vestige(
      'run',
      closed.map((plugin) => plugin.name).join(','),
      `samples/web-1/${name}.kdump`,
      '--json',
    );
    const { results } = JSON.parse(stdout) as Document;
    for (const { plugin, rows } of results) {
      const words = closed.find((one) => one.name === plugin)!.words!;
      for (const [column, known] of Object.entries(words)) {
        const cells = new Set(rows.map((row) => row[column]).filter((cell) => typeof cell === 'string'));
        expect(
          [...cells].filter((cell) => !known!.includes(cell as string) && !/^\d+$/.test(cell as string)),
        ).toEqual([]);
      }
    }
    expect(results).toHaveLength(closed.length);
  });

  it.each(closed.map((plugin) => [plugin.name, plugin] as const))(
    'of %s are of columns with a flag, each once',
    (_, { words, filters = [], columns }) => {
      for (const [column, known] of Object.entries(words!)) {
        expect(filters).toContain(column);
        expect(columns[column]).toHaveProperty('text');
        expect(new Set(known).size).toBe(known!.length);
      }
    },
  );
});
