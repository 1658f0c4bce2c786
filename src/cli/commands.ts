// The list of all commands, in the order in which `--help` shows them.
// Each command has a file in `commands/`.
import type { Command } from 'commander';
import type { AnyPlugin } from '../plugin/contract.ts';
import { addAcquireCommand } from './commands/acquire.ts';
import { addCacheCommand } from './commands/cache.ts';
import { addCheckCommand } from './commands/check.ts';
import { addCompletionCommand } from './commands/completion.ts';
import { addConvertCommand } from './commands/convert.ts';
import { addDiffCommand, addTimelineCommand } from './commands/diff.ts';
import { addDumpCommand } from './commands/dump.ts';
import { addIntegrityCommand } from './commands/integrity.ts';
import { addExplainCommand, addInfoCommand, addTriageCommand } from './commands/look.ts';
import { addPolicyCommand } from './commands/policy.ts';
import { addProfileCommand } from './commands/profile.ts';
import { addPluginCommands, addPluginsCommand, addRunCommand } from './commands/questions.ts';
import { addReadCommand } from './commands/read.ts';
import { addRecoverCommand } from './commands/recoverfs.ts';
import { addReportCommand } from './commands/report.ts';
import { addScanCommand } from './commands/scan.ts';
import { addShellCommand } from './commands/shell.ts';
import { addSqlCommand } from './commands/sql.ts';
import { addTypeCommand } from './commands/type.ts';
import { addWatchCommand } from './commands/watch.ts';
import type { Outcome } from './outcome.ts';

/** Adds every command, in the order that `--help` shows them. */
export function addCommands(program: Command, plugins: readonly AnyPlugin[], outcome: Outcome): void {
  addTriageCommand(program, plugins, outcome);
  addInfoCommand(program, outcome);
  addPluginCommands(program, plugins, outcome);
  addRunCommand(program, plugins, outcome);
  addDiffCommand(program, plugins, outcome);
  addTimelineCommand(program, plugins, outcome);
  addCheckCommand(program, plugins, outcome);
  addIntegrityCommand(program, plugins, outcome);
  addPolicyCommand(program, plugins, outcome);
  addReportCommand(program, plugins, outcome);
  addExplainCommand(program, outcome);
  addReadCommand(program, outcome);
  addTypeCommand(program, outcome);
  addShellCommand(program, plugins, outcome);
  addDumpCommand(program, outcome);
  addConvertCommand(program, outcome);
  addRecoverCommand(program, outcome);
  addAcquireCommand(program, plugins, outcome);
  addScanCommand(program, plugins, outcome);
  addWatchCommand(program, plugins, outcome);
  addPluginsCommand(program, plugins);
  addProfileCommand(program, outcome);
  addSqlCommand(program);
  addCacheCommand(program);
  addCompletionCommand(program, plugins);
}
