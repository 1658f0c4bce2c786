// The reference of all questions is what they declare.
import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { plugins } from '../../plugins/index.ts';
import { questionsReference } from '../../src/report/questions-reference.ts';

it('docs/reference/questions.md is what npm run reference writes', () => {
  expect(readFileSync('docs/reference/questions.md', 'utf8')).toBe(questionsReference(plugins));
});

it('has each question, each column and each option', () => {
  const text = questionsReference(plugins);
  for (const { name, columns, options = {} } of plugins) {
    const section = text.split(`\n### ${name}\n`)[1]!.split('\n### ')[0]!;
    for (const column of Object.keys(columns)) expect(section).toContain(`| \`${column}\` |`);
    for (const option of Object.keys(options)) expect(section).toContain(`\`--${option}`);
  }
});
