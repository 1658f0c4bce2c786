// Every example of docs/guide/library.md prints what stands under it, run as a module of somebody who imports the package.
import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';

const EXAMPLE = /\n## ([^\n]+)\n(?:(?!\n## )[\s\S])*?```js\n([\s\S]*?)```\n\n```text\n([\s\S]*?)```/g;

const examples = [...readFileSync('docs/guide/library.md', 'utf8').matchAll(EXAMPLE)].map(
  ([, title = '', code = '', output = '']) => ({ title, code, output }),
);

describe('the guide to the library', () => {
  it('has ten examples', () => {
    expect(examples.length).toBe(10);
  });

  it.each(examples)('prints what it says: $title', ({ code, output }) => {
    const { stdout, stderr } = spawnSync(process.execPath, ['--input-type=module'], {
      input: code,
      encoding: 'utf8',
      env: { ...process.env, NO_COLOR: '1' },
    });
    expect({ stdout, stderr }).toEqual({ stdout: output, stderr: '' });
  });
});
