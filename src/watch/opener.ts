import { runPlugin } from '../plugin/run.ts';
import { type Session, type SessionOptions, startSession } from '../session/session.ts';
import { openSnapshot } from '../snapshot/open.ts';
import { CutSnapshot, cutIn, type Open, type Reading } from './reading.ts';

/** Opens snapshots as every other command does, but for those that are cut: no kernel is looked for in them. */
export const opener =
  (options: SessionOptions): Open =>
  async (path) => {
    const snapshot = openSnapshot(path, options.base === undefined ? {} : { base: options.base });
    try {
      const cut = cutIn(snapshot.contents.notes);
      if (cut !== undefined) throw new CutSnapshot(cut);
      return readingOf(startSession(snapshot, options));
    } catch (error) {
      snapshot.file.close();
      throw error;
    }
  };

const readingOf = (session: Session): Reading => ({
  facts: session.facts,
  get troubles() {
    return session.snapshot.file.troubles;
  },
  async answer(plugin) {
    const rows = [];
    for await (const row of runPlugin(plugin, session.kernel, { options: {} })) rows.push(row);
    return { rows, notes: [...session.kernel.notes.drain(), ...session.snapshot.file.troubles] };
  },
  close: () => session.close(),
});
