// `--where EXPRESSION`: rows are kept by a condition in the language of policies, whose three values it has too.
// The language is loaded only where somebody uses it.

import { Flaws } from '../../base/flaws.ts';
import { problemLines } from '../../judging/policy-files.ts';
import type { AnyPlugin } from '../../plugin/contract.ts';
import type { RowCondition as Condition } from '../../policy/row-condition.ts';
import type { RowTest } from './selection.ts';

const FLAG = '--where';

/** What makes the test of an expression over a question's rows. @throws Flaws with a line for each flaw */
export async function whereTest(text: string, plugin: AnyPlugin): Promise<() => RowTest> {
  const { RowCondition } = await import('../../policy/row-condition.ts');
  const { BadPolicy } = await import('../../policy/problem.ts');
  const make = (): Condition => RowCondition.of(text, plugin, FLAG);
  try {
    make();
  } catch (error) {
    if (!(error instanceof BadPolicy)) throw error;
    throw new Flaws(problemLines(error));
  }
  return () => {
    const condition = make();
    return {
      said: `${FLAG} '${text}'`,
      decide: (row) => condition.decide(row),
      reasons: () => condition.reasons,
    };
  };
}
