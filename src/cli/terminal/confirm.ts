// Asks whoever sits at the terminal, before something is done that cannot be undone.
// Where nobody does, a script is running, which must have said that it means it.
import { readSync } from 'node:fs';
import { UsageError } from '../../base/errors.ts';
import { writeAside } from './output.ts';

const ANSWER_BYTES = 256;

/**
 * Whether the answer to a question is yes; everything else is no. @param question safe to print @param flag says yes beforehand
 * @throws UsageError where nobody can be asked
 */
export function confirm(question: string, flag: string): boolean {
  if (process.stdin.isTTY !== true || process.stderr.isTTY !== true)
    throw new UsageError(`nobody can be asked whether that is meant: ${flag} says so`);
  writeAside(`${question} [y/N] `);
  const answer = Buffer.alloc(ANSWER_BYTES);
  return /^\s*y(?:es)?\s*$/i.test(answer.toString('utf8', 0, readSync(0, answer)));
}
