import { mkdirSync, mkdtempSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { afterAll, describe, expect, it, vi } from 'vitest';
import {
  FORGETFUL,
  ProfileLookup,
  type ProfileMemory,
  profileMemory,
  usualFolders,
} from '../../src/inquiry/profile-sources.ts';
import { type Profile, type RequiredNames, writeProfile } from '../../src/profile/profile.ts';
import { Store } from '../../src/store/store.ts';
import { BANNER, constant, drawnIsf, isfText } from '../support/isf.ts';
import { SILENT } from '../support/silent.ts';

/** Files that were read, with how often. */
const read = vi.hoisted(() => new Map<string, number>());
vi.mock('../../src/inquiry/profile-file.ts', async (original) => {
  const actual = await original<typeof import('../../src/inquiry/profile-file.ts')>();
  return {
    ...actual,
    bytesOf: (path: string) => {
      read.set(path, (read.get(path) ?? 0) + 1);
      return actual.bytesOf(path);
    },
  };
});

const root = mkdtempSync(join(tmpdir(), 'vestige-profiles-'));
afterAll(() => rmSync(root, { recursive: true }));

const required: RequiredNames = {
  types: { task_struct: ['pid'] },
  symbols: ['init_task'],
  enumerators: [],
};

let folders = 0;
/** A folder with these files. */
function folderOf(files: Readonly<Record<string, string | Uint8Array>>): string {
  const folder = join(root, String(folders++));
  for (const [name, content] of Object.entries(files)) {
    mkdirSync(join(folder, name, '..'), { recursive: true });
    writeFileSync(join(folder, name), content);
  }
  return folder;
}

/** A table of another kernel. */
const other = (banner: string): string =>
  isfText({
    symbols: { ...drawnIsf.symbols, linux_banner: { address: 1, constant_data: constant(banner) } },
  });

/** Does something with lookups that share one cache, as runs after each other do. */
function withMemory(action: (memory: ProfileMemory) => void): void {
  const store = Store.open(join(root, `${folders++}.sqlite`), '1');
  const { profiles } = store;
  action(profileMemory((ask) => ask(profiles)));
  store.close();
}

const profileSource = (memory: ProfileMemory, ...others: string[]) =>
  new ProfileLookup(memory, { others }, SILENT, required);

describe('a lookup of profiles', () => {
  it('finds the table of exactly that banner in a folder and in folders within it', () => {
    const folder = folderOf({
      'README.md': '# none',
      'broken.json': '{"metadata": ',
      'package.json': '{}',
      'a/other.json': other('Linux version 5.0 (x)'),
      'a/b/mine.json.gz': gzipSync(isfText()),
    });
    const found = profileSource(FORGETFUL, folder).findByBanner(BANNER);
    expect(found).toMatchObject({ banner: BANNER, types: { task_struct: { size: 96 } } });
    expect(profileSource(FORGETFUL, folder).findByBanner(`${BANNER} `)).toBeUndefined();
  });

  it('reads files whose names tell the release first, and no others', () => {
    const folder = folderOf({ 'a.json': other('Linux version 5.0 (x)'), 'z-6.1.0-drawn.json': isfText() });
    expect(profileSource(FORGETFUL, folder).findByBanner(BANNER)?.banner).toBe(BANNER);
    expect(read.has(join(folder, 'a.json'))).toBe(false);
  });

  it('reads each file once, in whatever run, for as long as it stays as it is', () =>
    withMemory((memory) => {
      const folder = folderOf({ 'a.json': other('Linux version 5.0 (x)'), 'broken.json': '{"metadata": ' });
      for (let run = 0; run < 3; run++) {
        const runs = profileSource(memory, folder);
        expect(runs.findByBanner('Linux version 7.0 (x)')).toBeUndefined();
        expect(runs.findByBanner('Linux version 7.1 (x)')).toBeUndefined();
      }
      expect(read.get(join(folder, 'a.json'))).toBe(1);
      expect(read.get(join(folder, 'broken.json'))).toBe(1);
      writeFileSync(join(folder, 'broken.json'), other('Linux version 7.0 (x)'));
      expect(profileSource(memory, folder).findByBanner('Linux version 7.0 (x)')).toBeDefined();
    }));

  it('needs neither folder nor file once it has found a table, and takes it anew when the file changes', () =>
    withMemory((memory) => {
      const folder = folderOf({ 'a.json': isfText() });
      const path = join(folder, 'a.json');
      const first = profileSource(memory, folder).findByBanner(BANNER);
      const reads = read.get(path);
      expect(profileSource(memory).findByBanner(BANNER)).toEqual(first);
      expect(read.get(path)).toBe(reads);
      writeFileSync(path, isfText().replace('"size":96', '"size":104'));
      utimesSync(path, 1, 1);
      expect(profileSource(memory).findByBanner(BANNER)?.types['task_struct']?.size).toBe(104);
      rmSync(path);
      expect(profileSource(memory).findByBanner(BANNER)?.types['task_struct']?.size).toBe(104);
    }));

  it('makes a profile that does not tell all that is wanted anew where its file is still there', () =>
    withMemory((memory) => {
      const folder = folderOf({ 'a.json': isfText() });
      const wider: RequiredNames = {
        ...required,
        types: { task_struct: ['pid', 'comm'] },
        symbols: ['init_task', 'prb'],
      };
      const widest: RequiredNames = { ...wider, types: { task_struct: ['pid', 'comm', 'next'] } };
      const members = (profile: Profile | undefined) =>
        Object.keys(profile?.types['task_struct']?.members ?? {});
      expect(members(profileSource(memory, folder).findByBanner(BANNER))).toEqual(['pid']);
      const found = new ProfileLookup(memory, { others: [] }, SILENT, wider).findByBanner(BANNER);
      expect(members(found)).toEqual(['pid', 'comm']);
      expect(found?.absent.symbols).toEqual(['prb']);
      rmSync(folder, { recursive: true });
      expect(members(new ProfileLookup(memory, { others: [] }, SILENT, widest).findByBanner(BANNER))).toEqual(
        ['pid', 'comm'],
      );
    }));

  it('takes another table of the kernel where the remembered one tells less, by build ID too', () =>
    withMemory((memory) => {
      const wider: RequiredNames = { ...required, symbols: ['init_task', 'prb'] };
      const older = profileSource(FORGETFUL, folderOf({ 'a.json': isfText() })).findByBanner(BANNER)!;
      const known: Profile = { ...older, buildId: 'c0ffee' };
      memory.keep(known, { path: '/gone.json', size: 1, modified: '1' });
      const newer = { ...known, absent: { ...known.absent, symbols: ['prb'] } };
      const folder = folderOf({ 'new.json': writeProfile(newer) });
      expect(new ProfileLookup(memory, { others: [] }, SILENT, wider).findProfile('c0ffee')).toEqual(known);
      expect(new ProfileLookup(memory, { others: [folder] }, SILENT, wider).findProfile('c0ffee')).toEqual(
        newer,
      );
      expect(new ProfileLookup(memory, { others: [] }, SILENT, wider).findProfile('c0ffee')).toEqual(newer);
      const less = folderOf({ 'less.json': writeProfile({ ...known, types: {}, absent: newer.absent }) });
      const widest: RequiredNames = { ...wider, enumerators: ['NR_FILE'] };
      expect(new ProfileLookup(memory, { others: [less] }, SILENT, widest).findByBanner(BANNER)).toEqual(
        newer,
      );
      expect(memory.byBanner(BANNER)?.profile).toEqual(newer);
    }));

  it('prefers the folder that was named to what is remembered', () =>
    withMemory((memory) => {
      profileSource(memory, folderOf({ 'a.json': isfText() })).findByBanner(BANNER);
      const first = folderOf({ 'b.json': isfText().replace('"size":96', '"size":112') });
      const found = new ProfileLookup(memory, { first, others: [] }, SILENT, required).findByBanner(BANNER);
      expect(found?.types['task_struct']?.size).toBe(112);
    }));

  it('offers profiles of the program itself too, without what is not wanted', () => {
    const profile = profileSource(FORGETFUL, folderOf({ 'a.json': isfText() })).findByBanner(
      BANNER,
    ) as Profile;
    const wide = {
      ...profile,
      symbols: { ...profile.symbols, more: '0x1' },
      types: { ...profile.types, more: { size: 1, members: {} } },
      absent: { types: ['task_struct.more', 'most'], symbols: ['most'], enumerators: ['MOST'] },
    };
    const folder = folderOf({ 'own.json': writeProfile(wide) });
    expect(profileSource(FORGETFUL, folder).findByBanner(BANNER)).toEqual(profile);
  });

  it('says where it looked', () => {
    expect(new ProfileLookup(FORGETFUL, { others: [] }, SILENT, required).searched).toBe('anywhere');
    expect(new ProfileLookup(FORGETFUL, { first: 'mine', others: ['/b'] }, SILENT, required).searched).toBe(
      'in mine or in /b',
    );
    const many = new ProfileLookup(
      { ...FORGETFUL, count: 3 },
      { first: 'mine', others: ['/b'] },
      SILENT,
      required,
    );
    expect(many.searched).toBe('among the 3 remembered, in mine or in /b');
  });

  it('looks in VESTIGE_PROFILES and in what the package brings', () => {
    const [first, second, shipped] = usualFolders({ VESTIGE_PROFILES: '/a::/b' });
    expect([first, second]).toEqual(['/a', '/b']);
    expect(shipped).toMatch(/profiles$/);
  });

  it('goes on without a folder that is not there', () => {
    const folder = folderOf({ 'a.json': isfText() });
    expect(profileSource(FORGETFUL, '/gone', folder).findByBanner(BANNER)?.banner).toBe(BANNER);
  });
});
