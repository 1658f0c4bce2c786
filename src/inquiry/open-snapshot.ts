// A snapshot that is opened with what is remembered of earlier ones, and asked.
// All who read a snapshot's memory for an answer come through here: single questions, triage, check, diff, report, scans.
import type { AnyPlugin } from '../plugin/contract.ts';
import { runPlugin } from '../plugin/run.ts';
import { SharedSweep } from '../plugin/shared-sweep.ts';
import { openSession, type Session, type SessionOptions } from '../session/session.ts';
import { isOwn } from './own-plugins.ts';
import type { Reading } from './reading.ts';
import type { Recall } from './recall.ts';
import type { OpenSettings } from './settings.ts';
import { Asker, type OnTheWay } from './take-over.ts';
import type { TracedAnswer } from './traced-answer.ts';

/** How a snapshot is opened, beside what the user says. */
type Opening = OpenSettings & Pick<SessionOptions, 'roots' | 'refusesCut'>;

/** An open snapshot. What is remembered spares work: kernels are first looked for where they were, sweeps pass over known memory. */
export class OpenSnapshot implements Reading {
  readonly session: Session;
  /** The pass over its memory that all questions share. */
  readonly sweep = new SharedSweep();
  readonly #asker: Asker;

  private constructor(session: Session, recall: Recall) {
    this.session = session;
    this.#asker = new Asker(session, recall);
  }

  /** @throws SnapshotError, ProfileError; CutSnapshot where such a file is refused */
  static async open(
    path: string,
    { profileFolder, ...options }: Opening,
    recall: Recall,
  ): Promise<OpenSnapshot> {
    const profileSource = await recall.profileSource(profileFolder);
    const session = openSession(path, { ...options, profileSource, likely: recall.likely() });
    try {
      session.snapshot.memory.extents = await recall.extents(session.facts);
      return new OpenSnapshot(session, recall);
    } catch (error) {
      session.close();
      throw error;
    }
  }

  get facts(): Session['facts'] {
    return this.session.facts;
  }

  get troubles(): readonly string[] {
    return this.session.snapshot.file.troubles;
  }

  /** The answer to the snapshot before, where it stands. */
  standing(plugin: AnyPlugin): TracedAnswer | undefined {
    return isOwn(plugin) ? this.#asker.standing(plugin) : undefined;
  }

  /** A question's whole answer from memory. What a plugin of somebody else's rests on, nobody knows: that has no trace. */
  async run(plugin: AnyPlugin, way: OnTheWay = {}): Promise<TracedAnswer> {
    if (isOwn(plugin)) return this.#asker.run(plugin, { ...way, sweep: this.sweep });
    const { rows = [], ...more } = way;
    const { kernel } = this.session;
    const request = { options: {}, ...more, sweep: this.sweep };
    for await (const row of runPlugin(plugin, kernel, request)) rows.push(row);
    return { rows, notes: kernel.notes.drain() };
  }

  async answer(plugin: AnyPlugin, ahead: readonly AnyPlugin[]): Promise<TracedAnswer> {
    this.sweep.expect(ahead);
    return this.standing(plugin) ?? this.run(plugin);
  }

  close(): void {
    this.session.close();
  }
}
