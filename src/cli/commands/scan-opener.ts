// How a scan opens snapshots, in the process that may: as every other command does, with what the store remembers of earlier
// ones.
import { existsSync } from 'node:fs';
import { version } from '../../files/version.ts';
import { type AskedStore, JoinedStore } from '../../store/joined.ts';
import { Store } from '../../store/store.ts';
import { opener } from '../../watch/opener.ts';
import type { Open } from '../../watch/reading.ts';
import { isOwn } from '../flags/plugin-files.ts';
import type { OpenSettings } from '../inquiry.ts';
import { Shelf, usualFolders } from '../profile-shelf.ts';

/**
 * What opens snapshots for a scan that records in `store`. @param also another store, which may know profiles
 * @param settings as flags say
 */
export function openFor(
  store: Store,
  also: string | undefined,
  { profileFolder, ...options }: OpenSettings,
): { readonly open: Open; close(): void } {
  let known: AskedStore = store;
  let other: Store | undefined;
  if (also !== undefined && existsSync(also))
    known = new JoinedStore(store, () => {
      other = Store.openReadonly(also, version());
      return other;
    });
  const folders = {
    ...(profileFolder === undefined ? {} : { first: profileFolder }),
    others: usualFolders(),
  };
  const shelf = new Shelf(memoryOf(known), folders);
  return { open: opener({ ...options, shelf }, store, isOwn), close: () => other?.close() };
}

/** The profiles that a store knows, as a shelf wants them. */
const memoryOf = ({ profiles }: AskedStore): ConstructorParameters<typeof Shelf>[0] => ({
  byBuildId: profiles.byBuildId.bind(profiles),
  byBanner: profiles.byBanner.bind(profiles),
  bannerOf: profiles.bannerOf.bind(profiles),
  keep: profiles.keep.bind(profiles),
  keepBanner: profiles.keepBanner.bind(profiles),
  get count() {
    return profiles.all().length;
  },
});
