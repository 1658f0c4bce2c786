import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type DrawnMember, drawBtf } from '../support/btf.ts';
import { sampleBtf } from '../support/sample-btf.ts';
import { unpackKernel } from './kernel-image.ts';
import { main } from './main.ts';

let folder = '';
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'vestige-drift-'));
});
afterAll(() => rmSync(folder, { recursive: true }));

function fileOf(name: string, bytes: Uint8Array): string {
  const path = join(folder, name);
  writeFileSync(path, bytes);
  return path;
}

/** A kernel of which the program knows one struct. */
const credOf = (members: readonly DrawnMember[]): Uint8Array =>
  drawBtf({
    unsigned: { int: 'unsigned int', size: 4 },
    'to unsigned': { ptr: 'unsigned' },
    'list pointer': { ptr: 'list_head' },
    list_head: { struct: 'list_head', size: 16, members: [['next', 'list pointer', 0]] },
    'val of kuid': { struct: '', size: 4, members: [['val', 'unsigned', 0]] },
    kuid_t: { typedef: 'kuid_t', of: 'val of kuid' },
    long: { int: 'long unsigned int', size: 8 },
    user_namespace: { fwd: 'user_namespace' },
    group_info: { fwd: 'group_info' },
    'to users': { ptr: 'user_namespace' },
    'to groups': { ptr: 'group_info' },
    cred: { struct: 'cred', size: 256, members: [...members, ...others] },
  });

/** What the program reads of the struct beside the three that these tests are about. */
const others: readonly DrawnMember[] = [
  ...['suid', 'sgid', 'egid', 'fsuid', 'fsgid', 'securebits'].map(
    (name, at): DrawnMember => [name, 'unsigned', 16 + 4 * at],
  ),
  ...['inheritable', 'permitted', 'effective', 'bset', 'ambient'].map(
    (name, at): DrawnMember => [`cap_${name}`, 'long', 64 + 8 * at],
  ),
  ['user_ns', 'to users', 128],
  ['group_info', 'to groups', 136],
];

async function run(...args: string[]): Promise<{ status: number; printed: string }> {
  let printed = '';
  const status = await main(args, (text) => {
    printed += text;
  });
  return { status, printed };
}

const whole: readonly DrawnMember[] = [
  ['uid', 'kuid_t', 0],
  ['gid', 'kuid_t', 4],
  ['euid', 'kuid_t', 8],
];

describe('check:kernel', () => {
  it('ends with 0 where every member fits', async () => {
    const file = fileOf('whole.btf', credOf(whole));
    const { status, printed } = await run('--all', file);
    expect(status).toBe(0);
    expect(printed.split('\n').slice(0, 4)).toEqual([
      `${file}: a kernel without a banner`,
      '  cred.uid: struct kuid_t of 4 bytes, read as uint: fits',
      '  cred.gid: struct kuid_t of 4 bytes, read as uint: fits',
      '  cred.suid: unsigned int of 4 bytes, read as uint: fits',
    ]);
    expect(printed).toContain('\n  cred.euid: struct kuid_t of 4 bytes, read as uint: fits\n');
    expect(printed).toContain(
      '  ok: 16 members fit, 0 optional ones are not there, 0 are missing, 0 do not fit',
    );
  });

  it('ends with 1 where a member is missing or has become another kind', async () => {
    const missing = await run(fileOf('missing.btf', credOf(whole.slice(0, 2))));
    expect(missing.status).toBe(1);
    expect(missing.printed).toContain('\n  cred.euid: not there\n');
    const changed = await run(
      fileOf('changed.btf', credOf([...whole.slice(0, 2), ['euid', 'to unsigned', 8]])),
    );
    expect(changed.status).toBe(1);
    expect(changed.printed).toContain(
      '\n  cred.euid: pointer to unsigned int, read as uint: is no whole number\n',
    );
    expect(changed.printed).toContain('\n  drift: 15 members fit, ');
  });

  it('ends with 2 where a file holds no kernel, and goes on with the next', async () => {
    const { status, printed } = await run(
      fileOf('text', Buffer.from('nothing')),
      fileOf('whole.btf', credOf(whole)),
    );
    expect(status).toBe(2);
    expect(printed).toContain('  ok: 16 members fit');
    expect((await run()).status).toBe(2);
    expect((await run(join(folder, 'not there'))).printed).toContain('no such file');
  });

  it('tells programs the same', async () => {
    const file = fileOf('missing.btf', credOf(whole.slice(0, 2)));
    const { status, printed } = await run('--json', file);
    expect(status).toBe(1);
    const { format, kernels } = JSON.parse(printed);
    expect(format).toBe(1);
    expect(kernels[0].ok).toBe(false);
    expect(kernels[0].findings).toContainEqual({
      member: 'cred.euid',
      outcome: 'missing',
      detail: 'not there',
      notable: true,
    });
  });

  it('finds the BTF of an image that has no sections', async () => {
    const image = Buffer.concat([
      Buffer.alloc(0x38),
      Buffer.from('ARM\x64'),
      Buffer.alloc(4000),
      sampleBtf(),
    ]);
    const { status, printed } = await run(fileOf('Image', image));
    expect(printed).toContain('0 do not fit');
    expect(status).toBe(0);
  });
});

describe('a boot image', () => {
  it('of x86 holds its kernel behind the setup sectors', () => {
    const image = Buffer.alloc(4096);
    image[0x1f1] = 2;
    image.write('HdrS', 0x202);
    image.writeUInt32LE(0x10, 0x248);
    image.writeUInt32LE(6, 0x24c);
    image.write('kernel', 3 * 512 + 0x10);
    expect(unpackKernel(image).toString()).toBe('kernel');
  });

  it('of EFI holds its kernel where its header says', () => {
    const image = Buffer.alloc(256);
    image.write('MZ\0\0zimg', 'latin1');
    image.writeUInt32LE(0x80, 8);
    image.writeUInt32LE(6, 12);
    image.write('kernel', 0x80);
    expect(unpackKernel(image).toString()).toBe('kernel');
  });
});
