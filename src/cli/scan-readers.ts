// How a scan has its snapshots read: the program itself, started once more with the flags that say how snapshots are opened.
import { type ChildProcess, fork } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { getHeapStatistics } from 'node:v8';
import type { AnyPlugin } from '../plugin/contract.ts';
import type { Limits } from '../reader/limits.ts';
import type { Lesson } from '../reader/protocol.ts';
import { Readers } from '../reader/readers.ts';
import type { StoreDoor } from '../store/door.ts';
import { NO_OPTIONS } from '../watch/reuse.ts';
import { type BudgetFlags, budgetWords } from './budget-flags.ts';
import { fileOf } from './registry.ts';

/** Flags that say how snapshots are opened, as the user wrote them. */
export interface ReadingFlags extends BudgetFlags {
  readonly base?: string;
  readonly profile?: string;
  readonly kernel?: string;
}

/** The launcher: it lies beside what is compiled, and a test that runs from the source takes what was compiled last. */
const LAUNCHER = fileURLToPath(
  new URL(
    import.meta.url.endsWith('.ts') ? '../../dist/bin/vestige.js' : '../../bin/vestige.js',
    import.meta.url,
  ),
);

/** What a process that reads memory of strangers has no use for. */
const SECRETS: readonly string[] = ['VESTIGE_WEBHOOK_SECRET'];

/** Who reads snapshots for a scan that records in `store`. @param also another store, which may know profiles */
export const readersFor = (
  store: StoreDoor,
  also: string | undefined,
  plugins: readonly AnyPlugin[],
  flags: ReadingFlags,
  forced: Partial<Limits>,
): Readers =>
  new Readers({
    start: () => startReader([...wordsFor(plugins), ...wordsOf(flags, store.path, also)], forced),
    forced,
    keep: (lesson) => keep(store, lesson),
    keptFor: (basis, plugin) => store.extents.readsFor(basis, plugin, NO_OPTIONS),
  });

function startReader(words: readonly string[], { memoryBytes = 0 }: Partial<Limits>): ChildProcess {
  const env = Object.fromEntries(Object.entries(process.env).filter(([name]) => !SECRETS.includes(name)));
  // V8 takes the code that was kept of the bundle only under the flags that it has by itself.
  const needsMore = memoryBytes > getHeapStatistics().heap_size_limit;
  const heap = needsMore ? [`--max-old-space-size=${Math.ceil(memoryBytes / 2 ** 20)}`] : [];
  return fork(LAUNCHER, words, {
    env,
    serialization: 'advanced',
    execArgv: [...process.execArgv, ...heap],
    // A plugin may write what it likes, and our data goes to stdout.
    stdio: ['ignore', 2, 2, 'ipc'],
  });
}

/** The plugins that the user brought, as flags. */
const wordsFor = (plugins: readonly AnyPlugin[]): string[] =>
  plugins.flatMap((plugin) => {
    const file = fileOf(plugin);
    return file === undefined ? [] : ['--plugin', file];
  });

const wordsOf = (
  { base, profile, kernel, ...budget }: ReadingFlags,
  cache: string,
  also: string | undefined,
): string[] => [
  'reader',
  ...['--cache', cache],
  ...(also === undefined ? [] : ['--also', also]),
  ...(base === undefined ? [] : ['--base', base]),
  ...(profile === undefined ? [] : ['--profile', profile]),
  ...(kernel === undefined ? [] : ['--kernel', kernel]),
  ...budgetWords(budget),
];

function keep({ profiles, extents }: StoreDoor, lesson: Lesson): void {
  if (lesson.of === 'profile') profiles.keep(lesson.profile, lesson.origin);
  else if (lesson.of === 'banner') profiles.keepBanner(lesson.file, lesson.banner);
  else extents.keepTags(lesson.machine, lesson.scanner, lesson.secret, lesson.tags);
}
