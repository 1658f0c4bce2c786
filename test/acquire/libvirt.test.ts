import {
  chmodSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { type Acquired, type AcquireOptions, acquire } from '../../src/acquire/acquire.ts';

let folder: string;
let tools: string;
const usualPath = process.env['PATH'];

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'vestige-libvirt-'));
  tools = mkdtempSync(join(tmpdir(), 'vestige-virsh-'));
  mkdirSync(join(tools, 'bin'));
  // bash's own path is needed by the script, so it stands behind.
  process.env['PATH'] = [join(tools, 'bin'), usualPath].join(delimiter);
});
afterEach(() => {
  process.env['PATH'] = usualPath;
  for (const made of [folder, tools]) rmSync(made, { recursive: true, force: true });
});

const INFO = `Id:             3
Name:           web
UUID:           12345678-0000-0000-0000-000000000001
OS Type:        hvm
State:          running
CPU(s):         2
Max memory:     1024 KiB
Used memory:    1024 KiB
`;

/** A virsh that notes what it is called with, tells `info`, and does `dump` with the file's path in $file. */
function virsh(dump: string, info = INFO): void {
  writeFileSync(join(tools, 'info'), info);
  const script = `#!/bin/sh
printf '%s\\0' "$@" >>'${tools}/calls'; printf '\\n' >>'${tools}/calls'
for file; do :; done
case " $* " in
*" dominfo "*) ${info.startsWith('error') ? `cat '${tools}/info' >&2; exit 1` : `cat '${tools}/info'`} ;;
*) umask 022; ${dump} ;;
esac
`;
  writeFileSync(join(tools, 'bin', 'virsh'), script);
  chmodSync(join(tools, 'bin', 'virsh'), 0o755);
}

/** The words of each call. */
const calls = (): string[][] =>
  readFileSync(join(tools, 'calls'), 'utf8')
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => line.split('\0').slice(0, -1));

const taking = (options: Partial<AcquireOptions> = {}): Promise<Acquired> =>
  acquire({ source: { libvirt: 'web' }, folder, ...options });

/** Fails, leaves nothing behind, and says why. */
async function refused(options: Partial<AcquireOptions> = {}): Promise<string> {
  const message = await taking(options).then(
    () => 'nothing went wrong',
    (error: Error) => error.message,
  );
  expect(readdirSync(folder)).toEqual([]);
  return message;
}

describe('a snapshot by libvirt', () => {
  it('is dumped by virsh, which pauses the guest', async () => {
    virsh('printf "\\rDump: [ 50 %%]" >&2; echo memory >"$file"');
    const progress = vi.fn();
    const { path, bytes, machine, paused, format } = await taking({ progress });
    expect({ bytes, machine, paused, format }).toEqual({
      bytes: 7,
      machine: 'web',
      paused: true,
      format: 'kdump',
    });
    const part = path.replace(/([^/]*)$/, '.$1.part');
    expect(calls().at(-1)).toEqual(
      `dump --memory-only --format kdump-zlib --verbose --domain web --file ${part}`.split(' '),
    );
    expect(progress.mock.calls).toEqual([[50, 100]]);
    expect(statSync(path).mode & 0o777).toBe(0o600);
    expect(readdirSync(folder)).toHaveLength(1);
  });

  it('is live where asked, of the libvirt that is named', async () => {
    virsh('echo memory >"$file"');
    const note = vi.fn();
    const source = { libvirt: 'a b; $(reboot)', connect: 'qemu:///system' };
    const { paused, path } = await taking({ source, live: true, format: 'elf', note });
    expect({ paused, note: note.mock.calls }).toEqual({
      paused: false,
      note: [[expect.stringMatching(/may have moved/)]],
    });
    expect(path).toMatch(/\.elf$/);
    expect(calls().at(-1)!.slice(0, -1)).toEqual([
      ...['--connect', 'qemu:///system', 'dump', '--memory-only', '--format', 'elf', '--live', '--verbose'],
      ...['--domain', 'a b; $(reboot)', '--file'],
    ]);
  });

  it('is of a guest that stood still, live or not, where it was paused before', async () => {
    virsh('echo memory >"$file"', INFO.replace('running', 'paused'));
    expect((await taking({ live: true })).paused).toBe(true);
  });

  it('is elf where kdump is refused', async () => {
    virsh(`case "$*" in
*kdump*) echo "error: unsupported dumpformat 'kdump-zlib' for this QEMU binary" >&2; exit 1 ;;
*) echo memory >"$file" ;;
esac`);
    expect((await taking()).path).toMatch(/\.elf$/);
    rmSync(folder, { recursive: true });
    mkdirSync(folder);
    expect(await refused({ format: 'kdump' })).toMatch(/virsh dump failed: unsupported dumpformat/);
    expect(await refused({ format: 'raw' })).toBe(
      'web: libvirt writes no raw memory; choose --format kdump or elf',
    );
  });

  it('leaves nothing where virsh fails, and says why and what to do', async () => {
    virsh(
      `echo half >"$file"; echo 'error: Failed to core dump domain web' >&2
       echo 'error: Timed out during operation: cannot acquire state change lock' >&2; exit 1`,
    );
    expect(await refused()).toBe(
      'domain web: virsh dump failed: Failed to core dump domain web: Timed out during operation: cannot ' +
        'acquire state change lock; another job of libvirt has the domain: try again when that is done',
    );
    virsh('echo half >"$file"; kill -9 $$');
    expect(await refused()).toBe('domain web: virsh dump failed: it ended with a signal');
    virsh('true');
    expect(await refused()).toMatch(/^cannot finish .*: ENOENT$/);
  });

  it.each([
    ["error: failed to get domain 'web'\n", 'virsh list --all shows the domains'],
    ['error: failed to connect to the hypervisor\n', 'with --connect'],
    ['error: authentication unavailable: no polkit agent available\n', 'group libvirt'],
    [INFO.replace('running', 'shut off'), 'has no memory, for it is shut off; start it first'],
    ['', 'in no known state'],
    [INFO.replace('1024 KiB', '4503599627370 KiB'), 'has room for'],
  ])('is not begun where virsh says %j', async (info, expected) => {
    virsh('echo memory >"$file"', info);
    expect(await refused()).toContain(expected);
    expect(calls()).toHaveLength(1);
  });

  it('ends virsh when it is interrupted or takes too long, and waits for its end', async () => {
    virsh(`trap 'echo ended >>"${tools}/calls"; rm "$file"; exit 1' INT; echo half >"$file"
      while :; do sleep 0.05; done`);
    expect(await refused({ timeoutMs: 500 })).toBe(
      'domain web: not done after 0.5 s, nothing was kept; allow it more with --timeout',
    );
    const ending = new AbortController();
    setTimeout(() => ending.abort(), 500);
    expect(await refused({ signal: ending.signal })).toBe('domain web: interrupted, nothing was kept');
    expect(calls().filter((words) => words.length === 0)).toHaveLength(2);
  });

  it.each([
    ['--all', undefined, 'no domain can be called "--all"'],
    ['', undefined, 'no domain can be called ""'],
    ['a\nb', undefined, 'no domain can be called "a\\nb"'],
    ['web', 'nonsense', 'no connection'],
    ['web', '-c', 'no connection'],
    ['web', 'qemu+ssh://host/system', 'leads to another machine'],
  ])('never asks virsh about the domain %j of %j', async (libvirt, connect, expected) => {
    virsh('echo memory >"$file"');
    const source = { libvirt, ...(connect === undefined ? {} : { connect }) };
    expect(await refused({ source })).toContain(expected);
    expect(() => calls()).toThrow('ENOENT');
  });

  it('says what is missing where there is no virsh', async () => {
    process.env['PATH'] = join(tools, 'bin');
    expect(await refused()).toMatch(/^virsh is not there; install it/);
    writeFileSync(join(tools, 'bin', 'virsh'), '');
    expect(await refused()).toMatch(/^virsh cannot be run: .*EACCES/);
  });
});
