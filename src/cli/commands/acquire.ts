// `vestige acquire`: takes a snapshot of a running machine.
// It reads the flags, shows progress, and prints where the file is.
import type { Command } from 'commander';
import type { Acquired, AcquireOptions, Source } from '../../acquire/acquire.ts';
import { FORMATS, type Format } from '../../acquire/guest.ts';
import { ForensicError, UsageError } from '../../base/errors.ts';
import { version } from '../../files/version.ts';
import type { AnyPlugin } from '../../plugin/contract.ts';
import { escapeText } from '../../report/escape.ts';
import { jsonDocument } from '../../report/json.ts';
import type { Outcome } from '../outcome.ts';
import { complain, writeAside, writeData } from '../terminal/output.ts';

interface Flags {
  readonly qmp?: string;
  readonly libvirt?: string;
  readonly connect?: string;
  readonly output: string;
  readonly name?: string;
  readonly format?: string;
  readonly live?: true;
  readonly timeout: string;
  readonly scan?: true;
  readonly json?: true;
}

const LONGEST_TIMEOUT_SECONDS = 7 * 86_400;

/** What ends the process from outside, and must not do so while a guest is paused for us. */
const ENDINGS = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;

/** Adds `vestige acquire`. */
export function addAcquireCommand(program: Command, plugins: readonly AnyPlugin[], outcome: Outcome): void {
  program
    .command('acquire')
    .description('Take a snapshot of a running guest of QEMU or libvirt')
    .option('--qmp <socket>', "the socket of QEMU's machine protocol: a path, or host:port")
    .option('--libvirt <domain>', 'a domain of libvirt, by virsh')
    .option('--connect <uri>', "libvirt's URI, where it is not the usual one")
    .requiredOption('--output <folder>', 'the folder for the snapshot')
    .option('--name <name>', 'what the file is named after, instead of what the guest calls itself')
    .option('--format <format>', `${FORMATS.join(', ')}; without it kdump, or elf where there is no kdump`)
    .option('--live', 'do not pause the guest')
    .option('--timeout <seconds>', 'give up after so long', '3600')
    .option('--scan', 'then scan the folder; what stands behind -- are flags of scan')
    .option('--json', 'as JSON')
    .argument('[flags...]')
    .usage('[options] [-- flags of scan]')
    .addHelpText(
      'after',
      '\nExample:\n  vestige acquire --qmp /run/qemu/web.qmp --output /srv/snapshots\n' +
        '  vestige acquire --libvirt web --connect qemu:///system --output /srv/snapshots --scan -- --keep 336\n',
    )
    .action(async (words: string[], flags: Flags) => {
      const options = optionsFrom(flags);
      const scan = await scanFrom(words, flags, plugins, outcome);
      const notes: string[] = [];
      const acquired = await untilEnded(async (signal) => {
        const { acquire } = await import('../../acquire/acquire.ts');
        const progress = showWritten;
        return acquire({ ...options, signal, progress, note: (message) => notes.push(message) });
      });
      if (acquired.base !== undefined)
        notes.push(`its first byte is at 0x${acquired.base.toString(16)}: read it with --base`);
      if (flags.json === true) writeData(jsonDocument(version(), documentOf(acquired, notes)));
      else {
        writeAside(notes.map((note) => `note: ${escapeText(note)}\n`).join(''));
        writeData(`${acquired.path}\n`);
      }
      await scan?.(acquired.path);
    });
}

/** What is to be done with the snapshot. A slip in the words for it must not cost a guest its time. @throws UsageError */
async function scanFrom(
  words: readonly string[],
  { scan, output }: Flags,
  plugins: readonly AnyPlugin[],
  outcome: Outcome,
): Promise<((whole: string) => Promise<void>) | undefined> {
  if (scan !== true && words.length > 0)
    throw new UsageError(`${words[0]} is for a scan, and there is no --scan`);
  if (scan !== true) return undefined;
  const { prepareScan } = await import('./scan.ts');
  return prepareScan([...words, '--', output], plugins, outcome);
}

/** @throws UsageError */
function optionsFrom(flags: Flags): AcquireOptions {
  const { output, name, format, live, timeout } = flags;
  if (output === '') throw new UsageError('--output wants a folder');
  if (name === '') throw new UsageError('--name wants a name');
  if (!/^\d{1,6}$/.test(timeout) || Number(timeout) < 1 || Number(timeout) > LONGEST_TIMEOUT_SECONDS)
    throw new UsageError(`--timeout wants seconds, from 1 to ${LONGEST_TIMEOUT_SECONDS}, not ${timeout}`);
  return {
    source: sourceFrom(flags),
    folder: output,
    timeoutMs: Number(timeout) * 1000,
    ...(name === undefined ? {} : { name }),
    ...(format === undefined ? {} : { format: knownFormat(format) }),
    ...(live === true ? { live } : {}),
  };
}

/** @throws UsageError */
function sourceFrom({ qmp, libvirt, connect, format }: Flags): Source {
  if ((qmp === undefined) === (libvirt === undefined))
    throw new UsageError('either --qmp or --libvirt says which guest is meant');
  if (qmp !== undefined) {
    if (connect !== undefined) throw new UsageError('--connect goes with --libvirt, not with --qmp');
    if (qmp === '') throw new UsageError('--qmp wants a path, or host:port');
    return { qmp };
  }
  if (format === 'raw') throw new UsageError('libvirt writes no raw memory: --format kdump or elf');
  return { libvirt: libvirt!, ...(connect === undefined ? {} : { connect }) };
}

/** @throws UsageError */
function knownFormat(word: string): Format {
  const known = FORMATS.find((format) => format === word);
  if (known === undefined)
    throw new UsageError(`there is no format ${word}; there are ${FORMATS.join(', ')}`);
  return known;
}

/**
 * Whoever ends the process waits until the guest runs again, and the process then ends as it would have at once, so
 * that shells and service managers see what they know.
 */
async function untilEnded(action: (signal: AbortSignal) => Promise<Acquired>): Promise<Acquired> {
  const ending = new AbortController();
  let by: NodeJS.Signals | undefined;
  const end = (signal: NodeJS.Signals): void => {
    clearWritten();
    writeAside('note: this ends as soon as the guest is known to run\n');
    by = signal;
    ending.abort();
  };
  for (const signal of ENDINGS) process.on(signal, end);
  const letGo = (): void => {
    for (const signal of ENDINGS) process.off(signal, end);
  };
  try {
    return await action(ending.signal);
  } catch (error) {
    clearWritten();
    if (by === undefined || !(error instanceof ForensicError)) throw error;
    complain(error.message);
    letGo();
    process.kill(process.pid, by);
    throw error;
  } finally {
    clearWritten();
    letGo();
  }
}

const documentOf = (acquired: Acquired, notes: readonly string[]): Readonly<Record<string, unknown>> => {
  const { path, bytes, format, machine, takenAt, seconds, paused, base } = acquired;
  const first = base === undefined ? {} : { base: `0x${base.toString(16)}` };
  return { path, bytes, format, machine, takenAt, seconds, paused, ...first, notes };
};

/** The line on the terminal. The one of output.ts ends the process on Ctrl-C, which is too soon here. */
let shown = '';

function showWritten(done: number, total: number): void {
  if (!process.stderr.isTTY || !(total > 0)) return;
  const line = `writing memory: ${Math.min(100, Math.floor((100 * done) / total))} %`;
  if (line !== shown) process.stderr.write(`\r${line}\x1b[K`);
  shown = line;
}

function clearWritten(): void {
  if (shown !== '') process.stderr.write('\r\x1b[K');
  shown = '';
}
