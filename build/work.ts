import { writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { setFlagsFromString } from 'node:v8';
import { openBundle, seal } from '../src/start/bundle.ts';

/**
 * A program of its own: runs command lines of the bundle, one after the other, and writes V8's code for every function
 * that ran. V8 compiles a function when it is first called: of a bundle that was only loaded it has next to none.
 *
 * Arguments: the bundle's folder, the file to write, the command lines as JSON.
 */
const [folder, file, lines] = process.argv.slice(2) as [string, string, string];

// V8 lets go of code that has not run for a while: by the end a third of all. Code is refused under other flags than
// it was made with, which are those at its end.
setFlagsFromString('--no-flush-bytecode');
const bundle = openBundle(folder);
const main = bundle.main(createRequire(import.meta.url));
for (const words of JSON.parse(lines) as string[][]) {
  const code = await main(words);
  if (code > 1) throw new Error(`vestige ${words.join(' ')} ended with ${code}`);
}
setFlagsFromString('--flush-bytecode');
writeFileSync(file, seal(bundle.source, bundle.script.createCachedData()));
