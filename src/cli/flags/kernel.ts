// `--kernel` chooses one of a snapshot's kernels by its number, everywhere. Where rows have a column of that name it also
// keeps rows, by `yes` or `no`: numbers mean the one, words the other.
import type { Command } from 'commander';
import { UsageError } from '../../base/errors.ts';

const FLAG = '--kernel';
const HELP = 'show this kernel if the snapshot holds several (info numbers them)';

/** Adds the flag, or its other meaning to one that is there. */
export function withKernelFlag(command: Command): Command {
  const column = command.options.find(({ long }) => long === FLAG);
  if (column === undefined) return command.option(`${FLAG} <number>`, HELP, aNumber);
  column.description = `${column.description}; a number: ${HELP}`;
  return command;
}

const isNumber = (word: string): boolean => /^\d+$/.test(word.trim());

function aNumber(word: string): string {
  if (!isNumber(word)) throw new UsageError(`${FLAG} wants a number from 1, not ${word}`);
  return word;
}

/** The number of the kernel that was chosen; undefined where none was. @throws UsageError */
export function kernelChosen(words: string | undefined): number | undefined {
  const numbers = (words ?? '').split(',').filter(isNumber).map(Number);
  if (numbers.length > 1 || numbers[0] === 0)
    throw new UsageError(`${FLAG} wants one number from 1, not ${words}`);
  return numbers[0];
}

/** What is left of the flag's words for a column; undefined where nothing is. */
export function kernelFilter(words: string): string | undefined {
  const left = words.split(',').filter((word) => !isNumber(word));
  return left.length === 0 ? undefined : left.join(',');
}
