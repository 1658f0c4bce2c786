import type { Row } from '../plugin/cell.ts';
import { numberOf, textOf } from '../plugin/cell-text.ts';
import type { AnyPlugin } from '../plugin/contract.ts';
import type { Result } from '../plugin/document.ts';
import { isProcessItself, lineOf, pluralOf } from '../plugin/wording.ts';
import { paintPicture } from '../triage/paint.ts';
import { reasonsByProcess } from '../triage/reasons.ts';
import type { Side, TableDiff } from './tables.ts';

/** One thing that happened between two snapshots, in words. */
export interface Event {
  readonly change: 'appeared' | 'vanished' | 'changed';
  /** `process`, `listener`, `connection`, `module`, `key`, `mapping`. */
  readonly kind: string;
  /** `183 bash -i (user 33)`. */
  readonly what: string;
  /** Why it deserves a look; empty where nothing speaks for it. */
  readonly why: readonly string[];
}

/** What happened, the notable first in each kind; and what is only worth counting. */
export interface Story {
  readonly events: readonly Event[];
  /** `29 files opened or closed`: what the tables tell one by one. */
  readonly counts: readonly string[];
}

/** Folders that anyone can write to: code that runs from there was hardly installed. */
const SCRATCH = /^\/(?:tmp|var\/tmp|dev\/shm|run\/shm)\//;

/** Tells what differs in the words of an analyst. `after` holds the second snapshot's whole answers, by plugin. */
export function storyOf(
  diffs: readonly TableDiff[],
  after: ReadonlyMap<string, Side>,
  plugins: readonly AnyPlugin[],
): Story {
  const diffOf = (plugin: string): TableDiff | undefined => diffs.find((diff) => diff.plugin === plugin);
  let reasons: ReadonlyMap<number, readonly string[]> | undefined;
  const reasonsOf: ReasonsOf = (pid) => {
    reasons ??= reasonsByProcess((plugin) => after.get(plugin)?.rows ?? []);
    return reasons.get(pid) ?? [];
  };
  const processes = plugins.find((plugin) => isProcessItself(plugin) && plugin.repeats !== true);
  const events = [
    ...(processes === undefined ? [] : processEvents(processes, diffOf(processes.name), reasonsOf)),
    ...socketEvents(diffOf('sockets')),
    ...moduleEvents(diffOf('modules')),
    ...keyEvents(diffOf('keys')),
    ...mappingEvents(diffOf('maps')),
  ];
  return {
    events: events.sort((a, b) => ORDER.indexOf(a.change) - ORDER.indexOf(b.change)),
    counts: countsIn(diffs, plugins),
  };
}

const ORDER: readonly Event['change'][] = ['appeared', 'vanished', 'changed'];

/** Why a process deserves a look. Nobody reads all answers for it where nothing is told of a process. */
type ReasonsOf = (pid: number) => readonly string[];

function processEvents(plugin: AnyPlugin, diff: TableDiff | undefined, reasonsOf: ReasonsOf): Event[] {
  if (diff === undefined) return [];
  const isProgram = (row: Row): boolean => row['kernel'] !== true || row['hidden'] === true;
  const whyOf = (row: Row): readonly string[] => reasonsOf(numberOf(row['pid']) ?? -1);
  const { restarts, added, removed } = restartsIn(
    diff.added.filter(isProgram),
    diff.removed.filter(isProgram),
  );
  const appeared = added.map(
    (row): Event => ({ change: 'appeared', kind: 'process', what: lineOf(plugin, row), why: whyOf(row) }),
  );
  const vanished = removed.map(
    (row): Event => ({ change: 'vanished', kind: 'process', what: lineOf(plugin, row), why: [] }),
  );
  const restarted = restarts.map(
    ({ before, after }): Event => ({
      change: 'changed',
      kind: 'process',
      what: `${lineOf(plugin, after)}: restarted, it was ${textOf(before['pid'])}`,
      why: whyOf(after),
    }),
  );
  const changed = diff.changed.map(({ before, after, columns }): Event => {
    const changes = columns.map(
      (name) => `${name} ${textOf(before[name]) || 'none'} → ${textOf(after[name]) || 'none'}`,
    );
    const rights =
      columns.includes('euid') && numberOf(after['euid']) === 0 ? ['it has gained root’s rights'] : [];
    const news = columns.includes('exe') ? programNews(before, after) : [];
    const isTold = columns.includes('exe') || (columns.includes('hidden') && after['hidden'] === true);
    return {
      change: 'changed',
      kind: 'process',
      what: `${lineOf(plugin, after)}: ${changes.join(', ')}`,
      why: [...rights, ...news, ...(isTold ? whyOf(after) : [])],
    };
  });
  return [...byWhy(appeared), ...vanished, ...byWhy([...restarted, ...changed])];
}

/** What a new path of the executable means: another program, unless its file was only deleted or is there anew. */
function programNews(before: Row, after: Row): string[] {
  const [was, is] = [before, after].map((row) => textOf(row['exe']).replace(/ \(deleted\)$/, ''));
  return is === '' || is === was ? [] : ['it has become another program'];
}

/** Processes that went and came again: the same program with the same words, for the same user. */
function restartsIn(added: readonly Row[], removed: readonly Row[]) {
  const word = (row: Row): string =>
    JSON.stringify([textOf(row['name']), textOf(row['uid']), textOf(row['args'])]);
  const left = [...added];
  const restarts: { readonly before: Row; readonly after: Row }[] = [];
  const gone = removed.filter((before) => {
    const at = left.findIndex((row) => word(row) === word(before));
    if (at >= 0) restarts.push({ before, after: left.splice(at, 1)[0]! });
    return at < 0;
  });
  return { restarts, added: left, removed: gone };
}

const byWhy = (events: readonly Event[]): Event[] => [...events].sort((a, b) => b.why.length - a.why.length);

function socketEvents(diff: TableDiff | undefined): Event[] {
  if (diff === undefined) return [];
  const tell = (change: Event['change'], rows: readonly Row[]): Event[] => {
    const { listening, established } = paintPicture([resultOf('sockets', rows)]);
    const event = (
      kind: string,
      { protocol, local, remote, holders }: (typeof listening)[number],
    ): Event => ({
      change,
      kind,
      what: `${protocol} ${local}${remote === null ? '' : ` → ${remote}`} ${holders ?? 'of no process'}`,
      why: holders === null ? ['no process holds it'] : [],
    });
    const packets = rows.filter((row) => row['family'] === 'packet');
    return [
      ...listening.map((line) => event('listener', line)),
      ...established.map((line) => event('connection', line)),
      ...packets.map(
        (row): Event => ({
          change,
          kind: 'packet socket',
          what: `${textOf(row['localAddress']) || 'any interface'} ${textOf(row['process'])} (${textOf(row['pid'])})`,
          // One without a protocol receives nothing (packet(7)): it can only send.
          why:
            change === 'vanished'
              ? []
              : [row['protocol'] === null ? 'it sends raw packets' : 'it sees raw packets'],
        }),
      ),
    ];
  };
  return [...tell('appeared', diff.added), ...tell('vanished', diff.removed)];
}

function moduleEvents(diff: TableDiff | undefined): Event[] {
  if (diff === undefined) return [];
  const notable = new Map(
    paintPicture([resultOf('modules', diff.added)]).modules.notable.map(({ name, reasons }) => [
      name,
      reasons,
    ]),
  );
  const event = (change: Event['change'], row: Row, why: readonly string[]): Event => {
    const users = textOf(row['usedBy']);
    return {
      change,
      kind: 'module',
      what: textOf(row['name']) + (users === '' ? '' : `, used by ${users}`),
      why,
    };
  };
  return [
    ...byWhy(diff.added.map((row) => event('appeared', row, notable.get(textOf(row['name'])) ?? []))),
    ...diff.removed.map((row) => event('vanished', row, [])),
    ...diff.changed.map(({ before, after, columns }): Event => {
      const changes = columns.map(
        (name) => `${name} ${textOf(before[name]) || 'none'} → ${textOf(after[name]) || 'none'}`,
      );
      return {
        change: 'changed',
        kind: 'module',
        what: `${textOf(after['name'])}: ${changes.join(', ')}`,
        why: [],
      };
    }),
  ];
}

function keyEvents(diff: TableDiff | undefined): Event[] {
  if (diff === undefined) return [];
  const tell = (change: Event['change'], rows: readonly Row[]): Event[] =>
    paintPicture([resultOf('keys', rows)]).keys.map(({ bits, count, owner }) => ({
      change,
      kind: count === 1 ? 'AES key' : 'AES keys',
      what: `${count} of ${bits} bits in ${owner}`,
      why: [],
    }));
  return [...tell('appeared', diff.added), ...tell('vanished', diff.removed)];
}

/** Code that a process has taken into itself since: of the rest of its mappings the table tells. */
function mappingEvents(diff: TableDiff | undefined): Event[] {
  return (diff?.added ?? []).flatMap((row): Event[] => {
    const [flags, path] = [textOf(row['flags']), textOf(row['path'])];
    if (!flags.includes('x')) return [];
    const why = [
      ...(flags.includes('w') ? ['it can be written and executed'] : []),
      ...(path === '' ? ['its code is in no file'] : []),
      ...(path.endsWith(' (deleted)') ? ['its file is deleted'] : []),
      ...(SCRATCH.test(path) ? ['it comes from a folder that anyone can write to'] : []),
    ];
    const what = `${flags} ${path || 'anonymous'} in process ${textOf(row['pid'])}`;
    return why.length === 0 ? [] : [{ change: 'appeared', kind: 'code', what, why }];
  });
}

/** How many rows of each question differ, under what they are called. */
function countsIn(diffs: readonly TableDiff[], plugins: readonly AnyPlugin[]): string[] {
  return diffs.flatMap(({ plugin, added, removed, changed }) => {
    const parts = [
      added.length > 0 ? `${added.length} new` : '',
      removed.length > 0 ? `${removed.length} gone` : '',
      changed.length > 0 ? `${changed.length} changed` : '',
    ].filter((part) => part !== '');
    return parts.length === 0
      ? []
      : [`${pluralOf(plugins.find(({ name }) => name === plugin) ?? { name: plugin })}: ${parts.join(', ')}`];
  });
}

const resultOf = (plugin: string, rows: readonly Row[]): Result => ({ plugin, version: 0, rows, notes: [] });
