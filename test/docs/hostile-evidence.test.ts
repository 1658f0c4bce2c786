// Every test that docs/hostile-evidence.md names as a guard is there.
// The last column of its tables names tests by their path below test/, mostly without the ending.
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';

const isTest = (name: string): boolean =>
  [name, `${name}.test.ts`].some((path) => existsSync(join('test', path)));

it('the tests that guard against hostile evidence are there', () => {
  // What fuzzing came to has tables of its own, which name no guards.
  const [text = ''] = readFileSync('docs/hostile-evidence.md', 'utf8').split('\n## What fuzzing came to');
  const guards = text
    .split('\n')
    .filter((line) => /^\|.*\|$/.test(line) && line.split('|').length === 5)
    .flatMap((line) => [...line.split('|')[3]!.matchAll(/`([^`]+)`/g)].map(([, name]) => name!))
    .filter((name) => !name.startsWith('npm run'))
    .map((name) => name.replace(/^test\//, '').replace(/\/\*$/, ''));
  expect(guards.length).toBeGreaterThan(60);
  expect(guards.filter((name) => !isTest(name))).toEqual([]);
});
