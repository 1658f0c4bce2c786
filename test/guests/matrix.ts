import { readFile, writeFile } from 'node:fs/promises';
import { matrixOf, withMatrix } from './matrix-text.ts';
import { readmePath, readResults } from './results.ts';

/** Prints the support matrix; with `--write` puts it into the README. */
const matrix = matrixOf(await readResults());
if (process.argv.includes('--write')) {
  await writeFile(readmePath, withMatrix(await readFile(readmePath, 'utf8'), matrix));
} else process.stdout.write(matrix);
