// What a question begins with: its file, its test, and its place in the list of all questions.
// What stands in build/templates works as it is, so that whoever begins a question changes one thing at a time.

import { readFileSync } from 'node:fs';
import { join } from 'node:path';

/** From the package's folder, where npm runs scripts. */
const TEMPLATES = 'build/templates';

const filled = (template: string, name: string): string =>
  readFileSync(join(TEMPLATES, template), 'utf8').replaceAll('NAME', name);

/** The question: it asks for the processes, until it says what it is about. */
export const question = (name: string): string => filled('question.ts.txt', name);

/** Its test, with damage. */
export const test = (name: string): string => filled('test.ts.txt', name);

/** The list of all questions with one more. */
export function listedWith(name: string, list: string): string {
  const word = name.replace(/-(.)/g, (_, letter: string) => letter.toUpperCase());
  return list
    .replace(/(import type .*\n)/, `$1import ${word} from './${name}.ts';\n`)
    .replace(/\n\];\n/, `\n  ${word},\n];\n`)
    .replace(/\nexport \{\n/, `\nexport {\n  ${word},\n`);
}
