// Writes the pages of `docs/reference` that are made of what the program declares: `npm run reference`.
// Tests hold the files against it.
import { writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { plugins } from '../plugins/index.ts';
import { questionsReference } from '../src/report/questions-reference.ts';
import { commandsReference } from './commands-reference.ts';

const pages = {
  'questions.md': questionsReference(plugins),
  'commands.md': commandsReference(),
};
for (const [name, text] of Object.entries(pages)) {
  writeFileSync(fileURLToPath(new URL(`../../docs/reference/${name}`, import.meta.url)), text);
}
