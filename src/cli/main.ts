import { existsSync } from 'node:fs';
import { Command, CommanderError } from 'commander';
import { ForensicError, UsageError } from '../base/errors.ts';
import { hint } from '../base/nearest.ts';
import type { AnyPlugin } from '../plugin/contract.ts';
import { EXIT } from './exit.ts';
import { Flaws } from './flaws.ts';
import { clearProgress, complain, ReaderGone, writeAside, writeData } from './output.ts';
import { loadPlugins } from './registry.ts';
import { usageText } from './usage-text.ts';
import { version } from './version.ts';

/** What a command leaves behind: how the process is to end. */
export interface Outcome {
  code: number;
}

/** Runs one command line (without node and script). @returns the exit code */
export async function main(words: readonly string[]): Promise<number> {
  try {
    const outcome: Outcome = { code: EXIT.done };
    const program = await programFor(words, outcome);
    refuseUnknownHelp(words, program);
    await program.parseAsync([...words], { from: 'user' });
    return outcome.code;
  } catch (error) {
    return codeOf(error);
  }
}

/** The program with its commands, those of third-party plugins too. */
async function programFor(words: readonly string[], outcome: Outcome): Promise<Command> {
  const { plugins, rest } = await loadPlugins(words);
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
  check: async () => (await import('./check-command.ts')).addCheckCommand,
  diff: async () => (await import('./diff-command.ts')).addDiffCommand,
  reader: async () => (await import('./reader-command.ts')).addReaderCommand,
  scan: async () => (await import('./scan-command.ts')).addScanCommand,
  sql: async () => (await import('./sql-command.ts')).addSqlCommand,
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
    (await import('./plugin-commands.ts')).addPluginCommands(program, [asked], outcome);
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

/** Commander answers `help` of a command that is not there with the help of the program, as if all were well. */
function refuseUnknownHelp([first, second]: readonly string[], program: Command): void {
  if (first !== 'help' || second === undefined || second.startsWith('-')) return;
  const names = program.commands.map((command) => command.name());
  if (!names.includes(second) && second !== 'help')
    throw new UsageError(`there is no command ${second}${hint(second, names)}`);
}

/** Commander's message on one line, in the words of the rest of the program. */
function usageMessage(text: string, program: Command, first: string | undefined): string {
  const message = usageText(text);
  const [, flag] = /^unknown option '(--[^'=]+)/.exec(message) ?? [];
  if (flag !== undefined && first?.startsWith(flag) && program.commands.some(hasFlag(flag)))
    return `${flag} must stand after the command: vestige pslist memory.raw ${flag}`;
  const [, word] = /^unknown command '(.*?)'$/.exec(message) ?? [];
  if (word === undefined || !existsSync(word)) return message;
  return `${word} is no command; to look at a snapshot: vestige triage ${word}`;
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
