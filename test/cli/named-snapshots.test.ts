import { copyFileSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { main } from '../../src/cli/main.ts';
import { cache, desk, folder, settle, snapshotFile } from './desk.ts';

vi.mock('../../src/session/session.ts', async () => (await import('./desk.ts')).session);
vi.mock('../../src/session/traced.ts', async () => (await import('./desk.ts')).traced);
vi.mock('../../src/cli/terminal/output.ts', async (original) => ({
  ...(await original<object>()),
  ...(await import('./desk.ts')).output,
}));

/** `guest` has two snapshots, and a copy of the second; `other` has one. */
const [first, second, copy, other] = ['first.raw', 'second.raw', 'copy.raw', 'other.raw'];

beforeAll(async () => {
  for (const [hour, name] of [first, second, copy, other].entries()) {
    const path = snapshotFile(name!);
    writeFileSync(path, Buffer.alloc(8192, name === other ? 3 : Math.min(hour, 1)));
    const time = new Date(Date.UTC(2026, 0, 1, hour));
    utimesSync(path, time, time);
  }
  await settle();
  const files = [first, second, copy, other].map((name) => join(folder, name!));
  await asked('run', 'pslist,modules,sockets,files,env', ...files, '--json');
}, 60_000);
afterAll(() => rmSync(folder, { recursive: true, force: true }));

async function asked(...words: string[]): Promise<{ code: number; out: string; err: string }> {
  Object.assign(desk, { out: '', err: '', opened: 0 });
  const code = await main([...words, '--cache', cache]);
  return { code, out: desk.out, err: desk.err };
}

describe('the name of a machine', () => {
  it('stands for its latest snapshot wherever a file does, and which one that is is said', async () => {
    const named = await asked('pslist', 'guest', '--columns', 'pid,name');
    const file = await asked('pslist', join(folder, copy!), '--columns', 'pid,name');
    expect(named.out).toBe(file.out);
    expect(named.err).toBe(
      `guest: the snapshot of 2026-01-02T03:04:05.000Z, ${join(folder, copy!)}\n${file.err}`,
    );
    expect((await asked('run', 'pslist,modules', 'guest')).code).toBe(0);
    expect((await asked('triage', 'guest')).out).toContain('Processes');
    expect((await asked('info', 'guest')).out).toContain('copy.raw');
    const several = await asked('pslist', 'guest', 'other', '--json');
    const documents = JSON.parse(several.out) as { snapshot: { path: string } }[];
    expect(documents.map(({ snapshot }) => snapshot.path)).toEqual([
      join(folder, copy!),
      join(folder, other!),
    ]);
  });

  it('stands for the last two in diff, copies apart, and for all in timeline', async () => {
    const diff = JSON.parse((await asked('diff', 'guest', '--json')).out) as Record<
      string,
      { snapshot: { path: string } }
    >;
    expect([diff['before']!.snapshot.path, diff['after']!.snapshot.path]).toEqual([
      join(folder, first!),
      join(folder, copy!),
    ]);
    const { snapshots } = JSON.parse((await asked('timeline', 'guest', '--json')).out) as {
      snapshots: { snapshot: { path: string } }[];
    };
    expect(snapshots.map(({ snapshot }) => snapshot.path)).toEqual([
      join(folder, first!),
      join(folder, copy!),
    ]);
    expect((await asked('diff', 'other')).err).toContain(
      'diff wants two snapshots, or a machine of which two are remembered: other is one snapshot\n',
    );
    expect((await asked('timeline', 'other')).code).toBe(2);
  });

  it('is judged by its latest snapshot, compared with the one before', async () => {
    const { out } = await asked('check', 'guest', '--json');
    const { snapshot } = JSON.parse(out) as { snapshot: { path: string } };
    expect(snapshot.path).toBe(join(folder, copy!));
    expect(out).not.toContain('there is no snapshot before it');
    expect((await asked('check', 'other', '--json')).out).toContain('there is no snapshot before it');
  });

  it('gives way to a file of that name', async () => {
    const here = process.cwd();
    process.chdir(folder);
    try {
      copyFileSync(join(folder, first!), 'other');
      const { out, err } = await asked('pslist', 'other', '--json');
      expect((JSON.parse(out) as { snapshot: { path: string } }).snapshot.path).toBe('other');
      expect(err).not.toContain('the snapshot of');
    } finally {
      process.chdir(here);
    }
  });

  it('is looked for where a word is no file, and the nearest is told', async () => {
    expect(await asked('pslist', 'gest', '--columns', 'pid')).toEqual({
      code: 2,
      out: '',
      err: 'vestige: cannot open gest: no such file, and no machine of this name is remembered (did you mean guest?)\n',
    });
    expect((await asked('pslist', './guest')).err).toBe('vestige: cannot open ./guest: no such file\n');
    Object.assign(desk, { out: '', err: '' });
    expect(await main(['pslist', 'guest', '--no-cache'])).toBe(2);
    expect(desk.err).toBe('vestige: cannot open guest: no such file\n');
  });

  it('answers from what is remembered when the file is gone, and says what is not', async () => {
    const before = await asked('pslist', 'other', '--pid', '200', '--columns', 'pid,name');
    rmSync(join(folder, other!));
    const gone = await asked('pslist', 'other', '--pid', '200', '--columns', 'pid,name');
    expect(gone.out).toBe(before.out);
    expect(gone.err).toContain(
      'its file is gone or another by now, so only what is remembered of it answers\n',
    );
    expect(desk.opened).toBe(0);
    const { code, err } = await asked('pstree', 'other');
    expect(code).toBe(2);
    expect(err).toContain(
      `pstree: ${join(folder, other!)} is gone or another by now, and what is asked of it is not remembered\n`,
    );
    expect((await asked('info', 'other')).code).toBe(2);
  });
});
