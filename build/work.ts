import { writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { setFlagsFromString } from 'node:v8';
import { Bundle, codeFile, seal } from '../src/start/bundle.ts';
import { optimizeLater } from '../src/start/engine.ts';

/**
 * A program of its own: runs command lines of the bundle, one after the other, and writes V8's code for every function
 * that ran, for each part of the bundle that was opened. V8 compiles a function when it is first called: of a bundle that was only
 * loaded it has next to none.
 *
 * Arguments: the bundle's folder, the folder to write into, the command lines as JSON.
 */
const [folder, into, lines] = process.argv.slice(2) as [string, string, string];

// V8 lets go of code that has not run for a while: by the end a third of all. Code is refused under other flags than
// it was made with, which are those at its end: they are the launcher's.
optimizeLater();
setFlagsFromString('--no-flush-bytecode');
const bundle = new Bundle(folder, createRequire(import.meta.url));
const { main } = bundle;
for (const words of JSON.parse(lines) as string[][]) {
  const code = await main(words);
  if (code > 1) throw new Error(`vestige ${words.join(' ')} ended with ${code}`);
}
setFlagsFromString('--flush-bytecode');
for (const [part, { source, script }] of bundle.parts)
  writeFileSync(join(into, codeFile(part)), seal(source, script.createCachedData()));
