import { existsSync } from 'node:fs';
import type { Command } from 'commander';
import { UsageError } from '../base/errors.ts';
import { escapeText } from '../report/escape.ts';
import { bytesText } from '../report/info.ts';
import type { Store } from '../store/store.ts';
import { writeData } from './output.ts';
import { cachePath, type OpenFlags } from './settings.ts';

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
    cache.command('prune').description('Forget snapshots that are gone, or not asked about for some time'),
  )
    .option('--days <days>', 'also forget what was not asked about for so many days')
    .action((flags: OpenFlags & { days?: string }) => {
      if (flags.days !== undefined && !/^\d{1,5}$/.test(flags.days))
        throw new UsageError(`--days wants a whole number, not ${flags.days}`);
      const oldest = flags.days === undefined ? 0 : Date.now() - Number(flags.days) * DAY_MS;
      return withStore(flags, (store) => {
        const forgotten = store.forget(({ path, seen }) => !existsSync(path) || Date.parse(seen) < oldest);
        writeData(`${forgotten} snapshots forgotten\n`);
      });
    });
  withCache(cache.command('clear').description('Forget everything')).action((flags: OpenFlags) =>
    withStore(flags, (store) => {
      store.clear();
      writeData(`${store.path} is empty\n`);
    }),
  );
}

const pathFrom = (flags: OpenFlags): string => cachePath({ ...flags, cache: flags.cache ?? true })!;

async function withStore(flags: OpenFlags, action: (store: Store) => void): Promise<void> {
  const { Store } = await import('../store/store.ts');
  const store = Store.open(pathFrom(flags));
  try {
    action(store);
  } finally {
    store.close();
  }
}

function list(store: Store, json: boolean): void {
  const snapshots = store.snapshots();
  if (json) writeData(`${JSON.stringify(snapshots, null, 2)}\n`);
  else
    writeData(
      snapshots
        .map(
          ({ path, sizeBytes, seen, plugins, rowCount }) =>
            `${seen}  ${bytesText(sizeBytes).padStart(9)}  ${String(rowCount).padStart(7)} rows  ${escapeText(path)}  ${plugins.join(',')}\n`,
        )
        .join(''),
    );
}
