import { readFile, writeFile } from 'node:fs/promises';
import { matrixOf, withMatrix } from './matrix-text.ts';
import { matrixPath, readResults } from './results.ts';

/** Prints the support matrix; with `--write` puts it into docs/reference/support-matrix.md. */
const matrix = matrixOf(await readResults());
if (process.argv.includes('--write')) {
  await writeFile(matrixPath, withMatrix(await readFile(matrixPath, 'utf8'), matrix));
} else process.stdout.write(matrix);
