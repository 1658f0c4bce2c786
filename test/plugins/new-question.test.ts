// What a question begins with is listed among the others, once, under a name that TypeScript takes.
import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { listedWith, question, test } from '../../build/question-files.ts';

it('lists a question whose name has hyphens, imports it and gives it to programs', () => {
  const before = readFileSync('plugins/index.ts', 'utf8').split('\n');
  const after = listedWith('bpf-links', before.join('\n')).split('\n');
  expect(after.filter((line) => !before.includes(line))).toEqual([
    "import bpfLinks from './bpf-links.ts';",
    '  bpfLinks,',
    '  bpfLinks,',
  ]);
});

it('names it in its file and in its test', () => {
  expect(question('bpf-links')).toContain("  name: 'bpf-links',\n");
  expect(test('bpf-links')).toContain("from '../../plugins/bpf-links.ts'");
});
