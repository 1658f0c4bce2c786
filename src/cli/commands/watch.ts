// `vestige watch`: scans folders whenever something in them changes.
// It takes the flags of `scan` and runs until a signal ends it.
import type { Command } from 'commander';
import { StoreError, UsageError } from '../../base/errors.ts';
import type { AnyPlugin } from '../../plugin/contract.ts';
import type { ScanEvent } from '../../watch/event.ts';
import type { ScanChoice, ScanParts } from '../../watch/scan-parts.ts';
import { limitsFrom } from '../flags/limits.ts';
import { type ScanFlags, withScanFlags } from '../flags/scan.ts';
import { timeFrom } from '../flags/words.ts';
import type { Outcome } from '../outcome.ts';
import { complain } from '../terminal/output.ts';
import { scanAlone, wordsOf } from './scan.ts';
import type { SupervisedScan } from './scan-process.ts';
import { withScan } from './scan-setup.ts';

/** How long after a signal the process is ended, if it has not come to an end. What is not recorded by then is read again next time. */
const GRACE_MS = 1_000;

/** Adds `vestige watch <folder…>`. */
export function addWatchCommand(program: Command, plugins: readonly AnyPlugin[], outcome: Outcome): void {
  const command = program
    .command('watch')
    .description('Scan folders whenever something is new in them, until Ctrl-C')
    .argument('<folder...>')
    .option('--every <time>', 'look at least this often, even if nothing seems to change', '60s')
    .addHelpText(
      'after',
      '\nExample:\n  vestige watch /var/lib/vestige/snapshots --plugins pslist,sockets\n',
    );
  withScanFlags(command).action(async (folders: string[], flags: ScanFlags & { every: string }) => {
    const everyMs = timeFrom('--every', flags.every);
    if (everyMs === 0) throw new UsageError('--every wants a time to rest');
    const patienceMs = timeFrom('--wait', flags.wait);
    const { supervisedScan, inOwnProcess } = await import('./scan-process.ts');
    const supervised = supervisedScan();
    if (supervised === undefined) {
      const { Progress } = await import('../../reader/progress.ts');
      outcome.code = await inOwnProcess(wordsOf(command), plugins, limitsFrom(flags), new Progress());
      return;
    }
    const end = new AbortController();
    const stop = (): void => {
      end.abort();
      // Whatever is under way is recorded whole or not at all.
      setTimeout(() => process.exit(outcome.code), GRACE_MS).unref();
    };
    // On a terminal, Ctrl-C comes from there and from the supervisor.
    process.on('SIGINT', stop).on('SIGTERM', stop);
    try {
      await withScan(
        folders,
        plugins,
        flags,
        { ...supervised, isSupervised: true, state: { ...supervised.state, told: [] }, signal: end.signal },
        async (choice, parts) => {
          const { watch } = await import('../../watch/watch.ts');
          const pass = passOf(choice, parts, patienceMs, supervised);
          await watch(folders, { everyMs, settleMs: choice.settleMs }, pass, end.signal, parts.surroundings);
        },
      );
    } finally {
      process.off('SIGINT', stop).off('SIGTERM', stop);
    }
  });
}

/** One look at the folders. What was said after the last one and is still so is not said again. */
function passOf(
  choice: ScanChoice,
  { resumed, ...parts }: ScanParts,
  patienceMs: number,
  { state, send }: SupervisedScan,
): () => Promise<boolean> {
  let said = new Set(state.told);
  let first = resumed;
  return async () => {
    const saying = new Set<string>();
    const once = (words: string, say: () => void): void => {
      if (!said.has(words)) say();
      saying.add(words);
    };
    let isUnfinished = false;
    const tell = (event: ScanEvent): void => {
      if (event.kind === 'unsettled' && !event.isCut) isUnfinished = true;
      if (event.kind === 'recorded') parts.tell(event);
      else once(JSON.stringify(event), () => parts.tell(event));
    };
    try {
      const result = await scanAlone(
        choice,
        { ...parts, tell, ...(first === undefined ? {} : { resumed: first }) },
        patienceMs,
      );
      if (result !== undefined) first = undefined;
      if (result === undefined && parts.signal?.aborted !== true)
        once('busy', () => complain('another scan records in the same file'));
    } catch (error) {
      // A full disk may be empty again tomorrow.
      if (!(error instanceof StoreError)) throw error;
      once(error.message, () => complain(error.message));
    }
    said = saying;
    send({ say: 'rest', said: [...saying] });
    return isUnfinished;
  };
}
