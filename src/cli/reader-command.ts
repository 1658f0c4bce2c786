// The command of the process that `scan` and `watch` start to read snapshots: it is listed nowhere, since nobody else
// can speak with it.
import { existsSync } from 'node:fs';
import type { Command } from 'commander';
import { UsageError } from '../base/errors.ts';
import type { AnyPlugin } from '../plugin/contract.ts';
import { Guard } from '../reader/guard.ts';
import type { Lesson, Reply, Request } from '../reader/protocol.ts';
import { type Line, serve } from '../reader/serve.ts';
import { type AskedStore, JoinedStore } from '../store/joined.ts';
import { Store } from '../store/store.ts';
import { opener, type Past } from '../watch/opener.ts';
import { withBudgetFlags } from './budget-flags.ts';
import { Shelf, usualFolders } from './profile-shelf.ts';
import { isOwn } from './registry.ts';
import { type OpenFlags, openSettings } from './settings.ts';
import { version } from './version.ts';

interface ReaderFlags extends OpenFlags {
  /** The store of the scan. */
  readonly cache: string;
  /** Another that may know profiles. */
  readonly also?: string;
}

/** Adds `vestige reader`, which reads snapshots for the process that started it until that one lets go of it. */
export function addReaderCommand(program: Command, plugins: readonly AnyPlugin[]): void {
  const command = program
    .command('reader', { hidden: true })
    .requiredOption('--cache <file>')
    .option('--also <file>')
    .option('--base <address>')
    .option('--profile <file>')
    .option('--kernel <number>');
  withBudgetFlags(command).action((flags: ReaderFlags) => read(flags, plugins));
}

async function read(flags: ReaderFlags, plugins: readonly AnyPlugin[]): Promise<void> {
  if (process.send === undefined) throw new UsageError('a reader is started by scan and watch only');
  // Whoever started it is gone: nobody waits for an end in good order.
  process.once('disconnect', () => process.kill(process.pid, 'SIGKILL'));
  const line = lineOf(process);
  const guard = new Guard((why) => {
    throw why; // unwatched it must not go on
  });
  const store = Store.openReadonly(flags.cache, version());
  const known = withProfilesOf(flags.also, store);
  const learn = (lesson: Lesson): void => void line.send({ tell: 'lesson', lesson });
  const { profileFolder, ...options } = await openSettings(flags, 'proof');
  const shelf = shelfOver(known, learn, profileFolder);
  const open = opener({ ...options, shelf }, memoryOf(store, learn), isOwn);
  serve(line, { open, plugins, guard, leave: () => known.close() });
  await line.send({ tell: 'ready' });
}

/** The channel to the process that started this one. Once that is gone nobody waits for anything. */
const lineOf = (channel: NodeJS.Process): Line => ({
  send: (reply: Reply) =>
    new Promise((resolve) => void channel.send!(reply, undefined, undefined, () => resolve())),
  onRequest: (heard) => void channel.on('message', (request: Request) => heard(request)),
});

/** What is remembered of earlier snapshots. What is to be remembered of this one is told. */
const memoryOf = ({ extents, history }: Store, learn: (lesson: Lesson) => void): Past => ({
  history,
  extents: {
    readsFor: extents.readsFor.bind(extents),
    of(machine, scanner) {
      const { secret, recall } = extents.of(machine, scanner);
      const remember = (tags: Uint8Array): void => learn({ of: 'tags', machine, scanner, secret, tags });
      return { secret, recall, remember };
    },
  },
});

/** The store, and the profiles of another where there is one. */
const withProfilesOf = (path: string | undefined, store: Store): AskedStore =>
  path === undefined || !existsSync(path)
    ? store
    : new JoinedStore(store, () => Store.openReadonly(path, version()));

function shelfOver(
  { profiles }: AskedStore,
  learn: (lesson: Lesson) => void,
  first: string | undefined,
): Shelf {
  const memory = {
    byBuildId: profiles.byBuildId.bind(profiles),
    byBanner: profiles.byBanner.bind(profiles),
    bannerOf: profiles.bannerOf.bind(profiles),
    keep: (profile, origin) => learn({ of: 'profile', profile, origin: origin ?? null }),
    keepBanner: (file, banner) => learn({ of: 'banner', file, banner }),
    get count() {
      return profiles.all().length;
    },
  } satisfies ConstructorParameters<typeof Shelf>[0];
  return new Shelf(memory, { ...(first === undefined ? {} : { first }), others: usualFolders() });
}
