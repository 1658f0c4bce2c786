// `vestige cache`: lists, prunes and clears remembered answers.
// It asks before it deletes what nobody can find out again.
import { existsSync } from 'node:fs';
import type { Command } from 'commander';
import { UsageError } from '../../base/errors.ts';
import { version } from '../../files/version.ts';
import { partStores, type StorePaths, storePaths } from '../../inquiry/store-paths.ts';
import { escapeJson, escapeText } from '../../report/escape.ts';
import { bytesText } from '../../report/info.ts';
import { wrap } from '../../report/width.ts';
import type { StoreInterface } from '../../store/interface.ts';
import type { Holdings, StoredSnapshot } from '../../store/upkeep.ts';
import type { OpenFlags } from '../flags/settings.ts';
import { showList } from '../terminal/list.ts';
import { complain, TERMINAL, terminalWidth, writeData } from '../terminal/output.ts';

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
    .action((flags: OpenFlags & { json?: true }) => list(flags));
  withCache(
    cache
      .command('prune')
      .description('Forget snapshots that are gone or changed, and what older versions of vestige found'),
  )
    .option('--days <days>', 'also forget what nobody asked about for this many days')
    .action((flags: OpenFlags & { days?: string }) => prune(flags));
  withCache(
    cache
      .command('clear')
      .description('Forget everything that can be found out again, after listing it and asking'),
  )
    .option('--yes', 'do not ask for confirmation')
    .action((flags: OpenFlags & { yes?: true }) => clear(flags));
}

async function prune(flags: OpenFlags & { days?: string }): Promise<void> {
  if (flags.days !== undefined && !/^\d{1,5}$/.test(flags.days))
    throw new UsageError(`--days wants a whole number, not ${flags.days}`);
  const oldest = flags.days === undefined ? 0 : Date.now() - Number(flags.days) * DAY_MS;
  const { keyOfSettled, isSameKey } = await import('../../store/key.ts');
  const { plugins } = await import('../../../plugins/index.ts');
  const { pathsOf, piecesOf } = await import('../../snapshot/pieces.ts');
  const piecesBeside = (path: string) => pathsOf(piecesOf(path));
  await withStore(flags, ({ upkeep }) => {
    const forgotten = upkeep.forget(({ path, seen, key }) => {
      const now = keyOfSettled(path, piecesBeside(path)); // whether it still changes does not matter here
      return now === null || !isSameKey(now, key) || Date.parse(seen) < oldest;
    });
    const outdated = upkeep.forgetOutdated(plugins);
    upkeep.shrink();
    writeData(`${counted(forgotten, 'snapshot')} and ${counted(outdated, 'outdated answer')} forgotten\n`);
  });
}

const counted = (count: number, what: string): string => `${count} ${what}${count === 1 ? '' : 's'}`;

async function clear(flags: OpenFlags & { yes?: true }): Promise<void> {
  const path = pathFrom(flags);
  const { UnusableStore } = await import('../../store/unusable.ts');
  const { confirm } = await import('../terminal/confirm.ts');
  const isMeant = (what: string): boolean => {
    complain(`${path} holds ${what}`);
    return flags.yes === true || confirm('Delete all of it?', '--yes');
  };
  try {
    await withStore(flags, ({ upkeep }) => {
      const holdings = upkeep.holdings();
      if (isEmpty(holdings) || isMeant(holdingsText(holdings))) upkeep.clear();
      else throw new UsageError('nothing is deleted');
    });
  } catch (error) {
    if (!(error instanceof UnusableStore)) throw error;
    if (!isMeant('what cannot be read any more')) throw new UsageError('nothing is deleted');
    const { Store } = await import('../../store/store.ts');
    Store.discard(path);
  }
  writeData(`${escapeText(path)} is empty\n`);
}

const isEmpty = (holdings: Holdings): boolean => Object.values(holdings).every((count) => count === 0);

/** What a store holds, and what of it nobody can find out again. */
function holdingsText({ snapshots, answers, profiles, recorded, findings, waiting }: Holdings): string {
  const all = [counted(answers, 'answer'), `about ${counted(snapshots, 'snapshot')}`];
  const text = `${all.join(' ')} and ${counted(profiles, 'profile')}`;
  const scans = [
    ...(recorded === 0 ? [] : [`${counted(recorded, 'snapshot')} with ${counted(findings, 'finding')}`]),
    ...(waiting === 0 ? [] : [`${counted(waiting, 'message')} to be told`]),
  ];
  return scans.length === 0
    ? text
    : `${text}; scans recorded ${scans.join(' and ')}: that cannot be found out again`;
}

const placesFrom = ({ cache }: OpenFlags): StorePaths => storePaths({ cache: cache ?? true })!;

/** The cache: what scans recorded in a file of its own is only listed. */
const pathFrom = (flags: OpenFlags): string => placesFrom(flags).cache;

async function withStore(flags: OpenFlags, action: (store: StoreInterface) => void): Promise<void> {
  await partStores(placesFrom(flags), TERMINAL);
  const { Store } = await import('../../store/store.ts');
  const store = Store.open(pathFrom(flags), version());
  try {
    action(store);
  } finally {
    store.close();
  }
}

async function list(flags: OpenFlags & { json?: true }): Promise<void> {
  const snapshots: StoredSnapshot[] = [];
  await withStore(flags, ({ upkeep }) => snapshots.push(...upkeep.snapshots()));
  const { history } = placesFrom(flags);
  if (history !== undefined && existsSync(history)) {
    const { Store } = await import('../../store/store.ts');
    const recorded = Store.openReadonly(history, version());
    snapshots.push(...recorded.upkeep.snapshots());
    recorded.close();
  }
  if (flags.json === true) writeData(`${escapeJson(JSON.stringify(snapshots, null, 2))}\n`);
  else
    await showList(
      () => ({
        titles: ['snapshot', 'what is remembered of it'],
        rows: snapshots.map((one) => [one.path, factsOf(one)]),
      }),
      () => snapshots.map(snapshotText).join(''),
    );
}

/** What is remembered of a snapshot, in words that may quote the evidence. */
function factsOf(snapshot: StoredSnapshot): string[] {
  const { sizeBytes, hostname, taken, seen, plugins, rowCount, findingCount } = snapshot;
  const origin = [hostname, taken].filter((part) => part !== null && part !== '').join(' at ');
  const rows = `${counted(rowCount, 'row')} of ${plugins.join(', ') || 'no plugin'}`;
  const findings = findingCount === 0 ? '' : counted(findingCount, 'finding');
  return [origin, bytesText(sizeBytes), rows, findings, `last asked at ${seen}`].filter(
    (part) => part !== '',
  );
}

/** A path of any length on a line of its own, what is remembered of it below. */
function snapshotText(snapshot: StoredSnapshot): string {
  const facts = escapeText(factsOf(snapshot).join(', '));
  const lines = wrap(facts, terminalWidth() - 2).map((line) => `  ${line}\n`);
  return `${escapeText(snapshot.path)}\n${lines.join('')}`;
}
