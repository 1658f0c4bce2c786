import { ForensicError } from '../base/errors.ts';
import type { Known } from '../diff/comparison.ts';
import type { Side } from '../diff/tables.ts';
import type { AnyPlugin } from '../plugin/contract.ts';
import type { Facts } from '../report/answer.ts';
import { Inquiry } from './inquiry.ts';
import { Recall } from './recall.ts';
import { type OpenFlags, openSettings } from './settings.ts';
import { wholeQuestion } from './show.ts';
import { storePlaces } from './store-places.ts';

/** A snapshot that was asked, and what it answered. */
export interface Asked {
  readonly facts: Facts;
  readonly known: Known;
}

/**
 * Whole answers of every snapshot to the questions, from the cache where it has them.
 *
 * @param failed is told of a snapshot that cannot be read, which is then left out
 * @throws SnapshotError, ProfileError where nobody is told
 */
export async function knownOf(
  paths: readonly string[],
  plugins: readonly AnyPlugin[],
  flags: OpenFlags,
  failed?: (path: string, error: ForensicError) => void,
): Promise<Asked[]> {
  const recall = await Recall.open(storePlaces(flags));
  const settings = await openSettings(flags, 'proof');
  const { fileWrittenAt } = await import('../store/host-time.ts');
  const asked: Asked[] = [];
  try {
    for (const path of paths) {
      const inquiry = await Inquiry.begin(path, settings, recall);
      try {
        const facts = await inquiry.facts();
        const answers = new Map<string, Side>();
        for (const plugin of plugins) answers.set(plugin.name, await wholeAnswer(inquiry, plugin));
        asked.push({ facts, known: { kernel: facts.kernel, written: fileWrittenAt(path), answers } });
      } catch (error) {
        if (failed === undefined || !(error instanceof ForensicError)) throw error;
        failed(path, error);
      } finally {
        inquiry.close();
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
