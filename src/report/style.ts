// Colours of the output, and when to use them.
// Without colour every style is the text itself, and chalk is not loaded.

/** What the parts of a picture look like. Without colour every one is the text itself. */
export interface Style {
  readonly heading: (text: string) => string;
  readonly title: (text: string) => string;
  readonly faint: (text: string) => string;
  readonly good: (text: string) => string;
  readonly warning: (text: string) => string;
  readonly danger: (text: string) => string;
}

const same = (text: string): string => text;

/** No colour at all: pipes, files, NO_COLOR. */
export const plainStyle: Style = {
  heading: same,
  title: same,
  faint: same,
  good: same,
  warning: same,
  danger: same,
};

/** The style with or without colour. Only colour costs the loading of chalk. */
export async function loadStyle(colored: boolean): Promise<Style> {
  if (!colored) return plainStyle;
  const { Chalk } = await import('chalk');
  // The sixteen colours that every terminal has and every theme makes readable.
  const chalk = new Chalk({ level: 1 });
  return {
    heading: chalk.bold.underline,
    title: chalk.bold.cyan,
    faint: chalk.dim,
    good: chalk.green,
    warning: chalk.yellow,
    danger: chalk.bold.red,
  };
}

/** When to use colour: the word after `--color`. */
export type ColorChoice = 'auto' | 'always' | 'never';

/** Whether to colour what goes to a stream. A choice on the command line outranks the environment. */
export function wantsColor(
  choice: ColorChoice,
  isTerminal: boolean,
  env: Readonly<Record<string, string | undefined>>,
): boolean {
  if (choice !== 'auto') return choice === 'always';
  const { NO_COLOR, FORCE_COLOR, TERM } = env; // no-color.org, force-color.org
  if (NO_COLOR !== undefined && NO_COLOR !== '') return false;
  if (FORCE_COLOR !== undefined && FORCE_COLOR !== '') return FORCE_COLOR !== '0' && FORCE_COLOR !== 'false';
  return isTerminal && TERM !== 'dumb';
}
