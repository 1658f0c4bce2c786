// `vestige check`: judges snapshots by a policy.
// The exit code says whether there are findings; `--format` chooses text, JSON, SARIF, JUnit or GitHub annotations.
import type { Command } from 'commander';
import { UsageError } from '../../base/errors.ts';
import type { AnyPlugin } from '../../plugin/contract.ts';
import { SEVERITIES } from '../../policy/verdict.ts';
import { withBudgetFlags } from '../flags/budget.ts';
import { CHECK_FORMATS, type CheckFlags, ON_UNEVALUATED } from '../flags/check.ts';
import { checkColor, withOpenFlags } from '../flags/settings.ts';
import { collected, wordOf } from '../flags/words.ts';
import type { Outcome } from '../outcome.ts';

const HELP = `
Exit code: 0 nothing found, 1 something found, or not all could be evaluated, 2 it could not be done.

Examples:
  vestige check memory.kdump
  vestige check monday.kdump tuesday.kdump --policy ./web.yaml --fail-on high
  vestige check memory.kdump --write-baseline web-1.json
  vestige check memory.kdump --baseline web-1.json --format sarif --output vestige.sarif
`;

/** Adds `vestige check <snapshot…>`. */
export function addCheckCommand(program: Command, plugins: readonly AnyPlugin[], outcome: Outcome): void {
  const command = program
    .command('check')
    .description('Judge snapshots by a policy: what is found, and what could not be evaluated')
    .option(
      '--policy <policy>',
      'a file, or the name of one that ships with the program (may be given several times)',
      collected,
    );
  withCheckFlags(command)
    .addHelpText('after', HELP)
    .action(async (paths: string[], flags: CheckFlags) => {
      outcome.code = await checked(paths, plugins, flags);
    });
}

/** Adds the operand and the flags of commands that judge. */
export const withCheckFlags = (command: Command): Command =>
  withBudgetFlags(
    withOpenFlags(
      command
        .argument('<snapshot...>', 'of one machine, each is compared with the one before')
        .option('--since <snapshot>', 'compare with this one')
        .option('--baseline <file>', 'let pass what was known when this was written')
        .option('--write-baseline <file>', 'write what is found as known')
        .option(
          '--fail-on <severity>',
          `exit with 1 from this severity on: ${SEVERITIES.join(', ')}`,
          wordOf(SEVERITIES, '--fail-on'),
          'low',
        )
        .option(
          '--unevaluated <what>',
          'what could not be evaluated is to fail, or to pass',
          wordOf(ON_UNEVALUATED, '--unevaluated'),
          'fail',
        )
        .option(
          '--format <format>',
          `how to print: ${CHECK_FORMATS.join(', ')}`,
          wordOf(CHECK_FORMATS, '--format'),
        )
        .option('--json', 'the same as --format json')
        .option('--output <file>', 'write to this file instead of stdout')
        .option('--color <when>', 'auto, always or never', 'auto'),
    ),
  );

/** Judges as the flags say. @returns the exit code @throws UsageError */
export async function checked(
  paths: readonly string[],
  plugins: readonly AnyPlugin[],
  flags: CheckFlags,
): Promise<number> {
  checkColor(flags);
  if (flags.json === true && flags.format !== undefined && flags.format !== 'json')
    throw new UsageError('--json contradicts --format');
  if (flags.writeBaseline !== undefined && paths.length > 1)
    throw new UsageError('a baseline is written of one snapshot');
  const { check } = await import('./check-snapshots.ts');
  return check(paths, plugins, flags);
}
