// Runs one command line from its words to its exit code.
// It knows commander, turns errors into one line on stderr, and loads plugins of the user's own.
import { existsSync } from 'node:fs';
import { Command, CommanderError } from 'commander';
import { ForensicError, UsageError } from '../base/errors.ts';
import { Flaws } from '../base/flaws.ts';
import { hint } from '../base/nearest.ts';
import { version } from '../files/version.ts';
import type { AnyPlugin } from '../plugin/contract.ts';
import { EXIT } from './exit.ts';
import { isCommand, loadPlugins } from './flags/plugin-files.ts';
import type { Outcome } from './outcome.ts';
import { clearProgress, complain, ReaderGone, writeAside, writeData } from './terminal/output.ts';
import { usageText } from './terminal/usage-text.ts';

/** Runs one command line (without node and script). @returns the exit code */
export async function main(words: readonly string[]): Promise<number> {
  try {
    const outcome: Outcome = { code: EXIT.done };
    const { plugins, rest } = await loadPlugins(words);
    const asked = await inOwnWords(rest, plugins);
    const program = await programFor(asked, plugins, outcome);
    refuseUnknown(asked, program);
    await program.parseAsync([...asked], { from: 'user' });
    return outcome.code;
  } catch (error) {
    return codeOf(error);
  }
}

/** The program with its commands, those of third-party plugins too. */
async function programFor(
  rest: readonly string[],
  plugins: readonly AnyPlugin[],
  outcome: Outcome,
): Promise<Command> {
  const program = new Command('vestige')
    .description(
      "Reads what a machine's memory still holds: passive analysis of raw memory snapshots of virtual machines",
    )
    .version(version(), '-V, --version', 'print the version')
    .option(
      '--plugin <file…>',
      'also offer the plugin that this module exports by default (may be given several times)',
    )
    .exitOverride()
    .configureHelp({ subcommandTerm: termOf })
    .configureOutput({
      writeOut: writeData,
      writeErr: writeAside,
      outputError: (text) => complain(usageMessage(text, program, rest[0])),
    })
    .addHelpText(
      'after',
      '\nExample:\n  vestige triage memory.raw\n  vestige pslist memory.raw --pid 1,200 --json\n',
    )
    .showHelpAfterError(false);
  await addCommand(program, plugins, outcome, rest[0]);
  if (rest.length === 0) program.action(() => program.outputHelp());
  return program;
}

type Add = (program: Command, plugins: readonly AnyPlugin[], outcome: Outcome) => void;

/** Commands that run often, or mostly answer from memory. */
const ALONE: Readonly<Record<string, () => Promise<Add>>> = {
  check: async () => (await import('./commands/check.ts')).addCheckCommand,
  diff: async () => (await import('./commands/diff.ts')).addDiffCommand,
  scan: async () => (await import('./commands/scan.ts')).addScanCommand,
  sql: async () => (await import('./commands/sql.ts')).addSqlCommand,
  triage: async () => (await import('./commands/look.ts')).addTriageCommand,
};

/** The others are made only where they may be asked for: making them costs more than a remembered answer. */
async function addCommand(
  program: Command,
  plugins: readonly AnyPlugin[],
  outcome: Outcome,
  word = '',
): Promise<void> {
  const asked = plugins.find(({ name }) => name === word);
  if (asked !== undefined)
    (await import('./commands/questions.ts')).addPluginCommands(program, [asked], outcome);
  else if (Object.hasOwn(ALONE, word)) (await ALONE[word]!())(program, plugins, outcome);
  else (await import('./commands.ts')).addCommands(program, plugins, outcome);
}

/** A command in the list of commands: its name and operands. That it has options goes without saying. */
const termOf = (command: Command): string =>
  `${command.name()} ${command.usage()}`
    .replace('[options] ', '')
    .replace('[options]', '')
    .replaceAll('...', '…')
    .trim();

const hasFlag =
  (flag: string) =>
  (command: Command): boolean =>
    command.options.some(({ long }) => long === flag);

/** The words with the command's own name in front, where they begin with another name of it. @throws UsageError */
async function inOwnWords(
  words: readonly string[],
  plugins: readonly AnyPlugin[],
): Promise<readonly string[]> {
  const [word, ...rest] = words;
  if (word === undefined || /^-|^help$/.test(word) || isCommand(word, plugins)) return words;
  const { meantBy } = await import('./flags/other-names.ts');
  const meant = meantBy(word, plugins);
  if (meant === undefined) return words;
  if ('command' in meant) {
    complain(`${word} is called ${meant.command} here`);
    return [meant.command, ...rest];
  }
  const near = 'nearest' in meant ? `nearest is ${meant.nearest}: ` : '';
  throw new UsageError(`there is no command ${word}; ${near}${meant.why}`);
}

/**
 * Commander answers `help` and `--help` of a command that is not there with the help of the program, as if all were
 * well. @throws UsageError
 */
function refuseUnknown([first, ...rest]: readonly string[], program: Command): void {
  const words = first === 'help' ? rest : [first, ...rest];
  let command = program;
  for (const word of words) {
    if (word === undefined || /^-/.test(word) || command.commands.length === 0) return;
    const names = command.commands.map((known) => known.name());
    const found = command.commands.find((known) => known.name() === word);
    if (found === undefined && word === 'help') return;
    if (found === undefined) throw unknownCommand(word, command, names);
    command = found;
  }
}

function unknownCommand(word: string, { parent }: Command, names: readonly string[]): UsageError {
  if (parent === null && existsSync(word))
    return new UsageError(`${word} is no command; to look at a snapshot: vestige triage ${word}`);
  return new UsageError(`there is no command ${word}${hint(word, names)}`);
}

/** Commander's message on one line, in the words of the rest of the program. */
function usageMessage(text: string, program: Command, first: string | undefined): string {
  const message = usageText(text);
  const [, flag] = /^unknown option '(--[^'=]+)/.exec(message) ?? [];
  if (flag !== undefined && first?.startsWith(flag) && program.commands.some(hasFlag(flag)))
    return `${flag} must stand after the command: vestige pslist memory.raw ${flag}`;
  return message;
}

function codeOf(error: unknown): number {
  clearProgress();
  if (error instanceof ReaderGone) return EXIT.done; // as every filter does when `head` has seen enough
  if (error instanceof CommanderError) return error.exitCode === 0 ? EXIT.done : EXIT.failed;
  if (error instanceof ForensicError) {
    for (const line of error instanceof Flaws ? error.lines : [error.message]) complain(line);
    return EXIT.failed;
  }
  complain(`this is a bug in vestige ${version()}, please report it:`);
  writeAside(`${error instanceof Error ? error.stack : String(error)}\n`);
  return EXIT.bug;
}
