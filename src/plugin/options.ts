// The options of a question: which it has, what a word given for one means, and what stands for one that is left out.
// The command line and the library read them alike.
import { UsageError } from '../base/errors.ts';
import { hint } from '../base/nearest.ts';
import type { AnyPlugin, Option, Options, SwitchOption } from './contract.ts';

/** The name of the switch that shows secret columns. */
export const REVEAL = 'reveal';

const REVEALING: SwitchOption = {
  help: 'show what is secret; such answers are never remembered',
  switch: true,
  secret: true,
};

/** The columns that are shown only on request. */
export const secretColumns = ({ columns }: Pick<AnyPlugin, 'columns'>): readonly string[] =>
  Object.entries(columns).flatMap(([name, column]) => ('secret' in column && column.secret ? [name] : []));

/** All options of a question: its own, and what shows its secret columns. */
export function optionsOf({ options = {}, columns }: Pick<AnyPlugin, 'options' | 'columns'>): Options {
  const own: Options = options;
  return secretColumns({ columns }).length === 0 ? own : { ...own, [REVEAL]: own[REVEAL] ?? REVEALING };
}

/** What words given for an option mean; undefined where none is. @throws UsageError */
export function optionValue(name: string, option: Option, words: string | undefined): unknown {
  if ('switch' in option || words === undefined) return undefined;
  return option.list === true
    ? words.split(',').map((word) => parsedWord(name, option, word.trim()))
    : parsedWord(name, option, words);
}

function parsedWord(name: string, option: Exclude<Option, SwitchOption>, word: string): unknown {
  if (!('choices' in option)) return option.parse(word);
  if (option.choices.includes(word)) return word;
  throw new UsageError(
    `--${name} wants one of ${option.choices.join(', ')}, not ${word}${hint(word, option.choices)}`,
  );
}

/** What stands for an option that is left out. */
export const usualValue = (option: Option): unknown =>
  'switch' in option ? false : (option.default ?? (option.list === true ? [] : undefined));

/** Options with what stands for those that are left out. */
export const completedOptions = (
  plugin: Pick<AnyPlugin, 'options' | 'columns'>,
  given: Readonly<Record<string, unknown>>,
): Readonly<Record<string, unknown>> =>
  Object.fromEntries(
    Object.entries(optionsOf(plugin)).map(([name, option]) => [name, given[name] ?? usualValue(option)]),
  );

/** What an option does, for help and reference: with its words, and with what stands for it where it is left out. */
export function optionHelp(option: Option): string {
  if ('switch' in option) return option.help;
  const usual = option.default === undefined ? [] : [`${String(option.default)} where it is left out`];
  const more = [...('choices' in option ? [option.choices.join(', ')] : []), ...usual];
  return more.length === 0 ? option.help : `${option.help}: ${more.join('; ')}`;
}
