// `vestige scan`: reads new snapshots, records them, and tells what is new.
// A process of its own opens the snapshots; `acquire --scan` prepares the command line before there is a snapshot.
import { Command } from 'commander';
import { OpenedElsewhere } from '../../inquiry/reading.ts';
import type { AnyPlugin } from '../../plugin/contract.ts';
import type { ScanResult } from '../../watch/event.ts';
import type { ScanChoice, ScanParts } from '../../watch/scan-parts.ts';
import { EXIT } from '../exit.ts';
import { limitsFrom } from '../flags/limits.ts';
import { type ScanFlags, withScanFlags } from '../flags/scan.ts';
import { type OpenFlags, openSettings } from '../flags/settings.ts';
import { timeFrom } from '../flags/words.ts';
import type { Outcome } from '../outcome.ts';
import { complain } from '../terminal/output.ts';
import { usageText } from '../terminal/usage-text.ts';
import { channelsFrom, choiceFrom } from './scan-choice.ts';
import { judgeOf, withScan } from './scan-setup.ts';

const EXIT_HELP = `
Exit code: 0 nothing new, 1 something appeared, vanished or changed, is newly found by the policy, or a machine's clock or name
is not what it was, 2 something could not be done. With --fail-on, 1 only where something is newly found, or can no more be
evaluated. With --if-free, 0 also where another scan is at work.

Examples:
  vestige scan /var/lib/vestige/snapshots --plugins pslist,sockets,modules --keep 48 --syslog
  vestige scan /var/lib/vestige/snapshots --policy cloud-linux --fail-on high --syslog
`;

type ScanAction = (
  places: string[],
  flags: ScanFlags & { ifFree?: true },
  words: readonly string[],
) => Promise<void>;

/** Adds `vestige scan <snapshot|folder…>`. */
export function addScanCommand(program: Command, plugins: readonly AnyPlugin[], outcome: Outcome): void {
  addScan(program, (places, flags, words) => runScan(places, plugins, flags, { words, outcome }));
}

/**
 * Reads a command line of `scan` as far as that can be done before there is anything to scan, so that a slip in it is
 * told at once. @returns what does the scan; `whole` is a file that nobody writes to any more. @throws UsageError
 */
export async function prepareScan(
  words: readonly string[],
  plugins: readonly AnyPlugin[],
  outcome: Outcome,
): Promise<(whole: string) => Promise<void>> {
  const program = new Command('vestige').exitOverride().configureOutput({
    outputError: (text) => complain(`scan: ${usageText(text)}`),
  });
  let scanning: ((whole: string) => Promise<void>) | undefined;
  addScan(program, async (places, flags, all) => {
    timeFrom('--wait', flags.wait);
    limitsFrom(flags);
    choiceFrom(places, plugins, flags);
    await openSettings(flags as OpenFlags, 'proof');
    await channelsFrom(flags);
    await judgeOf(flags, plugins);
    scanning = (whole) => runScan(places, plugins, flags, { words: all, outcome, whole });
  });
  await program.parseAsync(['scan', ...words], { from: 'user' });
  return scanning!;
}

function addScan(program: Command, action: ScanAction): void {
  const command = program
    .command('scan')
    .description('Read new snapshots, report what changed since the one before, and record it')
    .argument('<place...>', 'snapshots, and folders of them')
    .option('--if-free', 'end with 0 and without a message if another scan is running')
    .addHelpText('after', EXIT_HELP);
  withScanFlags(command).action((places: string[], flags: ScanFlags) =>
    action(places, flags, wordsOf(command)),
  );
}

/** A command of scanning and all behind it, as `parseAsync` was given them: another process can be given the same. */
export const wordsOf = ({ parent }: Command): readonly string[] =>
  (parent as unknown as { readonly rawArgs: readonly string[] }).rawArgs;

/** Does a scan here where nothing is to be opened for it, and else in a process of its own. */
async function runScan(
  places: readonly string[],
  plugins: readonly AnyPlugin[],
  flags: ScanFlags & { ifFree?: true },
  command: { readonly words: readonly string[]; readonly outcome: Outcome; readonly whole?: string },
): Promise<void> {
  const { words, outcome } = command;
  const { supervisedScan, inOwnProcess } = await import('./scan-process.ts');
  const { Progress } = await import('../../reader/progress.ts');
  const supervised = supervisedScan();
  const progress = new Progress(command.whole);
  const { state, send } = supervised ?? {
    state: progress.state,
    send: (report) => progress.hear(report),
  };
  const scanning = { state, send, isSupervised: supervised !== undefined };
  const { whole } = state;
  const patienceMs = timeFrom('--wait', flags.wait);
  try {
    await withScan(places, plugins, flags, scanning, async (chosen, parts) => {
      const choice = whole === undefined ? chosen : { ...chosen, whole };
      // A scan that goes on has begun, whoever came in between.
      const isPatient = flags.ifFree !== true || state.died !== null;
      const result = await scanAlone(choice, parts, isPatient ? patienceMs : 0);
      if (result === undefined && !isPatient) return;
      if (result === undefined) complain('another scan records in the same file');
      outcome.code = result === undefined ? EXIT.failed : codeOf(both(state, result));
    });
  } catch (error) {
    if (!(error instanceof OpenedElsewhere)) throw error;
    outcome.code = await inOwnProcess(words, plugins, limitsFrom(flags), progress);
  }
}

const both = (one: ScanResult, other: ScanResult): ScanResult => ({
  hasNews: one.hasNews || other.hasNews,
  hasTrouble: one.hasTrouble || other.hasTrouble,
});

/** Trouble outweighs news: a script that sees 1 may rely on everything having been looked at. */
const codeOf = ({ hasNews, hasTrouble }: ScanResult): number =>
  hasTrouble ? EXIT.failed : hasNews ? EXIT.findings : EXIT.done;

/** Scans when no other scan records in the same file. @returns undefined where another scan did not end in time */
export async function scanAlone(
  choice: ScanChoice,
  parts: ScanParts,
  patienceMs: number,
): Promise<ScanResult | undefined> {
  const { waitForLock } = await import('../../watch/wait-for-lock.ts');
  const { scan } = await import('../../watch/scan.ts');
  const { store, surroundings, signal } = parts;
  const lock = await waitForLock(store.path, patienceMs, surroundings.wait, signal);
  if (lock === undefined) return undefined;
  try {
    return await scan(choice, parts);
  } finally {
    lock.release();
  }
}
