import { mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { deflateSync } from 'node:zlib';
import { beforeEach, describe, expect, it, vi } from 'vitest';
import { main } from '../../src/cli/main.ts';
import type { DrawnSection } from '../support/elf-object.ts';
import { drawVmlinux, systemMap } from '../support/vmlinux.ts';
import { desk, folder } from './desk.ts';

vi.mock('../../src/cli/terminal/output.ts', async (original) => ({
  ...(await original<typeof import('../../src/cli/terminal/output.ts')>()),
  ...(await import('./desk.ts')).output,
}));

function file(name: string, content: Uint8Array | string): string {
  const path = join(folder, name);
  writeFileSync(path, content);
  return path;
}

async function run(...words: string[]): Promise<{ code: number; out: string; err: string }> {
  desk.out = '';
  desk.err = '';
  const code = await main(['profile', 'build', ...words]);
  return { code, out: desk.out, err: desk.err };
}

/** .debug_info as `ld --compress-debug-sections=zlib` writes it. */
const packed = (sections: DrawnSection[]): DrawnSection[] =>
  sections.map((section) => {
    if (section.name !== '.debug_info') return section;
    const header = Buffer.alloc(24);
    header.writeUInt32LE(1, 0);
    header.writeBigUInt64LE(BigInt(section.content.length), 8);
    return { ...section, flags: 0x800, content: Buffer.concat([header, deflateSync(section.content)]) };
  });

describe('vestige profile build', () => {
  const vmlinux = file('vmlinux', drawVmlinux({ hasDwarf: true }));

  beforeEach(() => {
    desk.width = 80;
  });

  it('writes the profile of a vmlinux', async () => {
    const { code, out, err } = await run(vmlinux);
    expect([code, err]).toEqual([0, '']);
    const profile = JSON.parse(out);
    expect(profile).toMatchObject({ release: '6.1.0-drawn', source: 'dwarf + symtab' });
    expect(profile.types.task_struct.members.pid).toEqual([4, 4]);
  });

  it('unpacks what is packed, and takes symbols of a System.map', async () => {
    const { out } = await run(vmlinux);
    const stripped = file('stripped', drawVmlinux({ hasDwarf: true, isStripped: true, replace: packed }));
    const found = await run(stripped, '--system-map', file('System.map', systemMap));
    expect(found).toEqual({ code: 0, out: out.replace('symtab', 'System.map'), err: '' });
  });

  it('replaces a file as a whole, and leaves nothing beside it', async () => {
    const output = join(folder, 'profiles', 'own.json');
    mkdirSync(join(folder, 'profiles'));
    writeFileSync(output, 'old', { mode: 0o640 });
    expect(await run(vmlinux, '--output', output)).toEqual({ code: 0, out: '', err: '' });
    expect(readFileSync(output, 'utf8')).toBe((await run(vmlinux)).out);
    expect(statSync(output).mode & 0o777).toBe(0o640);
    expect(readdirSync(join(folder, 'profiles'))).toEqual(['own.json']);
    expect((await run('/no/such/vmlinux', '--output', output)).code).toBe(2);
    expect(readFileSync(output, 'utf8')).toContain('6.1.0-drawn');
  });

  it.each([
    [['/no/such/vmlinux'], 'cannot open /no/such/vmlinux: no such file'],
    [[folder], 'is a directory'],
    [[vmlinux, '--system-map', '/gone'], 'cannot open /gone: no such file'],
    [[vmlinux, '--output', '/no/such/folder/x.json'], 'cannot write /no/such/folder/x.json: ENOENT'],
    [[file('linux.deb', '!<arch>\ndebian-binary   ')], 'dpkg-deb -x'],
  ])('explains %j', async (words, message) => {
    const { code, out, err } = await run(...words);
    expect([code, out]).toEqual([2, '']);
    expect(err).toContain(message);
  });

  it('helps with an example', async () => {
    const { code, out } = await run('--help');
    expect(code).toBe(0);
    expect(out).toContain('vestige profile build /usr/lib/debug/boot/vmlinux-');
  });
});
