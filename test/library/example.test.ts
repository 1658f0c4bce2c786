// The example project, with the package as npm packs it: it compiles against the types in the tarball and runs. No registry is
// asked: the dependencies are those that are installed here.
import { spawnSync } from 'node:child_process';
import {
  cpSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  symlinkSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

const folder = mkdtempSync(join(tmpdir(), 'vestige-example-'));
const modules = join(folder, 'node_modules');
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** Runs a program in the project's folder. @returns what it wrote */
function run(program: string, ...words: readonly string[]): string {
  const { status, stdout, stderr } = spawnSync(program, words, { cwd: folder, encoding: 'utf8' });
  expect({ program, status, stderr, complaints: status === 0 ? '' : stdout }).toEqual({
    ...{ program, status: 0, stderr: '', complaints: '' },
  });
  return stdout;
}

beforeAll(() => {
  const packed = spawnSync(
    'npm',
    // What is built is packed: the build itself is not what is tested.
    ['pack', '--ignore-scripts', '--silent', '--pack-destination', folder],
    { encoding: 'utf8' },
  );
  expect(packed.status, packed.stderr).toBe(0);
  cpSync('examples/library', folder, { recursive: true });
  mkdirSync(modules);
  run('tar', '-xzf', packed.stdout.trim());
  renameSync(join(folder, 'package'), join(modules, 'vestige'));
  for (const name of readdirSync('node_modules').filter((entry) => !entry.startsWith('.')))
    symlinkSync(resolve('node_modules', name), join(modules, name));
});

describe('the example project', () => {
  it('compiles against the types of the packed tarball, and runs on it', () => {
    run(process.execPath, join(modules, 'typescript/bin/tsc'), '-p', '.');
    const lines = run(process.execPath, 'main.js', resolve('samples/web-1/after.kdump'))
      .trimEnd()
      .split('\n');
    expect(lines).toContain('tcp 22 dropbear(209) of init, code of 105993 bytes');
    for (const line of lines) expect(line).toMatch(/^tcp \d+ \S+\(\d+\) of \S+, code of \d+ bytes$/);
  });

  it('needs no dependency that the package does not declare', () => {
    const { dependencies } = JSON.parse(readFileSync('package.json', 'utf8')) as {
      dependencies: Record<string, string>;
    };
    const bare = /(?:from|import\(|require\(import\.meta\.url\)\()\s*['"]([^.'"][^'"]*)['"]/g;
    const imported = readdirSync(join(modules, 'vestige/dist/src'), { recursive: true, encoding: 'utf8' })
      .filter((file) => file.endsWith('.js') && !file.includes('page/client'))
      .flatMap((file) => [...readFileSync(join(modules, 'vestige/dist/src', file), 'utf8').matchAll(bare)])
      .map(([, name = '']) => name)
      .filter((name) => !name.startsWith('node:') && /^(@[\w-]+\/)?[\w.-]+(\/|$)/.test(name));
    const packages = new Set(imported.map((name) => /^(@[^/]+\/)?[^/]+/.exec(name)![0]));
    packages.delete('vestige'); // itself, in an example in a comment
    expect([...packages].filter((name) => dependencies[name] === undefined)).toEqual([]);
    expect(packages.size).toBeGreaterThan(3);
  });
});
