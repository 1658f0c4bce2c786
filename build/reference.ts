// Writes `docs/reference/questions.md` from what the questions declare: `npm run reference`.
// A test holds the file against them.
import { writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { plugins } from '../plugins/index.ts';
import { questionsReference } from '../src/report/questions-reference.ts';

writeFileSync(
  fileURLToPath(new URL('../../docs/reference/questions.md', import.meta.url)),
  questionsReference(plugins),
);
