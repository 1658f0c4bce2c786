#!/usr/bin/env node
import { join } from 'node:path';
import { Bundle, type Main } from '../src/start/bundle.ts';
import { optimizeLater } from '../src/start/engine.ts';

/**
 * The command line from the bundle; its modules where a plugin of the user's is loaded, which imports the package: a
 * class of errors must be the same one for both.
 */
const commandLine = async (words: readonly string[]): Promise<Main> =>
  words.some((word) => word === '--plugin' || word.startsWith('--plugin='))
    ? (await import('../src/cli/main.ts')).main
    : new Bundle(join(__dirname, '../bundle'), require).main;

async function run(words: readonly string[]): Promise<void> {
  optimizeLater(); // first: code that was kept is refused under other flags than it was made with
  const main = await commandLine(words);
  process.exitCode = await main(words);
}

// Nothing is left to wait for and no answer has come: what Node makes of that in a module, in place of a 0.
process.once('beforeExit', () => (process.exitCode ??= 13));
void run(process.argv.slice(2));
