// What the flags of `scan` and `watch` mean: which files and questions, how many to keep, and who is told.
// A word that means nothing is refused here, before anything is opened.
import { basename, dirname } from 'node:path';
import { UsageError } from '../../base/errors.ts';
import { hint } from '../../base/nearest.ts';
import type { AnyPlugin } from '../../plugin/contract.ts';
import { usualQuestions } from '../../plugin/usual-questions.ts';
import type { Channel } from '../../watch/channel.ts';
import type { ScanChoice } from '../../watch/scan-parts.ts';
import type { ScanFlags } from '../flags/scan.ts';
import { timeFrom } from '../flags/words.ts';

/** What flags say of what is to be scanned, and how. @throws UsageError */
export function choiceFrom(
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

/** Who is told of what is new. @throws UsageError */
export async function channelsFrom({
  webhook: address,
  syslog: log,
  command,
}: ScanFlags): Promise<Channel[]> {
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
