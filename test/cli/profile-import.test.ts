import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { afterAll, describe, expect, it, vi } from 'vitest';
import { main } from '../../src/cli/main.ts';
import { isfText } from '../support/isf.ts';
import { cache, desk, folder, snapshotFile } from './desk.ts';

vi.mock('../../src/session/session.ts', async () => (await import('./desk.ts')).session);
vi.mock('../../src/session/traced.ts', async () => (await import('./desk.ts')).traced);
vi.mock('../../src/cli/terminal/output.ts', async (original) => ({
  ...(await original<object>()),
  ...(await import('./desk.ts')).output,
}));

afterAll(() => rmSync(folder, { recursive: true, force: true }));

const table = join(folder, 'table');
writeFileSync(table, gzipSync(isfText()));
const tables = join(folder, 'tables');
mkdirSync(join(tables, 'linux'), { recursive: true });
writeFileSync(join(tables, 'README.md'), '# Tables\n');
writeFileSync(join(tables, 'linux', 'cut.json'), isfText().slice(0, 900));
writeFileSync(join(tables, 'linux', 'whole.json'), isfText());

/** Runs a command line with a cache of its own. */
async function run(...words: string[]): Promise<{ code: number; out: string; err: string }> {
  Object.assign(desk, { out: '', err: '' });
  const code = await main([...words, '--cache', cache]);
  return { code, out: desk.out, err: desk.err };
}

describe('vestige profile import', () => {
  it('says of which kernel each file is, whatever it is called, and remembers it', async () => {
    expect(await run('profile', 'import', table)).toEqual({
      code: 0,
      err: '',
      out: `6.1.0-drawn  x86-64  isf, by drawn 1.0.0  ${table}\n`,
    });
    const { out } = await run('profile', 'list');
    expect(out).toMatch(/^- {41}\d{4}-\S+ {2}6\.1\.0-drawn {2}from \/.*table\n$/);
  });

  it('fails where a file that is named is no table, and imports the others', async () => {
    const readme = join(tables, 'README.md');
    expect(await run('profile', 'import', readme, table, join(folder, 'gone.json'))).toEqual({
      code: 2,
      err:
        `vestige: ${readme} is neither a profile nor a symbol table in ISF\n` +
        `vestige: cannot read ${join(folder, 'gone.json')}: no such file\n`,
      out: `6.1.0-drawn  x86-64  isf, by drawn 1.0.0  ${table}\n`,
    });
  });

  it('takes what is good of a folder and says how much that was', async () => {
    const { code, out, err } = await run('profile', 'import', tables);
    expect({ code, out }).toEqual({
      code: 0,
      out: `6.1.0-drawn  x86-64  isf, by drawn 1.0.0  ${join(tables, 'linux', 'whole.json')}\n`,
    });
    expect(err.split('\n')).toEqual([
      `vestige: ${join(tables, 'linux', 'cut.json')} is no sound JSON: it ends early`,
      `vestige: ${tables}: 1 of 2 tables imported; 1 other file is not called .json`,
      '',
    ]);
  });
});

describe('--profile', () => {
  it('takes a symbol table or a folder, and explains what is neither', async () => {
    const memory = snapshotFile('memory.raw');
    expect((await run('pslist', memory, '--profile', table)).code).toBe(0);
    expect((await run('pslist', memory, '--profile', tables)).code).toBe(0);
    expect(await run('pslist', memory, '--profile', memory)).toMatchObject({
      code: 2,
      err: `vestige: ${memory} is neither a profile nor a symbol table in ISF\n`,
    });
  });
});

describe('vestige profile show', () => {
  it('shows what a table is of', async () => {
    const { out } = await main(['profile', 'show', table]).then(() => desk);
    expect(out).toContain('banner        Linux version 6.1.0-drawn (who@where) #1 SMP\n');
    expect(out).toContain('source        isf, by drawn 1.0.0\n');
  });
});
