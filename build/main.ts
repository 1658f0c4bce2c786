import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { codeFile, partFile, unseal } from '../src/start/bundle.ts';
import { bundleOf, launcherOf, licencesOf } from './bundle.ts';
import { codesFor } from './code.ts';
import { REST } from './parts.ts';

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

/** Writes the parts that are not what they were, and takes away what belongs to those before. */
async function makeBundle(): Promise<void> {
  const { parts, packages } = await bundleOf(dist);
  mkdirSync(folder, { recursive: true });
  const changed = [...parts].filter(([part, text]) => !has(join(folder, partFile(part)), text));
  for (const [part, text] of changed) put(join(folder, partFile(part)), text);
  const keptCode = changed.length === 0 ? [...parts.keys()].map(codeFile) : [];
  const kept = [...[...parts.keys()].map(partFile), ...keptCode];
  for (const name of readdirSync(folder)) if (!kept.includes(name)) rmSync(join(folder, name));
  put(join(folder, 'LICENSES.txt'), licencesOf(packages));
}

const has = (path: string, text: string): boolean =>
  existsSync(path) && readFileSync(path, 'latin1') === text;

/** Makes the code that is not there yet, where there is something to work on: what is published comes without samples. */
async function makeCodes(): Promise<void> {
  const before = join(root, 'samples/web-1/before.kdump');
  const after = join(root, 'samples/web-1/after.kdump');
  if (!existsSync(before) || !existsSync(after)) return;
  const parts = readdirSync(folder).flatMap((name) => /^(.*)\.cjs$/.exec(name)?.[1] ?? []);
  if (parts.every(hasCode)) return;
  const codes = await codesFor(folder, [before, after]);
  if (codes === undefined)
    process.stderr.write('build: no code is kept for the bundle: vestige works, and starts more slowly\n');
  else for (const [name, code] of codes) put(join(folder, name), code);
}

/** Nobody waits for what lies in the part for the rest. */
const hasCode = (part: string): boolean => {
  const path = join(folder, codeFile(part));
  return (
    part === REST ||
    (existsSync(path) && unseal(readFileSync(join(folder, partFile(part))), readFileSync(path)) !== undefined)
  );
};

await makeLauncher();
await makeBundle();
await makeCodes();
