import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { type Profile, readProfile } from '../../src/profile/profile.ts';
import { connect } from '../../src/store/connection.ts';
import { Store } from '../../src/store/store.ts';
import { OLD_SCHEMAS } from './old-schemas.ts';
import { inScratch } from './scratch.ts';

const text = readFileSync(new URL('./profile.json', import.meta.url), 'utf8');
const profile = readProfile(text, 'profile.json');
const foreign: Profile = { ...profile, buildId: null, source: 'isf' };
const file = { path: '/tables/a.json', size: 9, modified: '77' };

const withStore = (action: (store: Store, path: string) => void): Promise<void> =>
  inScratch((folder) => {
    const path = join(folder, 'cache.sqlite');
    const store = Store.open(path, '1');
    action(store, path);
    store.close();
  });

describe('remembered profiles', () => {
  it('are found by build ID and by banner', () =>
    withStore(({ profiles }) => {
      expect(profiles.byBuildId('c0ffee')).toBeUndefined();
      profiles.keep(profile);
      profiles.keep(profile);
      expect(profiles.byBuildId('c0ffee')).toEqual({ profile, origin: null });
      expect(profiles.byBanner(profile.banner)).toEqual({ profile, origin: null });
      expect(profiles.byBanner(profile.banner.slice(0, -1))).toBeUndefined();
      expect(profiles.all()).toMatchObject([
        { buildId: 'c0ffee', release: '6.1.0-50-cloud-amd64', origin: null },
      ]);
    }));

  it('may be of no build ID, and tell the file that they were made from', () =>
    withStore(({ profiles }) => {
      profiles.keep(foreign, file);
      expect(profiles.byBuildId('')).toBeUndefined();
      expect(profiles.byBanner(profile.banner)).toEqual({ profile: foreign, origin: file });
      profiles.keep(profile);
      expect(profiles.all().map(({ buildId, origin }) => [buildId, origin])).toEqual([
        ['', '/tables/a.json'],
        ['c0ffee', null],
      ]);
    }));

  it('are none where a newer version wrote them', () =>
    withStore(({ profiles }) => {
      profiles.keep({ ...profile, format: 99 as 2 });
      expect(profiles.byBanner(profile.banner)).toBeUndefined();
    }));

  it('of files are of the state that the file was in', () =>
    withStore(({ profiles, upkeep }) => {
      expect(profiles.bannerOf(file)).toBeUndefined();
      profiles.keepBanner(file, '');
      expect(profiles.bannerOf(file)).toBe('');
      expect(profiles.bannerOf({ ...file, modified: '78' })).toBeUndefined();
      profiles.keepBanner({ ...file, size: 10 }, 'Linux version 1');
      expect(profiles.bannerOf(file)).toBeUndefined();
      expect(profiles.bannerOf({ ...file, size: 10 })).toBe('Linux version 1');
      profiles.keep(profile);
      upkeep.clear();
      expect(profiles.bannerOf({ ...file, size: 10 })).toBeUndefined();
      expect(profiles.all()).toEqual([]);
    }));
});

describe('a cache of schema 1', () => {
  it('keeps its profiles, those that are sound', () =>
    inScratch((folder) => {
      const path = join(folder, 'cache.sqlite');
      const database = connect(path);
      database.exec(OLD_SCHEMAS[0]!);
      const insert = database.prepare("INSERT INTO profile VALUES (?, 'x', ?, '2026')");
      insert.run('c0ffee', text);
      insert.run('bad', '{"banner":');
      insert.run('worse', '{"banner": 7}');
      insert.run(null, text);
      database.close();
      const store = Store.open(path, '1');
      expect(store.profiles.byBuildId('c0ffee')?.profile).toEqual(profile);
      expect(store.profiles.byBanner(profile.banner)?.profile).toEqual(profile);
      expect(store.profiles.all()).toHaveLength(1);
      store.close();
    }));
});
