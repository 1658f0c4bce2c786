import { readFile } from 'node:fs/promises';
import { describe, expect, it } from 'vitest';
import { catalog } from './catalog.ts';
import { matrixOf, withMatrix } from './matrix-text.ts';
import { type GuestResult, matrixPath, printResults, readResults } from './results.ts';

const exact: GuestResult = {
  kernel: '6.1.0-56-cloud-amd64',
  architecture: 'amd64',
  paging: '4 levels',
  machine: '2 CPUs, 512 MiB',
  ways: 'raw, by scan',
  questions: { info: { rows: 1, tolerated: 0 }, pslist: { rows: 1200, tolerated: 3 } },
};
const other: GuestResult = {
  ...exact,
  ways: 'raw',
  questions: {
    info: { rows: 1, tolerated: 0, not: { raw: 4 } },
    pslist: { rows: 7, tolerated: 0, partial: { raw: 'a | b' } },
  },
};

describe('the support matrix', () => {
  it('stands in the reference as the results have it', async () => {
    const page = await readFile(matrixPath, 'utf8');
    expect(withMatrix(page, matrixOf(await readResults()))).toBe(page);
  });

  it('has a result of every guest', async () => {
    expect(Object.keys(await readResults())).toEqual(catalog.map(({ name }) => name).sort());
  });

  it('names questions, ways and reasons', () => {
    expect(matrixOf({ a: exact, b: other })).toBe(
      '|  | guest | kernel and its tables | machine | rows | tolerated |\n' +
        '| --- | --- | --- | --- | :-: | :-: |\n' +
        '| 1 | a | 6.1.0-56-cloud-amd64: 4 levels | 2 CPUs, 512 MiB | 1,201 | 3 |\n' +
        '| 2 | b | 6.1.0-56-cloud-amd64: 4 levels | 2 CPUs, 512 MiB | 8 | 0 |\n' +
        '\n' +
        '| question | 1 | 2 |\n' +
        '| --- | :-: | :-: |\n' +
        '| info | ✓ | not |\n' +
        '| pslist | ✓ | partial (1) |\n' +
        '\n' +
        '| format, or what the kernel was bound by | 1 | 2 |\n' +
        '| --- | :-: | :-: |\n' +
        '| raw | ✓ | not |\n' +
        '| by scan | ✓ |  |\n' +
        '\n' +
        '1. a | b\n',
    );
  });

  it('is put between its markers and nowhere else', () => {
    const text = 'a\n<!-- support matrix -->\nold\n<!-- /support matrix -->\nb\n';
    expect(withMatrix(text, 'new\n')).toBe('a\n<!-- support matrix -->\nnew\n<!-- /support matrix -->\nb\n');
    expect(() => withMatrix('a', 'new\n')).toThrow('no place');
  });

  it('is kept sorted, one question a line', () => {
    const text = printResults({ b: other, a: exact });
    expect(JSON.parse(text)).toEqual({ a: exact, b: other });
    expect(text.indexOf('"a"')).toBeLessThan(text.indexOf('"b"'));
    expect(text).toContain('\n      "pslist": { "rows": 1200, "tolerated": 3 }\n');
  });
});
