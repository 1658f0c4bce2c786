import type { Command } from 'commander';
import { UsageError } from '../base/errors.ts';
import { escapeJson, escapeText } from '../report/escape.ts';
import { bytesText } from '../report/info.ts';
import type { StoreDoor } from '../store/door.ts';
import type { StoredSnapshot } from '../store/upkeep.ts';
import { writeData } from './output.ts';
import { cachePath, type OpenFlags } from './settings.ts';
import { version } from './version.ts';

const DAY_MS = 86_400_000;

/** Adds `vestige cache list|prune|clear|path`. */
export function addCacheCommand(program: Command): void {
  const cache = program.command('cache').description('List, prune or clear the remembered answers');
  const withCache = (command: Command): Command =>
    command.option('--cache <file>', 'this file instead of the usual one');
  withCache(cache.command('path').description('Print where the cache is')).action((flags: OpenFlags) =>
    writeData(`${pathFrom(flags)}\n`),
  );
  withCache(cache.command('list').description('List the snapshots that something is remembered of'))
    .option('--json', 'as JSON')
    .action((flags: OpenFlags & { json?: true }) =>
      withStore(flags, (store) => list(store, flags.json === true)),
    );
  withCache(
    cache
      .command('prune')
      .description('Forget snapshots that are gone or changed, and what older versions of vestige found'),
  )
    .option('--days <days>', 'also forget what was not asked about for so many days')
    .action((flags: OpenFlags & { days?: string }) => prune(flags));
  withCache(cache.command('clear').description('Forget everything')).action((flags: OpenFlags) =>
    clear(flags),
  );
}

async function prune(flags: OpenFlags & { days?: string }): Promise<void> {
  if (flags.days !== undefined && !/^\d{1,5}$/.test(flags.days))
    throw new UsageError(`--days wants a whole number, not ${flags.days}`);
  const oldest = flags.days === undefined ? 0 : Date.now() - Number(flags.days) * DAY_MS;
  const { keyOfSettled, isSameKey } = await import('../store/key.ts');
  const { plugins } = await import('../../plugins/index.ts');
  await withStore(flags, ({ upkeep }) => {
    const forgotten = upkeep.forget(({ path, seen, key }) => {
      const now = keyOfSettled(path); // whether it still changes does not matter here
      return now === null || !isSameKey(now, key) || Date.parse(seen) < oldest;
    });
    const outdated = upkeep.forgetOutdated(plugins);
    upkeep.shrink();
    writeData(`${counted(forgotten, 'snapshot')} and ${counted(outdated, 'outdated answer')} forgotten\n`);
  });
}

const counted = (count: number, what: string): string => `${count} ${what}${count === 1 ? '' : 's'}`;

async function clear(flags: OpenFlags): Promise<void> {
  const path = pathFrom(flags);
  const { UnusableStore } = await import('../store/unusable.ts');
  try {
    await withStore(flags, ({ upkeep }) => upkeep.clear());
  } catch (error) {
    if (!(error instanceof UnusableStore)) throw error;
    const { Store } = await import('../store/store.ts');
    Store.discard(path);
  }
  writeData(`${escapeText(path)} is empty\n`);
}

const pathFrom = (flags: OpenFlags): string => cachePath({ ...flags, cache: flags.cache ?? true })!;

async function withStore(flags: OpenFlags, action: (store: StoreDoor) => void): Promise<void> {
  const { Store } = await import('../store/store.ts');
  const store = Store.open(pathFrom(flags), version());
  try {
    action(store);
  } finally {
    store.close();
  }
}

function list({ upkeep }: StoreDoor, json: boolean): void {
  const snapshots = upkeep.snapshots();
  if (json) writeData(`${escapeJson(JSON.stringify(snapshots, null, 2))}\n`);
  else writeData(snapshots.map(snapshotText).join(''));
}

/** A path of any length on a line of its own, what is remembered of it below. */
function snapshotText(snapshot: StoredSnapshot): string {
  const { path, sizeBytes, hostname, taken, seen, plugins, rowCount, findingCount } = snapshot;
  const origin = [hostname, taken].filter((part) => part !== null && part !== '').join(' at ');
  const rows = `${counted(rowCount, 'row')} of ${plugins.join(', ') || 'no plugin'}`;
  const findings = findingCount === 0 ? '' : counted(findingCount, 'finding');
  const facts = [origin, bytesText(sizeBytes), rows, findings, `last asked at ${seen}`].filter(
    (part) => part !== '',
  );
  return `${escapeText(path)}\n  ${escapeText(facts.join(', '))}\n`;
}
