import type { Command } from 'commander';
import type { AnyPlugin } from '../plugin/contract.ts';
import { addAcquireCommand } from './acquire-command.ts';
import { addCacheCommand } from './cache-command.ts';
import { addCheckCommand } from './check-command.ts';
import { addCompletionCommand } from './completion.ts';
import { addDiffCommand, addTimelineCommand } from './diff-command.ts';
import { addExplainCommand, addInfoCommand, addTriageCommand } from './look-commands.ts';
import type { Outcome } from './outcome.ts';
import { addPluginCommands, addPluginsCommand, addRunCommand } from './plugin-commands.ts';
import { addPolicyCommand } from './policy-command.ts';
import { addProfileCommand } from './profile-command.ts';
import { addReadCommand } from './read-command.ts';
import { addReportCommand } from './report-command.ts';
import { addScanCommand } from './scan-command.ts';
import { addShellCommand } from './shell-command.ts';
import { addSqlCommand } from './sql-command.ts';
import { addTypeCommand } from './type-command.ts';
import { addWatchCommand } from './watch-command.ts';

/** Adds every command, in the order that `--help` shows them. */
export function addCommands(program: Command, plugins: readonly AnyPlugin[], outcome: Outcome): void {
  addTriageCommand(program, outcome);
  addInfoCommand(program, outcome);
  addPluginCommands(program, plugins, outcome);
  addRunCommand(program, plugins, outcome);
  addDiffCommand(program, plugins, outcome);
  addTimelineCommand(program, plugins, outcome);
  addCheckCommand(program, plugins, outcome);
  addPolicyCommand(program, plugins, outcome);
  addReportCommand(program, plugins, outcome);
  addExplainCommand(program, outcome);
  addReadCommand(program, outcome);
  addTypeCommand(program, outcome);
  addShellCommand(program, plugins, outcome);
  addAcquireCommand(program, plugins, outcome);
  addScanCommand(program, plugins, outcome);
  addWatchCommand(program, plugins, outcome);
  addPluginsCommand(program, plugins);
  addProfileCommand(program, outcome);
  addSqlCommand(program);
  addCacheCommand(program);
  addCompletionCommand(program, plugins);
}
