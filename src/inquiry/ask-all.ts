// Whole answers of several snapshots to several questions: what comparing and judging rest on.
// Each snapshot is asked what is not remembered, in the order in which they were named.
import { ForensicError } from '../base/errors.ts';
import type { Comparable } from '../diff/comparison.ts';
import type { AnyPlugin } from '../plugin/contract.ts';
import type { Facts } from '../report/answer.ts';
import { type Asking, Inquiry } from './inquiry.ts';
import { sayWhich, snapshotsNamed } from './named-snapshots.ts';
import { bindingKey } from './settings.ts';

/** A snapshot that was asked, and what it answered. */
export interface Asked {
  readonly facts: Facts;
  readonly known: Comparable;
  /** 0 for a file and for the latest snapshot of a machine, 1 for the one before that, and so on. */
  readonly age: number;
}

/** Is told of a snapshot that cannot be read. */
type Failed = (word: string, error: ForensicError) => void;

/**
 * Whole answers of every snapshot to the questions, from the cache where it has them.
 *
 * @param words files, or machines that are remembered
 * @param most how many of its latest snapshots the name of a machine stands for
 * @param failed is told of a snapshot that cannot be read, which is then left out
 * @throws SnapshotError, ProfileError where nobody is told
 */
export async function askAll(
  words: readonly string[],
  plugins: readonly AnyPlugin[],
  how: Asking,
  { most = 1, failed }: { readonly most?: number; readonly failed?: Failed } = {},
): Promise<Asked[]> {
  const { recall, settings, listener, before = [], isFollowed = false } = how;
  const { acquiredName, fileWrittenAt } = await import('../store/host-time.ts');
  const asked: Asked[] = [];
  for (const [index, word] of words.entries()) {
    const asking = {
      ...how,
      ...{
        before: [...before, ...words.slice(0, index)],
        isFollowed: isFollowed || index + 1 < words.length,
      },
    };
    try {
      for (const named of snapshotsNamed(word, recall, bindingKey(settings), most)) {
        const { path, past, age } = named;
        const inquiry = await Inquiry.begin(path, asking, past);
        try {
          sayWhich(word, named, inquiry.isGone, listener);
          const facts = await inquiry.facts();
          const answers = await inquiry.answers(plugins);
          const written = past?.written ?? fileWrittenAt(path);
          const name = past?.name ?? acquiredName(path)?.machine ?? null;
          asked.push({ facts, known: { kernel: facts.kernel, written, name, answers }, age });
        } finally {
          inquiry.close();
        }
      }
    } catch (error) {
      if (failed === undefined || !(error instanceof ForensicError)) throw error;
      failed(word, error);
    }
  }
  return asked;
}
