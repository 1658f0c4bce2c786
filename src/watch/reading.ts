import { SnapshotError } from '../base/errors.ts';
import type { AnyPlugin } from '../plugin/contract.ts';
import type { runPlugin } from '../plugin/run.ts';
import type { Session, SessionOptions } from '../session/session.ts';
import type { RememberedAnswer, RememberedFacts } from '../store/door.ts';

/** A snapshot that is open and has its kernel found. */
export interface Reading {
  readonly facts: RememberedFacts;
  /** What of the file could not be read since it was opened. */
  readonly troubles: readonly string[];
  /** A question's whole answer, with none of its options. */
  answer(plugin: AnyPlugin): Promise<RememberedAnswer>;
  close(): void;
}

/** Opens a snapshot. @throws SnapshotError, ProfileError */
export type Open = (path: string) => Promise<Reading>;

/** Its headers promise more than there is. What is there is evidence all the same, but not yet, or no more, a whole snapshot. */
export class CutSnapshot extends SnapshotError {
  readonly code = 'cut-snapshot';
}

/** What a format says of a file whose headers promise more than there is (src/snapshot/segments.ts, kdump.ts). */
const CUT = /^the file is cut\b|^the dumper could not finish\b/;

/** Why a snapshot is not whole, in the words of its format; undefined where nothing is missing. */
export const cutIn = (notes: readonly string[]): string | undefined => notes.find((note) => CUT.test(note));

/**
 * Opens snapshots as every other command does, but for those that are cut: no kernel is looked for in them. What it
 * takes to open one is loaded with the first: a scan mostly finds none.
 */
export const opener =
  (options: SessionOptions): Open =>
  async (path) => {
    const { openSnapshot } = await import('../snapshot/open.ts');
    const { startSession } = await import('../session/session.ts');
    const { runPlugin } = await import('../plugin/run.ts');
    const snapshot = openSnapshot(path, options.base === undefined ? {} : { base: options.base });
    try {
      const cut = cutIn(snapshot.contents.notes);
      if (cut !== undefined) throw new CutSnapshot(cut);
      return readingOf(startSession(snapshot, options), runPlugin);
    } catch (error) {
      snapshot.file.close();
      throw error;
    }
  };

const readingOf = (session: Session, run: typeof runPlugin): Reading => ({
  facts: session.facts,
  get troubles() {
    return session.snapshot.file.troubles;
  },
  async answer(plugin) {
    const rows = [];
    for await (const row of run(plugin, session.kernel, { options: {} })) rows.push(row);
    return { rows, notes: [...session.kernel.notes.drain(), ...session.snapshot.file.troubles] };
  },
  close: () => session.close(),
});
