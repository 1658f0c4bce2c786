import type { Row } from '../../src/plugin/cell.ts';
import type { AnyPlugin } from '../../src/plugin/contract.ts';
import type { Answer, Facts, Presenter } from '../../src/report/answer.ts';
import { fakeFacts } from '../support/fake-session.ts';

/** An answer with these rows. */
export function answerOf(plugin: AnyPlugin, rows: readonly Row[], more: Partial<Answer> = {}): Answer {
  return {
    plugin,
    columns: Object.keys(plugin.columns),
    named: false,
    sorted: false,
    rows: stream(rows),
    notes: [],
    observations: [],
    failure: undefined,
    ...more,
  };
}

/** Everything a presenter writes about snapshots with these answers: stdout and stderr apart. */
export async function present(
  presenter: Presenter,
  snapshots: readonly { readonly facts?: Facts; readonly answers: readonly Answer[] }[],
): Promise<{ out: string; err: string }> {
  let out = presenter.begin();
  let err = '';
  for (const { facts = fakeFacts(), answers } of snapshots) {
    for await (const piece of presenter.snapshot(facts, stream(answers))) {
      if (typeof piece === 'string') out += piece;
      else err += piece.aside;
    }
  }
  return { out: out + presenter.end(), err };
}

async function* stream<T>(items: readonly T[]): AsyncGenerator<T> {
  yield* items;
}
