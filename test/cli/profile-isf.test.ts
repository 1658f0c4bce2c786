import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it, vi } from 'vitest';
import { main } from '../../src/cli/main.ts';

const said = vi.hoisted(() => ({ out: '', err: '' }));
vi.mock('../../src/cli/terminal/output.ts', async (original) => ({
  ...(await original<object>()),
  writeData: (text: string | Uint8Array) => void (said.out += text),
  complain: (message: string) => void (said.err += `${message}\n`),
}));

const SAMPLE = 'samples/web-1/after.kdump';
const folder = mkdtempSync(join(tmpdir(), 'vestige-isf-'));
afterAll(() => rmSync(folder, { recursive: true }));

async function run(...words: string[]): Promise<{ code: number; out: string; err: string }> {
  Object.assign(said, { out: '', err: '' });
  const code = await main([...words, '--no-cache']);
  return { code, ...said };
}

describe('vestige profile export --isf', () => {
  it('writes a table by which the same snapshot gives the same answers', { timeout: 60_000 }, async () => {
    const table = join(folder, 'after.json.gz');
    expect(await run('profile', 'export', SAMPLE, '--isf', '--output', table)).toEqual({
      code: 0,
      out: '',
      err: '',
    });
    expect([...readFileSync(table).subarray(0, 2)]).toEqual([0x1f, 0x8b]);
    const own = await run('pslist', SAMPLE, '--format', 'csv');
    expect(own.out.split('\n').length).toBeGreaterThan(50);
    expect(await run('pslist', SAMPLE, '--format', 'csv', '--profile', table)).toEqual(own);
  });

  it('says which compressions it does not write, before it reads anything', async () => {
    expect(await run('profile', 'export', '/gone', '--isf', '--output', 'x.json.xz')).toEqual({
      code: 2,
      out: '',
      err: 'cannot write .xz: symbol tables are written as they are, or as .gz\n',
    });
  });
});
