// The plugin that the guide shows works as it stands there.
// Its imports lead to this checkout; everything else is the guide's.
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, it } from 'vitest';
import type { AnyPlugin } from '../../src/plugin/contract.ts';
import { fakeKernel } from '../support/kernel.ts';
import { ask } from '../support/rows.ts';

const folder = mkdtempSync(join(tmpdir(), 'vestige-guide-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

it('the plugin of docs/guide/writing-plugins.md lists threads', async () => {
  const [, code = ''] =
    /^```ts\n([\s\S]*?)^```/m.exec(readFileSync('docs/guide/writing-plugins.md', 'utf8')) ?? [];
  const path = join(folder, 'threads.ts');
  writeFileSync(path, code.replaceAll("'../src/", `'${process.cwd()}/src/`));
  const { default: plugin } = (await import(path)) as { default: AnyPlugin };
  const drawn = fakeKernel('init(1)  sshd(200 < 1)', { traits: { 200: { threads: [5n, 7n] } } });
  const { rows, notes } = await ask(plugin, drawn.linux());
  expect(notes).toEqual([]);
  expect(rows.map(({ pid }) => pid)).toEqual([1, 200, 200]);
  expect(rows.map(({ name }) => name)).toContain('sshd');
  expect(new Set(rows.map(({ tid }) => tid)).size).toBe(3);
});
