// `vestige shell`: the library over one snapshot, at a prompt or as a script from a pipe.
// The prompt itself is in `src/shell`.
import type { Command } from 'commander';
import { UsageError } from '../../base/errors.ts';
import { shellHistoryPath } from '../../inquiry/store-paths.ts';
import type { AnyPlugin } from '../../plugin/contract.ts';
import { factNotes } from '../../report/answer.ts';
import { EXIT } from '../exit.ts';
import { withInquiry } from '../flags/asking.ts';
import { type OpenFlags, withOpenFlags } from '../flags/settings.ts';
import type { Outcome } from '../outcome.ts';
import { complain } from '../terminal/output.ts';
import { sayNotes, withStrictFlag } from './look.ts';

type Flags = OpenFlags & { readonly strict?: true; readonly history: boolean };

/** Flags that say how the snapshot is opened, and take a value. */
const OPENING = ['kernel', 'base', 'map', 'profile'] as const;

/** Adds `vestige shell <snapshot>`. */
export function addShellCommand(program: Command, plugins: readonly AnyPlugin[], outcome: Outcome): void {
  const command = program
    .command('shell')
    .description(
      "Look at a snapshot at a prompt, or by a script: JavaScript, with the kernel's structs as objects",
    )
    .argument('<snapshot>')
    .option('--no-history', 'do not remember what is typed')
    .addHelpText(
      'after',
      `
help() at the prompt tells what there is. A script from a pipe ends at its first error.

Exit code: 0 done, 1 with --strict something could not be read, 2 an error ended the script.

Example:
  vestige shell memory.raw
  echo 'for (const p of processes()) console.log(p.pid, p.raw.mm?.total_vm)' | vestige shell memory.raw
`,
    );
  withStrictFlag(withOpenFlags(command)).action(async (path: string, flags: Flags) => {
    await withInquiry(path, flags, 'quick', async (inquiry) => {
      const { LibrarySession } = await import('../../library/library-session.ts');
      const { runShell } = await import('../../shell/shell.ts');
      const session = new LibrarySession(await inquiry.session());
      await sayNotes(session.facts);
      const isTerminal = process.stdin.isTTY === true && process.stdout.isTTY === true;
      const { CommanderError } = await import('commander');
      const end = await runShell({
        session,
        questions: plugins,
        input: process.stdin,
        output: process.stdout,
        isTerminal,
        history: flags.history ? shellHistoryPath() : undefined,
        // The program itself, so that every flag of a question means what it means everywhere.
        run: async ([names = '', ...words]) => {
          try {
            const isOne = plugins.some(({ name }) => name === names);
            const command = isOne ? [names] : ['run', names];
            await program.parseAsync([...command, path, ...words, ...opening(flags)], { from: 'user' });
          } catch (error) {
            // What is wrong with its flags is said already.
            if (!(error instanceof CommanderError)) throw error;
            if (error.exitCode !== 0) throw new UsageError('nothing was asked');
          }
        },
        say: complain,
      });
      const lacks = flags.strict === true && (end.hasNotes || factNotes(session.facts).length > 0);
      if (end.hasFailed) outcome.code = EXIT.failed;
      else if (lacks) outcome.code = EXIT.findings;
    });
  });
}

/** The flags by which the same snapshot is opened in the same way. */
function opening(flags: Flags): string[] {
  const chosen = OPENING.flatMap((name) =>
    flags[name] === undefined ? [] : [`--${name}`, String(flags[name])],
  );
  if (flags.cache === false) chosen.push('--no-cache');
  else if (typeof flags.cache === 'string') chosen.push('--cache', flags.cache);
  return chosen;
}
