import { existsSync } from 'node:fs';
import { Command, CommanderError } from 'commander';
import { ForensicError } from '../base/errors.ts';
import { addCacheCommand } from './cache-command.ts';
import { addCompletionCommand } from './completion.ts';
import { EXIT } from './exit.ts';
import { addExplainCommand, addInfoCommand, addTriageCommand } from './look-commands.ts';
import { clearProgress, complain, ReaderGone, writeAside, writeData } from './output.ts';
import { addPluginCommands, addPluginsCommand, addRunCommand } from './plugin-commands.ts';
import { addProfileCommand } from './profile-command.ts';
import { loadPlugins } from './registry.ts';
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
    await program.parseAsync([...words], { from: 'user' });
    return outcome.code;
  } catch (error) {
    return codeOf(error);
  }
}

/** The whole command line: every command, every plugin, third-party ones too. */
export async function programFor(words: readonly string[], outcome: Outcome): Promise<Command> {
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
    .configureHelp({ subcommandTerm: (command) => `${command.name()} ${command.usage()}`.trim() })
    .configureOutput({
      writeOut: writeData,
      writeErr: writeAside,
      outputError: (text) => complain(usageMessage(text)),
    })
    .addHelpText(
      'after',
      '\nExample:\n  vestige triage memory.raw\n  vestige pslist memory.raw --pid 1,200 --json\n',
    )
    .showHelpAfterError(false);
  const { plugins, rest } = await loadPlugins(words);
  addTriageCommand(program, outcome);
  addInfoCommand(program, outcome);
  addPluginCommands(program, plugins, outcome);
  addRunCommand(program, plugins, outcome);
  addExplainCommand(program, outcome);
  addPluginsCommand(program, plugins);
  addProfileCommand(program, outcome);
  addCacheCommand(program);
  addCompletionCommand(program, plugins);
  if (rest.length === 0) program.action(() => program.outputHelp());
  return program;
}

/** Commander's message on one line, in the words of the rest of the program. */
function usageMessage(text: string): string {
  const message = text
    .trim()
    .replace(/^error: /, '')
    .replace(/\s*\n\s*/g, ' ')
    .replace('(Did you', '(did you');
  const [, word] = /^unknown command '(.*?)'$/.exec(message) ?? [];
  if (word === undefined || !existsSync(word)) return message;
  return `${word} is no command; to look at a snapshot: vestige triage ${word}`;
}

function codeOf(error: unknown): number {
  clearProgress();
  if (error instanceof ReaderGone) return EXIT.done; // as every filter does when `head` has seen enough
  if (error instanceof CommanderError) return error.exitCode === 0 ? EXIT.done : EXIT.failed;
  if (error instanceof ForensicError) {
    complain(error.message);
    return EXIT.failed;
  }
  complain(`this is a bug in vestige ${version()}, please report it:`);
  writeAside(`${error instanceof Error ? error.stack : String(error)}\n`);
  return EXIT.bug;
}
