// `read` and `type` as processes of their own, on the shipped sample.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { spawning } from './spawned.ts';

const SAMPLE = 'samples/web-1/after.kdump';
const folder = mkdtempSync(join(tmpdir(), 'vestige-read-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));
const vestige = spawning(folder);

describe('read', () => {
  it.each([
    ['hex', /^0xffffffff[0-9a-f]{8} {2}4c69 6e75 7820 7665 {2}|Linux ve/],
    ['ascii', /Linux version 6\.1/],
    ['strings', /^0xffffffff[0-9a-f]{8} {2}Linux version 6\.1/],
    ['u64', /^0xffffffff[0-9a-f]{8} {2}0x65762078756e694c/],
  ])('shows memory as %s', (format, expected) => {
    const { status, stdout, stderr } = vestige(
      'read',
      SAMPLE,
      'linux_banner',
      '--length',
      '64',
      '--format',
      format,
    );
    expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
    expect(stdout).toMatch(expected);
  });

  it('shows code with the names of what it calls', () => {
    const { status, stdout } = vestige('read', SAMPLE, 'do_exit', '--length', '0x200', '--format', 'disasm');
    expect(status).toBe(0);
    expect(stdout).toMatch(/<do_exit> .* nop /);
    expect(stdout).toMatch(/<do_exit\+0x1> .* push +r15|<do_exit\+0x5> .* push +r15/);
    expect(stdout).toMatch(/ call +0xffffffff[0-9a-f]{8} {2}# [a-z_]+\n/);
    expect(stdout).not.toContain('(bad)');
  });

  it('gives the same bytes by every address that leads to them, raw and as JSON', () => {
    const virtual = vestige('read', SAMPLE, 'linux_banner+8', '--length', '5', '--format', 'raw');
    expect(virtual.stdout).toBe('rsion');
    const { memory } = JSON.parse(
      vestige('read', SAMPLE, 'linux_banner+0x8', '--length', '5', '--json').stdout,
    );
    expect(memory.read).toEqual([{ address: memory.address, bytes: Buffer.from('rsion').toString('hex') }]);
    const { physical } = JSON.parse(vestige('explain', SAMPLE, memory.address, '--json').stdout).explanation;
    const words = ['read', SAMPLE, physical, '--physical', '--length', '5', '--format', 'raw'];
    expect(vestige(...words).stdout).toBe('rsion');
  });

  it('says what cannot be read, in its place and on stderr', () => {
    const nothing = vestige('read', SAMPLE, '0x1000', '--pid', '1');
    expect(nothing).toMatchObject({ status: 1, stdout: '0x1000  256 bytes cannot be read: not-present\n' });
    expect(nothing.stderr).toMatch(/^vestige: 0x1000 to 0x10ff cannot be read: 0x1000 is not mapped/);
    const beyond = ['0xffffffffffffffff', '--length', '2'];
    expect(vestige('read', SAMPLE, ...beyond).stderr).toMatch(/past the end of all addresses/);
    const raw = vestige('read', SAMPLE, '0x1000', '--pid', '1', '--format', 'raw', '--length', '3');
    expect(raw).toMatchObject({ status: 1, stdout: '\0\0\0' });
  });

  it.each([
    [['linux_banner', '--physical'], /a symbol has a virtual one/],
    [['0x1000', '--physical', '--pid', '1'], /--physical contradicts --pid/],
    [['0x1000', '--length', 'ten'], /--length wants a whole number/],
    [['0x1000', '--length', '0x80000000'], /at most 0x40000000 bytes/],
    [['0x1000', '--format', 'octal'], /there is no format octal/],
    [['init_tusk'], /did you mean init_task\?/],
    [['0x1000', '--pid', '2'], /process 2 is a kernel thread/],
    [['0x1000', '--pid', '99999'], /no process 99999/],
  ])('refuses %j', (words, complaint) => {
    const { status, stdout, stderr } = vestige('read', SAMPLE, ...words);
    expect({ status, stdout }).toEqual({ status: 2, stdout: '' });
    expect(stderr).toMatch(complaint);
  });
});

describe('type', () => {
  it('prints the layout of a struct, of an enum, of a typedef and of what a module adds', () => {
    expect(vestige('type', SAMPLE, 'list_head')).toEqual({
      status: 0,
      stderr: '',
      stdout: `struct list_head {
  struct list_head *next;                           /*     0     8 */
  struct list_head *prev;                           /*     8     8 */

  /* size: 16, cachelines: 1, members: 2 */
};
`,
    });
    expect(vestige('type', SAMPLE, 'enum pid_type').stdout).toContain('  PIDTYPE_TGID = 1,\n');
    expect(vestige('type', SAMPLE, 'pid_t').stdout).toBe('pid_t; /* int, size: 4 */\n');
    expect(vestige('type', SAMPLE, 'virtnet_info').stdout).toMatch(
      /^struct virtnet_info \{ \/\* of module virtio_net \*\/\n/,
    );
  });

  it('prints the values at an address, as text and as JSON', () => {
    const { status, stdout } = vestige('type', SAMPLE, 'task_struct', 'init_task');
    expect(status).toBe(0);
    expect(stdout).toMatch(/\n {2}comm = "swapper\/0",\n/);
    expect(stdout).toMatch(/\n {2}thread_pid = \(struct pid \*\) 0xffffffff[0-9a-f]{8} <init_struct_pid>,\n/);
    const { value } = JSON.parse(vestige('type', SAMPLE, 'task_struct', 'init_task', '--json').stdout);
    expect(value).toMatchObject({ type: 'struct task_struct', space: 'kernel' });
    const members = value.is.members as { name: string; value: unknown }[];
    expect(members.find(({ name }) => name === 'comm')).toMatchObject({
      type: 'char[16]',
      value: 'swapper/0',
    });
  });

  it.each([
    [['tsk_struct'], /this kernel has no type tsk_struct \(did you mean task_struct\?\)/],
    [['task_struct', '--pid', '1'], /--pid says whose memory is read/],
    [['task_struct', 'nowhere_at_all'], /neither an address/],
  ])('refuses %j', (words, complaint) => {
    const { status, stdout, stderr } = vestige('type', SAMPLE, ...words);
    expect({ status, stdout }).toEqual({ status: 2, stdout: '' });
    expect(stderr).toMatch(complaint);
  });

  it('exits with 1 with --strict where the values cannot be read', () => {
    const { status, stdout } = vestige('type', SAMPLE, 'list_head', '0x1000', '--strict');
    expect(status).toBe(1);
    expect(stdout).toContain('next = <not-present: 0x1000 is not mapped');
  });
});
