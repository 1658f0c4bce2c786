// All that a report about a machine rests on: the snapshot that it is about, the one before, and when things were seen in
// all that are named or remembered.
import { UsageError } from '../base/errors.ts';
import type { Comparable } from '../diff/comparison.ts';
import { type Identified, relate } from '../diff/relation.ts';
import type { Side } from '../diff/tables.ts';
import { Follower, inOrderOfTime } from '../diff/timeline.ts';
import type { TimelineParts } from '../page/timeline.ts';
import type { AnyPlugin } from '../plugin/contract.ts';
import type { Facts } from '../report/answer.ts';
import { sayWhich, snapshotsNamed } from './named-snapshots.ts';
import { bindingKey } from './settings.ts';
import { FileSource, type Gathering, identified, PastSource, type Source } from './sources.ts';
import type { Subject } from './subject.ts';

/** Files that stay open until all is asked of them: with more, each is opened again for what is asked later. */
const MOST_OPEN = 2;

/** What is known for a report, before anything is drawn. */
export interface Gathered {
  readonly facts: Facts;
  /** Whole answers, by plugin; those that nobody can give any more are missing. */
  readonly answers: ReadonlyMap<string, Side>;
  /** What it is compared with; null for the first snapshot of a machine. */
  readonly before: { readonly facts: Facts; readonly known: Comparable } | null;
  /** The snapshot itself, as it is compared. */
  readonly subject: Identified;
  readonly timeline: TimelineParts | null;
}

/** What a report is to tell. */
export interface Telling {
  readonly subject: Subject;
  /** The questions that are asked, in their order. */
  readonly plugins: readonly AnyPlugin[];
  /** The file, or the machine for its latest snapshot, to compare with instead of the snapshot before. */
  readonly since: string | undefined;
}

/**
 * Finds out what a report tells: all of the newest snapshot that was named, all of the one before it, and when things were
 * seen in all snapshots of the machine that were named or are remembered.
 *
 * @throws SnapshotError, ProfileError, UsageError
 */
export async function gatherReport(telling: Telling, asking: Gathering): Promise<Gathered> {
  const opened: Source[] = [];
  try {
    const { subject, since } = telling;
    const areSeveral = since !== undefined || ('files' in subject && subject.files.length > 1);
    const before = areSeveral && 'files' in subject ? subject.files : [];
    return await gather(telling, { ...asking, before, isFollowed: areSeveral }, opened);
  } finally {
    for (const source of opened) source.close();
  }
}

async function gather(telling: Telling, asking: Gathering, opened: Source[]): Promise<Gathered> {
  const { subject, plugins, since } = telling;
  const files = 'files' in subject ? await openFiles(subject.files, asking, opened) : [];
  const chosen = 'files' in subject ? files.at(-1)! : rememberedOf(subject, asking);
  const other = since === undefined ? undefined : await openSince(since, asking, opened);
  const answers = await chosen.answers(plugins);
  for (const file of files) await file.identify();
  const isOfMachine = other !== undefined && isSameMachine(other, chosen);
  const all = inOrder([...files, chosen, ...(isOfMachine ? [other] : [])], pastOf(chosen, asking));
  const before = other ?? files.at(-2) ?? all[all.indexOf(chosen) - 1];
  return {
    facts: chosen.facts,
    answers,
    before: before === undefined ? null : await knownOf(before, plugins),
    subject: identified(chosen),
    timeline: all.length < 2 ? null : await follow(all, chosen, plugins),
  };
}

async function openFile(path: string, asking: Gathering, opened: Source[]): Promise<FileSource> {
  const source = await FileSource.open(path, asking);
  opened.push(source);
  return source;
}

/** What `--since` names: a file, or the latest that is remembered of a machine. */
async function openSince(word: string, asking: Gathering, opened: Source[]): Promise<Source> {
  const { recall, settings } = asking;
  const [named] = snapshotsNamed(word, recall, bindingKey(settings), 1);
  const past = named?.past;
  const facts = past === undefined ? undefined : recall.past((history) => history.facts(past.id));
  if (past === undefined || facts === undefined) return openFile(word, asking, opened);
  sayWhich(word, { path: past.path, past, age: 0 }, false, asking.listener);
  return new PastSource(past, facts, recall);
}

/** In the order of time. @throws UsageError where they are of several machines */
async function openFiles(
  paths: readonly string[],
  asking: Gathering,
  opened: Source[],
): Promise<readonly FileSource[]> {
  const sources: FileSource[] = [];
  for (const path of paths) {
    const source = await openFile(path, asking, opened);
    if (paths.length > MOST_OPEN) source.close();
    const [first] = sources;
    if (first !== undefined && !isSameMachine(first, source))
      throw new UsageError(
        `a report is about one machine: ${paths[0]} is of ${nameOf(first)}, ${path} of ${nameOf(source)}`,
      );
    sources.push(source);
  }
  return inOrderOfTime(sources, identified).snapshots;
}

const isSameMachine = (one: Source, other: Source): boolean =>
  relate(identified(one), identified(other)).machine !== 'other';

const nameOf = ({ facts: { kernel } }: Source): string =>
  kernel.hostname ?? kernel.machineId ?? 'one without a name';

/** @throws UsageError where nothing is left of it by now */
function rememberedOf(
  subject: Exclude<Subject, { files: readonly string[] }>,
  { recall }: Gathering,
): Source {
  const found = recall.past((history) => {
    const place =
      'snapshot' in subject ? history.snapshot(subject.snapshot) : history.snapshots(subject.machine).at(-1);
    const facts = place === undefined ? undefined : history.facts(place.id);
    return facts === undefined ? undefined : new PastSource(place!, facts, recall);
  });
  const word = 'snapshot' in subject ? `snapshot ${subject.snapshot}` : subject.machine;
  if (found === undefined) throw new UsageError(`nothing is remembered of ${word}`);
  return found;
}

/** All that is remembered of the machine. */
function pastOf({ place: { machine } }: Source, { recall }: Gathering): Source[] {
  if (machine === null) return [];
  const found = recall.past((history) =>
    history.snapshots(machine).flatMap((place) => {
      const known = history.facts(place.id);
      return known === undefined ? [] : [new PastSource(place, known, recall)];
    }),
  );
  return found ?? [];
}

/** Snapshots by time, each once: a file that was named stands for what is remembered of it, and for copies. */
function inOrder(named: readonly Source[], past: readonly Source[]): readonly Source[] {
  const ids = new Set(named.map(({ id }) => id));
  const known = new Set(named.map(contentOf));
  const sources = [...new Set(named)];
  for (const source of past) {
    const content = contentOf(source);
    if (ids.has(source.id) || known.has(content)) continue;
    known.add(content);
    sources.push(source);
  }
  return inOrderOfTime(sources, identified).snapshots;
}

/** What is the same of copies, and of no two moments: a guest whose clock stands still has other content. */
const contentOf = ({ facts: { kernel, snapshot }, place }: Source): string =>
  JSON.stringify([kernel.time, kernel.uptimeSeconds, snapshot.sizeBytes, place.digest]);

const knownOf = async (
  source: Source,
  plugins: readonly AnyPlugin[],
): Promise<{ readonly facts: Facts; readonly known: Comparable }> => ({
  facts: source.facts,
  known: { ...identified(source), answers: await source.answers(plugins) },
});

/** One snapshot after the other: of a month of them, only one is in memory at a time. */
async function follow(
  sources: readonly Source[],
  subject: Source,
  plugins: readonly AnyPlugin[],
): Promise<TimelineParts> {
  const followers = plugins
    .filter(({ followed }) => followed === true)
    .map((plugin) => new Follower(plugin, plugins));
  for (const source of sources) {
    const answers = await source.answers(followers.map(({ plugin }) => plugin));
    for (const follower of followers) follower.see({ kernel: source.facts.kernel, answers });
  }
  return {
    moments: sources.map(({ facts: { snapshot, kernel } }) => ({ path: snapshot.path, kernel })),
    subject: sources.indexOf(subject),
    lives: followers.map((follower) => ({ plugin: follower.plugin, ...follower.lifetimes() })),
    remarks: inOrderOfTime(sources, identified).remarks,
  };
}
