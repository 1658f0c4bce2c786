import { isAbsent, type Row } from '../plugin/cell.ts';
import { endpoint, numberOf, textOf } from '../plugin/cell-text.ts';
import type { Result } from '../plugin/document.ts';
import { type End, joinConnections } from './connections.ts';
import type { KeyLine, ModuleLine, NotableProcess, Picture, Reach, SocketLine } from './picture.ts';
import { reasonsByProcess } from './reasons.ts';

/** The questions that a triage asks, in this order. */
export const TRIAGE_PLUGINS = ['pslist', 'sockets', 'modules', 'files', 'env', 'keys'] as const;

/**
 * Paints the picture from plugins' answers and from what was lacking before them. Pure; a plugin that gave no
 * answer is simply not in the picture.
 */
export function paintPicture(results: readonly Asked[], lacking: readonly string[] = []): Picture {
  const rowsOf = (plugin: string): readonly Row[] =>
    results.find((result) => result.plugin === plugin)?.rows ?? [];
  const sockets = rowsOf('sockets');
  return {
    reach: Object.fromEntries(results.map((result) => [result.plugin, reachOf(result)])),
    processes: processesIn(rowsOf('pslist'), reasonsByProcess(rowsOf)),
    listening: byNotice(socketEnds(sockets.filter(isListening)).map(({ line }) => line)),
    established: joinConnections(socketEnds(sockets.filter(isEstablished)), listeningPorts(sockets)),
    modules: { total: rowsOf('modules').length, notable: rowsOf('modules').flatMap(notableModule) },
    keys: keyLines(rowsOf('keys').filter(isInUse)),
    keysNotInUse: rowsOf('keys').filter((row) => !isInUse(row)).length,
    unread: [...lacking, ...results.flatMap(unreadIn)],
  };
}

/** A question's answer, and whether it ended in a failure. */
export interface Asked extends Result {
  readonly hasFailed?: boolean;
}

/** Notes say that rows may be missing; a state that cannot be read leaves a row out of every count by states. */
function reachOf({ rows, notes, hasFailed }: Asked): Reach {
  if (hasFailed === true) return rows.length === 0 ? 'not at all' : 'partly';
  return notes.length > 0 || rows.some(({ state }) => state !== undefined && isAbsent(state))
    ? 'partly'
    : 'whole';
}

function processesIn(
  rows: readonly Row[],
  reasons: ReadonlyMap<number, readonly string[]>,
): Picture['processes'] {
  const listed = rows
    .filter((row) => row['kernel'] !== true || row['hidden'] === true)
    .map((row): NotableProcess => {
      const pid = numberOf(row['pid']) ?? 0;
      return {
        pid,
        name: textOf(row['name']),
        args: typeof row['args'] === 'string' ? row['args'] : null,
        uid: numberOf(row['uid']),
        started: row['started'] instanceof Date ? row['started'].toISOString() : null,
        reasons: reasons.get(pid) ?? [],
      };
    })
    .sort(
      (a, b) => b.reasons.length - a.reasons.length || textOf(b.started).localeCompare(textOf(a.started)),
    );
  const kernelThreads = rows.filter((row) => row['kernel'] === true).length;
  return { total: rows.length, kernelThreads, listed };
}

/** Families whose sockets lead nowhere but to the machine's own kernel and processes, or see packets as they are. */
const LOCAL_FAMILIES: readonly string[] = ['unix', 'netlink', 'key', 'alg', 'packet', 'xdp'];
const CONNECTIONLESS: readonly unknown[] = ['dgram', 'raw', 'rdm'];

const isInet = (row: Row): boolean => row['family'] === 'inet' || row['family'] === 'inet6';
/** Whether somebody on another machine, or the host, may be at the other end. */
export const leadsElsewhere = ({ family }: Row): boolean =>
  typeof family === 'string' && !LOCAL_FAMILIES.includes(family);
const isConnectionless = (row: Row): boolean => CONNECTIONLESS.includes(row['type']);

/** Who waits for others, in every family: vsock too, which leads to the host past every firewall. */
const isListening = (row: Row): boolean =>
  leadsElsewhere(row) &&
  (row['state'] === 'LISTEN' ||
    (isInet(row) &&
      isConnectionless(row) &&
      row['remotePort'] === null &&
      numberOf(row['localPort']) !== null));
const isEstablished = (row: Row): boolean =>
  leadsElsewhere(row) && row['state'] === 'ESTABLISHED' && !isConnectionless(row);

const listeningPorts = (rows: readonly Row[]): ReadonlySet<number> =>
  new Set(rows.filter(isListening).flatMap((row) => numberOf(row['localPort']) ?? []));

/** A screen shows few of many: first those that nobody holds, then those of other protocols than TCP and UDP. */
const byNotice = (lines: readonly SocketLine[]): SocketLine[] =>
  [...lines].sort((a, b) => noticeOf(a) - noticeOf(b));
const noticeOf = ({ holders, protocol }: SocketLine): number =>
  holders === null ? 0 : protocol === 'tcp' || protocol === 'udp' ? 2 : 1;

/** One line for each socket, whoever holds it. */
function socketEnds(rows: readonly Row[]): End[] {
  const lines = new Map<string, { end: End; holders: Set<string> }>();
  for (const row of rows) {
    const local = endpoint(row['localAddress'], row['localPort'], row['device']);
    const protocol = textOf(row['protocol']) || textOf(row['family']);
    const remote = endpoint(row['remoteAddress'], row['remotePort']);
    const key = `${textOf(row['netns'])} ${textOf(row['inode'])} ${protocol} ${local} ${remote}`;
    const entry = lines.get(key) ?? {
      end: {
        line: {
          ...{ protocol, local, remote: remote === '*' ? null : remote },
          holders: null,
        },
        namespace: textOf(row['netns']),
        ...{ localPort: numberOf(row['localPort']), remotePort: numberOf(row['remotePort']) },
      },
      holders: new Set(),
    };
    if (numberOf(row['pid']) !== null) entry.holders.add(`${textOf(row['process'])} (${textOf(row['pid'])})`);
    lines.set(key, entry);
  }
  return [...lines.values()].map(({ end, holders }) => ({
    ...end,
    line: { ...end.line, holders: holders.size === 0 ? null : [...holders].join(', ') },
  }));
}

/** Letters of kernel taint that say that code came from elsewhere (Documentation/admin-guide/tainted-kernels.rst). */
const TAINTS: Readonly<Record<string, string>> = {
  P: 'proprietary',
  O: 'out of tree',
  F: 'loaded by force',
  E: 'unsigned',
};

function notableModule(row: Row): ModuleLine[] {
  const reasons = [...textOf(row['taints'])].flatMap((letter) => TAINTS[letter] ?? []);
  if (textOf(row['state']) !== '' && row['state'] !== 'Live') reasons.push(`state ${textOf(row['state'])}`);
  if (row['hidden'] === true) reasons.unshift('hidden from the kernel’s own lists');
  return reasons.length === 0 ? [] : [{ name: textOf(row['name']), reasons }];
}

/** Constants of standards and states of random generators are no keys that somebody has a secret by. */
const isInUse = (row: Row): boolean => typeof row['use'] !== 'string';

function keyLines(rows: readonly Row[]): KeyLine[] {
  const lines = new Map<string, KeyLine>();
  for (const row of rows) {
    const pid = numberOf(row['pid']);
    const owner =
      pid === null
        ? textOf(row['mapping']) || 'no process'
        : `${textOf(row['process'])} (${pid}) ${textOf(row['mapping'])}`.trim();
    const bits = numberOf(row['size']) ?? 0;
    const before = lines.get(`${bits} ${owner}`);
    lines.set(`${bits} ${owner}`, { bits, owner, count: (before?.count ?? 0) + 1 });
  }
  return [...lines.values()];
}

/** Sentences about what an answer lacks. */
function unreadIn({ plugin, rows, notes }: Result): string[] {
  const counts = new Map<string, number>();
  for (const row of rows) {
    for (const cell of Object.values(row))
      if (isAbsent(cell)) counts.set(cell.absent, (counts.get(cell.absent) ?? 0) + 1);
  }
  const absences = [...counts].map(
    ([reason, count]) => `${plugin}: ${count} cell${count === 1 ? '' : 's'} ${reason}`,
  );
  return [...absences, ...notes.map((note) => `${plugin}: ${note}`)];
}
