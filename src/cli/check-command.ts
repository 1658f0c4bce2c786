import type { Command } from 'commander';
import { UsageError } from '../base/errors.ts';
import type { AnyPlugin } from '../plugin/contract.ts';
import { SEVERITIES, type Severity } from '../policy/verdict.ts';
import { withBudgetFlags } from './budget-flags.ts';
import { collected, wordOf } from './flag-words.ts';
import type { Outcome } from './outcome.ts';
import { checkColor, type OpenFlags, type ShowFlags, withOpenFlags } from './settings.ts';

/** How a verdict may be printed. */
const CHECK_FORMATS = ['text', 'json', 'sarif', 'junit', 'github', 'markdown'] as const;

const ON_UNEVALUATED = ['fail', 'pass'] as const;

/** What may stand after flags of `vestige check`, for shells to offer. */
export const CHECK_CHOICES: Readonly<Record<string, readonly string[]>> = {
  '--format': CHECK_FORMATS,
  '--fail-on': SEVERITIES,
  '--unevaluated': ON_UNEVALUATED,
};

/** Flags of `vestige check`, as commander gives them. */
export interface CheckFlags extends OpenFlags, Pick<ShowFlags, 'color'> {
  readonly policy?: readonly string[];
  readonly since?: string;
  readonly baseline?: string;
  readonly writeBaseline?: string;
  readonly failOn: Severity;
  readonly unevaluated: (typeof ON_UNEVALUATED)[number];
  readonly format?: (typeof CHECK_FORMATS)[number];
  readonly json?: true;
  readonly output?: string;
}

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
    .argument('<snapshot...>', 'of one machine, each is compared with the one before')
    .option(
      '--policy <policy>',
      'a file, or the name of one that ships with the program (may be given several times)',
      collected,
    )
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
    .option('--color <when>', 'auto, always or never', 'auto')
    .addHelpText('after', HELP);
  withBudgetFlags(withOpenFlags(command)).action(async (paths: string[], flags: CheckFlags) => {
    checkColor(flags);
    if (flags.json === true && flags.format !== undefined && flags.format !== 'json')
      throw new UsageError('--json contradicts --format');
    if (flags.writeBaseline !== undefined && paths.length > 1)
      throw new UsageError('a baseline is written of one snapshot');
    const { check } = await import('./check.ts');
    outcome.code = await check(paths, plugins, flags);
  });
}
