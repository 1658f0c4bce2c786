// How a scan opens snapshots, in the process that may: as every other command does, with what the store remembers of earlier
// ones.
import { existsSync } from 'node:fs';
import { version } from '../../files/version.ts';
import { OpenSnapshot } from '../../inquiry/open-snapshot.ts';
import type { Open } from '../../inquiry/reading.ts';
import { Recall } from '../../inquiry/recall.ts';
import type { OpenSettings } from '../../inquiry/settings.ts';
import { JoinedStore } from '../../store/joined.ts';
import { Store } from '../../store/store.ts';
import { TERMINAL } from '../terminal/output.ts';

/**
 * What opens snapshots for a scan that records in `store`; those that are cut it refuses. @param also another store, which may
 * know profiles @param settings as flags say
 */
export function openFor(
  store: Store,
  also: string | undefined,
  settings: OpenSettings,
): { readonly open: Open; close(): void } {
  let other: Store | undefined;
  const profiles =
    also === undefined || !existsSync(also)
      ? store
      : new JoinedStore(store, () => {
          other = Store.openReadonly(also, version());
          return other;
        });
  const recall = Recall.strictly(store, profiles, TERMINAL);
  return {
    open: (path) => OpenSnapshot.open(path, { ...settings, refusesCut: true }, recall),
    close: () => other?.close(),
  };
}
