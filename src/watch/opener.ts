import { CutSnapshot } from '../base/errors.ts';
import type { AnyPlugin } from '../plugin/contract.ts';
import { runPlugin } from '../plugin/run.ts';
import { openOptions, type Session, type SessionOptions, startSession } from '../session/session.ts';
import { openSnapshot } from '../snapshot/open.ts';
import type { StoreDoor } from '../store/door.ts';
import { placeOf } from '../store/place.ts';
import type { Open, Reading } from './reading.ts';
import { Asker } from './reuse.ts';

/** What is remembered of earlier snapshots. */
export interface Past {
  readonly extents: Pick<StoreDoor['extents'], 'of' | 'readsFor'>;
  readonly history: Pick<StoreDoor['history'], 'vmcoreinfoPages'>;
}

/**
 * Opens snapshots as every other command does, but for those that are cut: no kernel is looked for in them. What
 * `store` remembers of earlier ones spares work: the kernel is first looked for where it was, sweeps pass over what
 * those of the same machine found nothing in, and answers of `isOwn` plugins stand where what they were read from does.
 * Of a plugin of somebody else's nobody knows whether it rests on memory alone.
 */
export const opener =
  (options: SessionOptions, { extents, history }: Past, isOwn: (plugin: AnyPlugin) => boolean): Open =>
  async (path) => {
    const snapshot = openSnapshot(path, openOptions(options));
    try {
      const { cut } = snapshot.contents;
      if (cut !== null) throw new CutSnapshot(cut);
      const session = startSession(snapshot, { ...options, likely: history.vmcoreinfoPages() });
      session.snapshot.memory.extents = memoriesOf(session, extents);
      return readingOf(session, new Asker(session, extents), isOwn);
    } catch (error) {
      snapshot.file.close();
      throw error;
    }
  };

function memoriesOf({ facts }: Session, extents: Past['extents']): Session['snapshot']['memory']['extents'] {
  const { machine } = placeOf(facts);
  return machine === null ? undefined : (scanner) => extents.of(machine, scanner);
}

const readingOf = (session: Session, asker: Asker, isOwn: (plugin: AnyPlugin) => boolean): Reading => ({
  facts: session.facts,
  get troubles() {
    return session.snapshot.file.troubles;
  },
  async answer(plugin) {
    if (isOwn(plugin)) return asker.answer(plugin);
    const rows = [];
    for await (const row of runPlugin(plugin, session.kernel, { options: {} })) rows.push(row);
    return { rows, notes: session.kernel.notes.drain() };
  },
  close: () => session.close(),
});
