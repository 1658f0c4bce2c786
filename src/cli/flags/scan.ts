// The flags that `scan` and `watch` share, and what commander makes of them.
// What they mean is for commands/scan-choice.ts and commands/scan-setup.ts.
import type { Command } from 'commander';
import { SEVERITIES, type Severity } from '../../policy/verdict.ts';
import { type BudgetFlags, withBudgetFlags } from './budget.ts';
import { type LimitFlags, withLimitFlags } from './limits.ts';
import { MAP_HELP } from './map.ts';
import { collected, wordOf } from './words.ts';

/** Flags of `scan` and `watch`, as commander gives them. */
export interface ScanFlags extends LimitFlags, BudgetFlags {
  readonly plugins?: string;
  readonly history?: string;
  readonly cache?: string;
  readonly base?: string;
  readonly map?: string;
  readonly profile?: string;
  readonly recursive?: true;
  readonly settle: string;
  readonly tries: string;
  readonly again?: true;
  readonly wait: string;
  readonly machine?: string;
  readonly machineByFolder?: true;
  readonly keep?: string;
  readonly keepDays?: string;
  readonly deleteFiles?: true;
  readonly policy?: readonly string[];
  readonly baseline?: readonly string[];
  readonly failOn?: Severity;
  readonly report?: string;
  readonly webhook?: string;
  readonly syslog?: true;
  readonly command?: string;
  readonly verbose?: true;
  readonly json?: true;
}

/** Flags whose values are words. */
export const SCAN_CHOICES: Readonly<Record<string, readonly string[]>> = { '--fail-on': SEVERITIES };

/** Adds the flags that `scan` and `watch` share. */
export const withScanFlags = (command: Command): Command =>
  withBudgetFlags(withLimitFlags(command))
    .option('--plugins <list>', 'ask these questions (default: all but long and costly ones)')
    .option('--recursive', 'look into subfolders too, up to eight levels deep')
    .option('--settle <time>', 'a file that changed within this time is still being written', '5s')
    .option('--tries <scans>', 'give up on a file that this many scans could not read', '5')
    .option('--again', 'try files again that earlier scans gave up on')
    .option('--wait <time>', 'how long to wait for another scan that uses the same file', '30s')
    .option('--keep <snapshots>', 'keep only this many of the newest snapshots of each machine')
    .option('--keep-days <days>', 'forget snapshots whose files are older than this many days')
    .option('--delete-files', 'also delete the files of forgotten snapshots')
    .option('--machine <name>', 'take all snapshots to be of this machine, whatever they say')
    .option('--machine-by-folder', 'take each snapshot to be of the machine that its folder is named after')
    .option(
      '--policy <policy>',
      'judge by this policy too: a file, or the name of one that ships with the program (may be given several times)',
      collected,
    )
    .option(
      '--baseline <file>',
      'do not count findings that this baseline has (may be given several times)',
      collected,
    )
    .option(
      '--fail-on <severity>',
      `only new findings of this severity or higher are news: ${SEVERITIES.join(', ')}`,
      wordOf(SEVERITIES, '--fail-on'),
    )
    .option('--report <folder>', 'write a page about each snapshot into a folder of its machine in this one')
    .option('--webhook <url>', 'POST what is new as JSON, signed with $VESTIGE_WEBHOOK_SECRET')
    .option('--syslog', "write a line about what is new into the system's log (with logger)")
    .option('--command <program>', 'give what is new as JSON to the standard input of a program')
    .option('--base <address>', 'physical address of the first byte of raw snapshots')
    .option('--map <pieces>', MAP_HELP)
    .option('--profile <file>', 'use this profile or symbol table; of a folder, the one that fits')
    .option('--kernel <number>', 'of several kernels in a snapshot, read this one: info numbers them')
    .option('--history <file>', 'record in this file instead of the usual one')
    .option('--cache <file>', 'the same as --history')
    .option('--verbose', 'say too what was seen before, left out and forgotten')
    .option('--json', 'one JSON object a line');
