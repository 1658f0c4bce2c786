// `vestige integrity`: judges snapshots by the shipped policy of that name, which says what no kernel does to itself.
// Its flags, its outputs and its exit codes are those of `vestige check`.
import type { Command } from 'commander';
import type { AnyPlugin } from '../../plugin/contract.ts';
import type { CheckFlags } from '../flags/check.ts';
import type { Outcome } from '../outcome.ts';
import { checked, withCheckFlags } from './check.ts';

/** The policy, as it is called where policies are. */
const POLICY = 'integrity';

const HELP = `
Exit code: 0 nothing is wrong, 1 something is, or not all could be told, 2 it could not be done.
It judges by the policy ${POLICY}: \`vestige policy list ${POLICY}\` shows the rules, and \`vestige check --policy\` takes it too.

Examples:
  vestige integrity memory.kdump
  vestige integrity memory.kdump --format sarif --output integrity.sarif
`;

/** Adds `vestige integrity <snapshot…>`. */
export function addIntegrityCommand(program: Command, plugins: readonly AnyPlugin[], outcome: Outcome): void {
  const command = program
    .command('integrity')
    .description('Tell where the kernel was changed while it ran, and where it lies about itself');
  withCheckFlags(command)
    .addHelpText('after', HELP)
    .action(async (paths: string[], flags: CheckFlags) => {
      outcome.code = await checked(paths, plugins, { ...flags, policy: [POLICY] });
    });
}
