import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, mkdtempSync, openSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';

const VESTIGE = join(process.cwd(), 'dist/bin/vestige.js');
const folder = mkdtempSync(join(tmpdir(), 'vestige-process-'));
const { NO_COLOR: _, FORCE_COLOR: __, ...env } = process.env;

afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** A process of its own, with stdout where the test wants it. */
function vestige(words: readonly string[], stdout: 'pipe' | number = 'pipe') {
  return spawnSync(process.execPath, [VESTIGE, ...words], {
    encoding: 'utf8',
    env: { ...env, XDG_CACHE_HOME: folder, XDG_STATE_HOME: folder },
    stdio: ['ignore', stdout, 'pipe'],
  });
}

/** A plugin file; `body` runs when it is loaded. */
function pluginFile(body: string): string {
  const path = join(folder, 'mine.mjs');
  writeFileSync(path, body);
  return path;
}

describe('the process', () => {
  it('ends quietly when its reader has gone', async () => {
    const child = spawn(process.execPath, [VESTIGE, 'completion', 'fish']);
    child.stdout.destroy(); // long before node has started
    let said = '';
    child.stderr.on('data', (data: Buffer) => (said += data.toString()));
    const [code] = (await once(child, 'close')) as [number | null];
    expect({ code, said }).toEqual({ code: 0, said: '' });
  });

  it('says in one line that its output cannot be written', () => {
    const full = openSync('/dev/full', 'w');
    const { status, stderr } = vestige(['plugins'], full);
    closeSync(full);
    expect({ status, stderr }).toEqual({
      status: 2,
      stderr: 'vestige: cannot write the output: ENOSPC\n',
    });
  });

  it('ends at once on Ctrl-C, in the middle of synchronous work too', async () => {
    const path = pluginFile(`process.stdout.write('busy'); for (;;) {}`);
    const child = spawn(process.execPath, [VESTIGE, '--plugin', path, 'plugins']);
    await once(child.stdout, 'data');
    child.kill('SIGINT');
    const [code, signal] = (await once(child, 'close')) as [number | null, string | null];
    expect({ code, signal }).toEqual({ code: null, signal: 'SIGINT' }); // 130 in a shell
  });

  it('says of an error that it cannot explain that it is a bug, and where', () => {
    const path = pluginFile(
      `const boom = () => { throw new TypeError('boom'); };
       export default { get name() { return boom(); } };`,
    );
    const { status, stderr, stdout } = vestige(['--plugin', path, 'plugins']);
    expect(status).toBe(70);
    expect(stdout).toBe('');
    expect(stderr).toMatch(
      /^vestige: this is a bug in vestige \d.*, please report it:\nTypeError: boom\n {4}at /,
    );
  });

  it('refuses a folder, a missing file, a text file and an empty one in one line each', () => {
    const text = join(folder, 'notes.txt');
    writeFileSync(text, 'dear diary\n'.repeat(1000));
    const gone = join(folder, 'gone');
    const empty = join(folder, 'empty');
    writeFileSync(empty, '');
    const { status, stdout, stderr } = vestige(['pslist', folder, gone, text, empty, '--no-cache']);
    expect({ status, stdout, lines: stderr.trim().split('\n') }).toEqual({
      status: 2,
      stdout: '',
      lines: [
        `vestige: ${folder} is a directory`,
        `vestige: cannot open ${gone}: no such file`,
        `vestige: ${text} is a text file, not memory`,
        `vestige: ${empty} is empty`,
      ],
    });
  });
});
