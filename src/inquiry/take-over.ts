// Answers of the snapshot before that stand: nothing of what they were read from has changed.
// Whoever asks whole questions asks through here, so that the next snapshot of the machine has something to take over.
import type { Row } from '../plugin/cell.ts';
import type { AnyPlugin, Progress } from '../plugin/contract.ts';
import { runPlugin } from '../plugin/run.ts';
import type { SharedSweep } from '../plugin/shared-sweep.ts';
import { basisOf, type Readable, traced, wouldReadTheSame } from '../session/traced.ts';
import type { KeptReads } from '../store/extents.ts';
import { NO_OPTIONS, type TracedAnswer } from './traced-answer.ts';

/** What is remembered of what answers were read from. */
export interface PastReads {
  readsFor(basis: string, plugin: AnyPlugin, options: string): KeptReads | undefined;
}

/** What an answer that is being found tells on the way. */
export interface OnTheWay {
  readonly progress?: Progress;
  /** The pass over memory that it shares with other questions. */
  readonly sweep?: SharedSweep;
  /** Where its rows go: those that were found stand there, should it fail. */
  readonly rows?: Row[];
}

/**
 * Asks a snapshot. Where every word that the last answer to a question was read from is as it was, and what was missing
 * is missing still, asking again would read the same and end the same: then that answer stands, with its notes.
 */
export class Asker {
  readonly #session: Readable;
  readonly #past: PastReads;
  #basis: string | undefined;

  constructor(session: Readable, past: PastReads) {
    this.#session = session;
    this.#past = past;
  }

  /** The answer that stands; undefined where none does. Its rows are read when they are first asked for: mostly nobody does. */
  standing(plugin: AnyPlugin): TracedAnswer | undefined {
    const basis = this.#ownBasis();
    const former = this.#past.readsFor(basis, plugin, NO_OPTIONS);
    if (former === undefined || !wouldReadTheSame(this.#session, former.reads)) return undefined;
    const { rows, notes, reads } = former;
    return {
      get rows() {
        return rows.all;
      },
      notes,
      kept: rows,
      trace: { basis, reads },
    };
  }

  /** A question's whole answer from memory, with none of its options. */
  async run(plugin: AnyPlugin, { rows = [], ...way }: OnTheWay = {}): Promise<TracedAnswer> {
    const request = { options: {}, ...way };
    const { result, reads } = await traced(this.#session, async (kernel) => {
      for await (const row of runPlugin(plugin, kernel, request)) rows.push(row);
      return { rows, notes: kernel.notes.drain() };
    });
    return reads === null ? result : { ...result, trace: { basis: this.#ownBasis(), reads } };
  }

  /** A question's whole answer, the one before where that stands. */
  async answer(plugin: AnyPlugin): Promise<TracedAnswer> {
    return this.standing(plugin) ?? this.run(plugin);
  }

  #ownBasis(): string {
    this.#basis ??= basisOf(this.#session);
    return this.#basis;
  }
}
