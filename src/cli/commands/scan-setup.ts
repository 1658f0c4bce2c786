// Makes of flags what a scan needs: the store, what opens snapshots, the policies, and who is told.
// All of it is closed again when the scan ends.
import { statSync } from 'node:fs';
import { version } from '../../files/version.ts';
import { type Open, OpenedElsewhere } from '../../inquiry/reading.ts';
import { bindingKey } from '../../inquiry/settings.ts';
import { scanPaths } from '../../inquiry/store-paths.ts';
import type { Judge } from '../../judging/judge.ts';
import type { AnyPlugin } from '../../plugin/contract.ts';
import type { Channel } from '../../watch/channel.ts';
import type { ScanEvent } from '../../watch/event.ts';
import type { ScanChoice, ScanParts } from '../../watch/scan-parts.ts';
import { limitsFrom } from '../flags/limits.ts';
import type { ScanFlags } from '../flags/scan.ts';
import { type OpenFlags, openSettings } from '../flags/settings.ts';
import { TERMINAL, writeAside, writeData } from '../terminal/output.ts';
import { channelsFrom, choiceFrom } from './scan-choice.ts';
import type { SupervisedScan } from './scan-process.ts';

/** The process that is to do a scan. */
export interface ScanningProcess extends SupervisedScan {
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
  { state, send, isSupervised, signal }: ScanningProcess,
  action: (choice: ScanChoice, parts: ScanParts) => Promise<void>,
): Promise<void> {
  const settings = await openSettings(flags as OpenFlags, 'proof');
  const limits = limitsFrom(flags);
  const choice = {
    ...choiceFrom(places, plugins, flags),
    binding: bindingKey(settings),
  };
  const { isAnyLater, isAnyNew } = await import('../../watch/candidates.ts');
  const { path, also } = await scanPaths(flags.history ?? flags.cache, TERMINAL);
  const recordedNs = lastWritten(path);
  const isKnown = recordedNs !== undefined;
  // What it takes to record is not loaded where another process does it.
  if (!isSupervised && isAnyLater(choice, recordedNs ?? 0n)) throw new OpenedElsewhere();
  const { Store } = await import('../../store/store.ts');
  const { surroundings } = await import('../../watch/settling.ts');
  const { failureMessageOf } = await import('../terminal/failure-message.ts');
  const { messageOf } = await import('../terminal/scan-lines.ts');
  const { openTold, tellingOnce } = await import('../../reader/scan-reports.ts');
  // What is wrong with a policy is said before there is a file to record in.
  const early = isKnown ? undefined : await judgeAndChannels(flags, plugins);
  const store = Store.open(path, version());
  let opening: { readonly open: Open; close(): void } | undefined;
  try {
    if (!isSupervised && isAnyNew(choice, store.scans)) throw new OpenedElsewhere();
    if (isSupervised) opening = (await import('./scan-opener.ts')).openFor(store, also, settings);
    send({ say: 'up' });
    const { channels, judge } = early ?? (await judgeAndChannels(flags, plugins));
    await action(choice, {
      store,
      open:
        opening === undefined
          ? () => Promise.reject(new OpenedElsewhere())
          : openTold(opening.open, send, limits),
      resumed: state,
      ...(judge === undefined ? {} : { judge }),
      ...(await reporterOf(flags, store.path, plugins, judge)),
      channels,
      messageOf,
      failureMessageOf,
      tell: tellingOnce(new Set(state.told), send, await teller(flags)),
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
async function judgeAndChannels(
  flags: ScanFlags,
  plugins: readonly AnyPlugin[],
): Promise<{ readonly channels: Channel[]; readonly judge: Judge | undefined }> {
  return { channels: await channelsFrom(flags), judge: await judgeOf(flags, plugins) };
}

/** The policies to judge by; undefined where no flag asks for any. What judging takes is loaded only then. @throws Flaws, UsageError */
export async function judgeOf(flags: ScanFlags, plugins: readonly AnyPlugin[]): Promise<Judge | undefined> {
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
