// Begins a question: `npm run new:question NAME` writes the question, its test and its comparison with a guest's own word,
// and lists it. What it writes works, and asks for the processes: what the question is about is put in its place.
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { listedWith, question, test } from './question-files.ts';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));

/** @throws Error where the name is none, or taken */
function begin(name: string): void {
  if (!/^[a-z][a-z0-9-]*$/.test(name))
    throw new Error(`${name || 'nothing'} is no name: a lowercase word is`);
  const files = { [`plugins/${name}.ts`]: question(name), [`test/plugins/${name}.test.ts`]: test(name) };
  for (const path of Object.keys(files))
    if (existsSync(join(ROOT, path))) throw new Error(`${path} is there already`);
  for (const [path, text] of Object.entries(files)) writeFileSync(join(ROOT, path), text);
  const index = join(ROOT, 'plugins/index.ts');
  writeFileSync(index, listedWith(name, readFileSync(index, 'utf8')));
  process.stdout.write(
    [...Object.keys(files), 'plugins/index.ts'].map((path) => `written: ${path}\n`).join('') +
      'Next: say what it is about, run npm run format, npm run reference and npm test;\n' +
      'then hold it against a guest (test/guests/compare, test/README.md).\n',
  );
}

begin(process.argv[2] ?? '');
