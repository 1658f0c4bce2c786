import { ForensicError } from '../base/errors.ts';
import type { Known } from '../diff/comparison.ts';
import type { Side } from '../diff/tables.ts';
import type { AnyPlugin } from '../plugin/contract.ts';
import type { Facts } from '../report/answer.ts';
import { type OpenFlags, openSettings } from './flags/settings.ts';
import { Inquiry } from './inquiry.ts';
import { sayWhich, snapshotsNamed } from './named-snapshots.ts';
import { bindingKey, Recall } from './recall.ts';
import { storePlaces } from './store-places.ts';
import { wholeQuestion } from './terminal/show.ts';

/** A snapshot that was asked, and what it answered. */
export interface Asked {
  readonly facts: Facts;
  readonly known: Known;
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
export async function knownOf(
  words: readonly string[],
  plugins: readonly AnyPlugin[],
  flags: OpenFlags,
  { most = 1, failed }: { readonly most?: number; readonly failed?: Failed } = {},
): Promise<Asked[]> {
  const recall = await Recall.open(storePlaces(flags));
  const settings = await openSettings(flags, 'proof');
  const { acquiredName, fileWrittenAt } = await import('../store/host-time.ts');
  const asked: Asked[] = [];
  try {
    for (const word of words) {
      try {
        const binding = bindingKey(settings);
        for (const named of snapshotsNamed(word, recall, binding, most)) {
          const { path, past, age } = named;
          const inquiry = await Inquiry.begin(path, settings, recall, past);
          try {
            sayWhich(word, named, inquiry.isGone);
            const facts = await inquiry.facts();
            const answers = new Map<string, Side>();
            for (const plugin of plugins) answers.set(plugin.name, await wholeAnswer(inquiry, plugin));
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
  } finally {
    recall.close();
  }
  return asked;
}

/** All rows; a question that failed on the way is an answer that is not whole. */
export async function wholeAnswer(
  inquiry: Inquiry,
  plugin: AnyPlugin,
): Promise<Side & { readonly failure: ForensicError | undefined }> {
  const answer = inquiry.answer(wholeQuestion(plugin));
  const rows = [];
  for await (const row of answer.rows) rows.push(row);
  const { failure, notes } = answer;
  return { rows, failure, notes: failure === undefined ? notes : [...notes, failure.message] };
}
