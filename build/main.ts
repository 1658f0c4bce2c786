import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { BUNDLE, codeFile, type Purpose, unseal } from '../src/start/bundle.ts';
import { bundleOf, launcherOf, licencesOf } from './bundle.ts';
import { codeFor, codeForReading, type Pair } from './code.ts';

/** This file runs from `dist/build`, after the compiler. */
const dist = fileURLToPath(new URL('..', import.meta.url));
const root = join(dist, '..');
const folder = join(dist, 'bundle');

/** Puts a whole file into the place of another: whoever starts meanwhile reads the one or the other. */
function put(path: string, content: string | Uint8Array): void {
  writeFileSync(`${path}.part`, content, { flush: true });
  renameSync(`${path}.part`, path);
}

async function makeLauncher(): Promise<void> {
  mkdirSync(join(dist, 'bin'), { recursive: true });
  put(join(dist, 'bin/package.json'), '{ "type": "commonjs" }\n');
  put(join(dist, 'bin/vestige.js'), await launcherOf(join(root, 'bin/vestige.ts')));
}

/** Writes the bundle where it is not what it was, and then takes away what belongs to the one before. */
async function makeBundle(): Promise<void> {
  const { text, packages } = await bundleOf(dist);
  mkdirSync(folder, { recursive: true });
  const path = join(folder, BUNDLE);
  if (existsSync(path) && readFileSync(path, 'latin1') === text) return;
  put(path, text);
  for (const name of readdirSync(folder)) if (name !== BUNDLE) rmSync(join(folder, name));
  put(join(folder, 'LICENSES.txt'), licencesOf(packages));
}

/** Makes the code that is not there yet, where there is something to work on: what is published comes without samples. */
async function makeCodes(): Promise<void> {
  const before = join(root, 'samples/web-1/before.kdump');
  const after = join(root, 'samples/web-1/after.kdump');
  if (!existsSync(before) || !existsSync(after)) return;
  await makeCode('main', codeFor, [before, after]);
  await makeCode('reading', codeForReading, [before, after]);
}

async function makeCode(
  purpose: Purpose,
  make: (folder: string, pair: Pair) => Promise<Buffer | undefined>,
  pair: Pair,
): Promise<void> {
  const path = join(folder, codeFile(purpose));
  if (existsSync(path) && unseal(readFileSync(join(folder, BUNDLE)), readFileSync(path)) !== undefined)
    return;
  const code = await make(folder, pair);
  if (code !== undefined) put(path, code);
  else process.stderr.write('build: no code is kept for the bundle: vestige works, and starts more slowly\n');
}

await makeLauncher();
await makeBundle();
await makeCodes();
