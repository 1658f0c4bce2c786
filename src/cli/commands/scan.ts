// `vestige scan`: reads new snapshots, records them, and tells what is new.
// It also holds the flags that `scan` and `watch` share.
import { statSync } from 'node:fs';
import { basename, dirname } from 'node:path';
import { Command } from 'commander';
import { UsageError } from '../../base/errors.ts';
import { hint } from '../../base/nearest.ts';
import { version } from '../../files/version.ts';
import { type Open, OpenedElsewhere } from '../../inquiry/reading.ts';
import { bindingKey } from '../../inquiry/settings.ts';
import { scanPlaces } from '../../inquiry/store-places.ts';
import type { Judge } from '../../judging/judge.ts';
import type { AnyPlugin } from '../../plugin/contract.ts';
import { usualQuestions } from '../../plugin/usual-questions.ts';
import { SEVERITIES, type Severity } from '../../policy/verdict.ts';
import type { Channel } from '../../watch/channel.ts';
import type { ScanEvent, ScanResult } from '../../watch/event.ts';
import type { ScanChoice, ScanParts } from '../../watch/scan-parts.ts';
import { EXIT } from '../exit.ts';
import { type BudgetFlags, withBudgetFlags } from '../flags/budget.ts';
import { type LimitFlags, limitsFrom, withLimitFlags } from '../flags/limits.ts';
import { MAP_HELP } from '../flags/map.ts';
import { type OpenFlags, openSettings } from '../flags/settings.ts';
import { collected, timeFrom, wordOf } from '../flags/words.ts';
import type { Outcome } from '../outcome.ts';
import { complain, TERMINAL, writeAside, writeData } from '../terminal/output.ts';
import { usageText } from '../terminal/usage-text.ts';
import type { Charge } from './scan-process.ts';

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
  const { chargeOfThis, inOwnProcess } = await import('./scan-process.ts');
  const { Progress } = await import('../../reader/progress.ts');
  const charge = chargeOfThis();
  const progress = new Progress(command.whole);
  const { briefing, post } = charge ?? {
    briefing: progress.briefing,
    post: (report) => progress.hear(report),
  };
  const doer = { briefing, post, isSupervised: charge !== undefined };
  const { whole } = briefing;
  const patienceMs = timeFrom('--wait', flags.wait);
  try {
    await withScan(places, plugins, flags, doer, async (chosen, parts) => {
      const choice = whole === undefined ? chosen : { ...chosen, whole };
      // A scan that goes on has begun, whoever came in between.
      const isPatient = flags.ifFree !== true || briefing.died !== null;
      const result = await takingTurn(choice, parts, isPatient ? patienceMs : 0);
      if (result === undefined && !isPatient) return;
      if (result === undefined) complain('another scan records in the same file');
      outcome.code = result === undefined ? EXIT.failed : codeOf(both(briefing, result));
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

/** Scans when it is its turn. @returns undefined where another scan did not end in time */
export async function takingTurn(
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

/** The process that is to do a scan. */
export interface Doer extends Charge {
  /** Whether another looks at what this one takes: it opens nothing otherwise. */
  readonly isSupervised: boolean;
  readonly signal?: AbortSignal;
}

/**
 * Makes of flags what a scan needs, and tidies up after it. @throws UsageError, StoreError; OpenedElsewhere where a snapshot is to
 * be opened and nobody supervises this process
 */
export async function withScan(
  places: readonly string[],
  plugins: readonly AnyPlugin[],
  flags: ScanFlags,
  { briefing, post, isSupervised, signal }: Doer,
  action: (choice: ScanChoice, parts: ScanParts) => Promise<void>,
): Promise<void> {
  const settings = await openSettings(flags as OpenFlags, 'proof');
  const limits = limitsFrom(flags);
  const choice = {
    ...choiceFrom(places, plugins, flags),
    binding: bindingKey(settings),
  };
  const { isAnyLater, isAnyNew } = await import('../../watch/candidates.ts');
  const { path, also } = await scanPlaces(flags.history ?? flags.cache, TERMINAL);
  const recordedNs = lastWritten(path);
  const isKnown = recordedNs !== undefined;
  // What it takes to record is not loaded where another process does it.
  if (!isSupervised && isAnyLater(choice, recordedNs ?? 0n)) throw new OpenedElsewhere();
  const { Store } = await import('../../store/store.ts');
  const { surroundings } = await import('../../watch/settling.ts');
  const { failureMessageOf } = await import('../terminal/failure-message.ts');
  const { messageOf } = await import('../terminal/scan-lines.ts');
  const { openTold, tellingOnce } = await import('../../reader/charge.ts');
  // What is wrong with a policy is said before there is a file to record in.
  const known = isKnown ? undefined : await voicesFrom(flags, plugins);
  const store = Store.open(path, version());
  let opening: { readonly open: Open; close(): void } | undefined;
  try {
    if (!isSupervised && isAnyNew(choice, store.scans)) throw new OpenedElsewhere();
    if (isSupervised) opening = (await import('./scan-opener.ts')).openFor(store, also, settings);
    post({ say: 'up' });
    const { channels, judge } = known ?? (await voicesFrom(flags, plugins));
    await action(choice, {
      store,
      open:
        opening === undefined
          ? () => Promise.reject(new OpenedElsewhere())
          : openTold(opening.open, post, limits),
      resumed: briefing,
      ...(judge === undefined ? {} : { judge }),
      ...(await reporterOf(flags, store.path, plugins, judge)),
      channels,
      messageOf,
      failureMessageOf,
      tell: tellingOnce(new Set(briefing.told), post, await teller(flags)),
      surroundings: surroundings(signal),
      ...(signal === undefined ? {} : { signal }),
    });
  } finally {
    opening?.close();
    store.close();
  }
}

/** When a store was last written to, in nanoseconds since 1970; undefined where there is none. */
function lastWritten(path: string): bigint | undefined {
  const [own, log] = [path, `${path}-wal`].map(
    (name) => statSync(name, { bigint: true, throwIfNoEntry: false })?.mtimeNs,
  );
  return own === undefined || log === undefined || own > log ? own : log;
}

/** Who is told of a scan, and who judges in it. @throws Flaws, UsageError */
async function voicesFrom(
  flags: ScanFlags,
  plugins: readonly AnyPlugin[],
): Promise<{ readonly channels: Channel[]; readonly judge: Judge | undefined }> {
  return { channels: await channelsFrom(flags), judge: await judgeOf(flags, plugins) };
}

/** What judging takes is loaded where it is asked for. @throws Flaws, UsageError */
async function judgeOf(flags: ScanFlags, plugins: readonly AnyPlugin[]): Promise<Judge | undefined> {
  const { policy, baseline, failOn } = flags;
  if (policy === undefined && baseline === undefined && failOn === undefined) return undefined;
  return (await import('../../judging/judges.ts')).judgeOfMany(flags, plugins);
}

/** @throws UsageError */
async function reporterOf(
  { report }: ScanFlags,
  cache: string,
  plugins: readonly AnyPlugin[],
  judge: Judge | undefined,
): Promise<Pick<ScanParts, 'reporter'>> {
  if (report === undefined) return {};
  const { pageFrom, reporterInto } = await import('./scan-report.ts');
  return { reporter: reporterInto(report, pageFrom(cache, plugins, judge)) };
}

async function teller({ json, verbose }: ScanFlags): Promise<(event: ScanEvent) => void> {
  const { jsonLineOf, lineOf } = await import('../terminal/scan-lines.ts');
  return (event) => {
    const { text, isComplaint, isDetail } = lineOf(event);
    if (isDetail && verbose !== true) return;
    if (json === true) writeData(`${jsonLineOf(event)}\n`);
    else if (isComplaint) writeAside(`vestige: ${text}\n`);
    else writeData(`${text}\n`);
  };
}

function choiceFrom(
  places: readonly string[],
  plugins: readonly AnyPlugin[],
  flags: ScanFlags,
): Omit<ScanChoice, 'binding'> {
  const { keep, keepDays, deleteFiles, failOn, report } = flags;
  if (report === '') throw new UsageError('--report wants a folder');
  if (deleteFiles === true && keep === undefined && keepDays === undefined)
    throw new UsageError('--delete-files wants --keep or --keep-days: they say what is forgotten');
  return {
    places,
    depth: flags.recursive === true ? Number.POSITIVE_INFINITY : 0,
    plugins: pluginsFrom(plugins, flags.plugins),
    settleMs: timeFrom('--settle', flags.settle),
    tries: countFrom('--tries', flags.tries),
    retry: flags.again === true,
    deleteFiles: deleteFiles === true,
    ...machineOf(flags),
    ...(failOn === undefined ? {} : { failOn }),
    ...(keep === undefined ? {} : { keep: countFrom('--keep', keep) }),
    ...(keepDays === undefined ? {} : { keepDays: countFrom('--keep-days', keepDays) }),
  };
}

/** @throws UsageError */
function machineOf({ machine, machineByFolder }: ScanFlags): Pick<ScanChoice, 'machineOf'> {
  if (machine === '') throw new UsageError('--machine wants a name');
  if (machine !== undefined && machineByFolder === true)
    throw new UsageError('--machine contradicts --machine-by-folder');
  if (machine !== undefined) return { machineOf: () => machine };
  return machineByFolder === true ? { machineOf: (path) => basename(dirname(path)) || undefined } : {};
}

function pluginsFrom(plugins: readonly AnyPlugin[], words: string | undefined): readonly AnyPlugin[] {
  if (words === undefined) return usualQuestions(plugins);
  const names = plugins.map(({ name }) => name);
  const chosen = new Set(words.split(',').map((word) => word.trim()));
  for (const word of chosen)
    if (!names.includes(word)) throw new UsageError(`there is no plugin ${word}${hint(word, names)}`);
  return plugins.filter(({ name }) => chosen.has(name));
}

async function channelsFrom({ webhook: address, syslog: log, command }: ScanFlags): Promise<Channel[]> {
  if (address === undefined && log === undefined && command === undefined) return [];
  const { program, syslog } = await import('../../watch/program.ts');
  const { webhook } = await import('../../watch/webhook.ts');
  const secret = process.env['VESTIGE_WEBHOOK_SECRET'] || undefined;
  return [
    ...(address === undefined ? [] : [webhook(urlFrom(address), secret)]),
    ...(log === undefined ? [] : [syslog()]),
    ...(command === undefined ? [] : [program('command', command)]),
  ];
}

function urlFrom(word: string): URL {
  if (!URL.canParse(word)) throw new UsageError(`--webhook wants an address, not ${word}`);
  const url = new URL(word);
  if (url.protocol !== 'https:' && url.protocol !== 'http:')
    throw new UsageError(`--webhook wants an address of http or https, not ${url.protocol}`);
  if (url.username !== '' || url.password !== '')
    throw new UsageError('--webhook wants no password in the address: command lines are seen by others');
  return url;
}

function countFrom(flag: string, word: string): number {
  if (!/^[1-9]\d{0,5}$/.test(word))
    throw new UsageError(`${flag} wants a whole number from 1 on, not ${word}`);
  return Number(word);
}
