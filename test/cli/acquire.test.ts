import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { FakeQmp } from '../support/fake-qmp.ts';

const VESTIGE = join(process.cwd(), 'dist/bin/vestige.js');

let folder: string;
let output: string;
let qemu: FakeQmp;

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'vestige-acquire-cli-'));
  output = join(folder, 'snapshots');
  mkdirSync(output);
  qemu = await FakeQmp.listen(folder);
});
afterEach(() => {
  qemu.close();
  rmSync(folder, { recursive: true, force: true });
});

/** A process of its own, and what comes of it. */
function vestige(...words: string[]) {
  const child = spawn(process.execPath, [VESTIGE, 'acquire', ...words], {
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const said = { stdout: '', stderr: '' };
  child.stdout.on('data', (text: Buffer) => (said.stdout += text.toString()));
  child.stderr.on('data', (text: Buffer) => (said.stderr += text.toString()));
  const ended = once(child, 'close').then(([code, signal]) => ({
    code: code as number | null,
    signal: signal as string | null,
    ...said,
  }));
  return { child, ended };
}

describe('vestige acquire', () => {
  it('prints the path and nothing else', async () => {
    const { code, stdout, stderr } = await vestige('--qmp', qemu.address, '--output', output).ended;
    const [name] = readdirSync(output);
    expect({ code, stdout, stderr }).toEqual({ code: 0, stdout: `${join(output, name!)}\n`, stderr: '' });
    expect(name).toMatch(/^web-\d{8}T\d{6}Z\.kdump$/);
  });

  it('hands the snapshot to a scan at once, with the flags that are meant for it', {
    timeout: 60_000,
  }, async () => {
    const taken = ['--qmp', qemu.address, '--output', output, '--scan'];
    const cache = join(folder, 'cache.sqlite');
    const round = async (sample: string, ...more: readonly string[]) => {
      qemu.memory = readFileSync(`samples/web-1/${sample}.kdump`);
      const flags = ['--cache', cache, '--plugins', 'pslist', '--settle', '1h', ...more];
      const { code, stdout, stderr } = await vestige(...taken, '--', ...flags).ended;
      return { code, stderr, lines: stdout.trim().split('\n') };
    };
    const first = await round('before');
    const [path = ''] = first.lines;
    expect(first).toEqual({
      code: 0,
      stderr: '',
      lines: [path, `web 2026-11-23T11:37:31Z ${basename(path)}: the first snapshot of this machine`],
    });
    await new Promise((resolve) => setTimeout(resolve, 1000 - (Date.now() % 1000))); // a snapshot is named by the second
    const second = await round('after', '--keep', '1', '--delete-files');
    expect({ ...second, lines: second.lines.slice(1) }).toEqual({
      code: 1,
      stderr: '',
      lines: [expect.stringMatching(/: 7 processes and 6 kernel threads new, /), `${path}: deleted`],
    });
    expect(readdirSync(output).map((name) => join(output, name))).toEqual(second.lines.slice(0, 1));
  });

  it.each([
    ['--scan -- --kep 3', "scan: unknown option '--kep' (did you mean --keep?)"],
    ['--scan -- --keep many', '--keep wants a whole number from 1 on, not many'],
    ['--scan -- --wait long', '--wait wants a time like 5s or 2m, not long'],
    ['--scan -- --webhook nowhere', '--webhook wants an address, not nowhere'],
    ['-- --keep 3', '--keep is for a scan, and there is no --scan'],
  ])('pauses no guest where the scan could not be done: %s', async (words, message) => {
    const { code, stderr } = await vestige('--qmp', qemu.address, '--output', output, ...words.split(' '))
      .ended;
    expect({ code, stderr, done: qemu.done }).toEqual({ code: 2, stderr: `vestige: ${message}\n`, done: [] });
  });

  it('tells as JSON what was taken, and where its first byte is', async () => {
    qemu.answers['query-target'] = () => ({ arch: 'aarch64' });
    qemu.answers['qom-get'] = () => 'virt-7.2-machine';
    const words = ['--qmp', qemu.address, '--output', output, '--format', 'raw', '--live', '--json'];
    const { stdout, stderr } = await vestige(...words, '--name', 'a/b').ended;
    expect(JSON.parse(stdout)).toMatchObject({
      schema: 1,
      path: join(output, readdirSync(output)[0]!),
      bytes: 6,
      format: 'raw',
      machine: 'a/b',
      seconds: expect.any(Number),
      paused: false,
      base: '0x40000000',
      notes: [expect.stringContaining('moved while it was read'), expect.stringContaining('--base')],
    });
    expect(stderr).toBe('');
  });

  it('says beside the path that memory moved while it was read', async () => {
    const words = ['--qmp', qemu.address, '--output', output, '--format', 'raw', '--live'];
    const { stderr } = await vestige(...words).ended;
    expect(stderr).toMatch(/^note: the guest ran on and its memory moved while it was read: .*\n$/);
  });

  it.each(['SIGINT', 'SIGTERM', 'SIGHUP'] as const)('lets the guest go on before %s ends it', async (by) => {
    let end = false;
    qemu.answers['query-dump'] = () => {
      if (end) delete qemu.answers['query-dump'];
      return { status: 'active', completed: 1, total: 2 };
    };
    const { child, ended } = vestige('--qmp', qemu.address, '--output', output);
    while (!qemu.done.includes('dump-guest-memory')) await new Promise((resolve) => setTimeout(resolve, 20));
    child.kill(by);
    setTimeout(() => child.kill(by), 200); // impatience leaves no guest paused
    setTimeout(() => (end = true), 500);
    const { code, signal, stdout, stderr } = await ended;
    expect({ code, signal, stdout }).toEqual({ code: null, signal: by, stdout: '' });
    expect(stderr).toContain(`vestige: ${qemu.address}: interrupted, nothing was kept\n`);
    expect(qemu).toMatchObject({ running: true, done: ['stop', 'dump-guest-memory', 'cont'] });
    expect(readdirSync(output)).toEqual([]);
  });

  it('ends with 2 and one sentence where it could not be done', async () => {
    const gone = join(folder, 'gone.qmp');
    const { code, stdout, stderr } = await vestige('--qmp', gone, '--output', output).ended;
    expect({ code, stdout, stderr }).toEqual({
      code: 2,
      stdout: '',
      stderr: `vestige: ${gone}: there is no such socket; QEMU makes one with -qmp unix:PATH,server=on,wait=off\n`,
    });
  });

  it.each([
    ['--output x', 'either --qmp or --libvirt says which guest is meant'],
    ['--output x --qmp a --libvirt b', 'either --qmp or --libvirt says which guest is meant'],
    ['--output x --qmp a --connect b', '--connect goes with --libvirt, not with --qmp'],
    ['--output x --qmp a --format lime', 'there is no format lime; there are kdump, elf, raw'],
    ['--output x --libvirt a --format raw', 'libvirt writes no raw memory: --format kdump or elf'],
    ['--output x --qmp a --timeout 0', '--timeout wants seconds, from 1 to 604800, not 0'],
    ['--output x --qmp a --name=', '--name wants a name'],
    ['--output= --qmp a', '--output wants a folder'],
    ['--output x --qmp=', '--qmp wants a path, or host:port'],
    ['--qmp a', "required option '--output <folder>' not specified"],
  ])('refuses %s', async (words, message) => {
    const { code, stderr } = await vestige(...words.split(' ')).ended;
    expect({ code, stderr }).toEqual({ code: 2, stderr: `vestige: ${message}\n` });
  });
});
