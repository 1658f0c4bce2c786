import type { AnyPlugin } from '../plugin/contract.ts';
import { runPlugin } from '../plugin/run.ts';
import { basisOf, type Readable, traced, wouldReadTheSame } from '../session/traced.ts';
import type { RememberedAnswer, StoreDoor } from '../store/door.ts';
import type { KeptReads } from '../store/extents.ts';

/** What an answer was read from. Kept beside it, it tells whether the machine's next snapshot would answer the same. */
export interface Trace {
  /** All that the answer depends on besides memory and the question, as one text. */
  readonly basis: string;
  readonly reads: Uint8Array;
}

/** A whole answer, and what it was read from where that can be told. */
export interface TracedAnswer extends RememberedAnswer {
  readonly trace?: Trace;
}

/** The options of a question that has none, as the store knows them. */
export const NO_OPTIONS = '{}';

/**
 * Asks a snapshot. Where every word that the last answer to a question was read from is as it was, and what was missing
 * is missing still, asking again would read the same and end the same: then that answer stands, with its notes.
 */
export class Asker {
  readonly #session: Readable;
  readonly #past: Pick<StoreDoor['extents'], 'readsFor'>;
  #basis: string | undefined;

  constructor(session: Readable, past: Pick<StoreDoor['extents'], 'readsFor'>) {
    this.#session = session;
    this.#past = past;
  }

  /** A question's whole answer, with none of its options. */
  async answer(plugin: AnyPlugin): Promise<TracedAnswer> {
    this.#basis ??= basisOf(this.#session);
    const basis = this.#basis;
    const former = this.#past.readsFor(basis, plugin, NO_OPTIONS);
    if (former !== undefined && wouldReadTheSame(this.#session, former.reads))
      return takenOver(former, basis);
    const { result, reads } = await traced(this.#session, async (kernel) => {
      const rows = [];
      for await (const row of runPlugin(plugin, kernel, { options: {} })) rows.push(row);
      return { rows, notes: kernel.notes.drain() };
    });
    return reads === null ? result : { ...result, trace: { basis, reads } };
  }
}

/** What was answered before. Its rows are read when they are first asked for: mostly nobody does. */
const takenOver = ({ rows, notes, reads }: KeptReads, basis: string): TracedAnswer => ({
  get rows() {
    return rows.all;
  },
  notes,
  kept: rows,
  trace: { basis, reads },
});
