// Lines of connections: who waits for others, and who is connected with whom, one line for each end whoever holds it.
// Questions say which of their rows these are (`ends.connections`).
import type { Row } from '../plugin/cell.ts';
import { endpoint, numberOf, textOf } from '../plugin/cell-text.ts';
import { type AnyPlugin, processColumn } from '../plugin/contract.ts';
import { type End, joinConnections } from './connections.ts';
import type { SocketLine } from './summary.ts';

/** The lines of a machine's connections. */
export interface ConnectionLines {
  readonly listening: readonly SocketLine[];
  readonly established: readonly SocketLine[];
}

/** What the rows of a question tell of connections; no lines where it says nothing of any. */
export function connectionLines(plugin: AnyPlugin, rows: readonly Row[]): ConnectionLines {
  const connections = plugin.ends?.connections;
  if (connections === undefined) return { listening: [], established: [] };
  const waiting = rows.filter(connections.waits);
  const port = plugin.ends!.local[1];
  return {
    listening: byNotice(endsOf(plugin, waiting).map(({ line }) => line)),
    established: joinConnections(
      endsOf(plugin, rows.filter(connections.isConnected)),
      new Set(waiting.flatMap((row) => numberOf(row[port]) ?? [])),
    ),
  };
}

/** A screen shows few of many: first those that nobody holds, then those of other protocols than TCP and UDP. */
const byNotice = (lines: readonly SocketLine[]): SocketLine[] =>
  [...lines].sort((a, b) => noticeOf(a) - noticeOf(b));
const noticeOf = ({ holders, protocol }: SocketLine): number =>
  holders === null ? 0 : protocol === 'tcp' || protocol === 'udp' ? 2 : 1;

/** One line for each socket, whoever holds it. */
function endsOf(plugin: AnyPlugin, rows: readonly Row[]): End[] {
  const { local: own, remote: other, device, connections } = plugin.ends!;
  const { protocol: names, identity, namespace } = connections!;
  const [number, name] = [processColumn(plugin), plugin.processName];
  const lines = new Map<string, { end: End; holders: Set<string> }>();
  for (const row of rows) {
    const local = endpoint(row[own[0]], row[own[1]], device === undefined ? undefined : row[device]);
    const protocol = names.map((column) => textOf(row[column])).find((word) => word !== '') ?? '';
    const remote = endpoint(row[other[0]], row[other[1]]);
    const key = [...identity.map((column) => textOf(row[column])), protocol, local, remote].join(' ');
    const entry = lines.get(key) ?? {
      end: {
        line: { ...{ protocol, local, remote: remote === '*' ? null : remote }, holders: null },
        namespace: textOf(row[namespace]),
        ...{ localPort: numberOf(row[own[1]]), remotePort: numberOf(row[other[1]]) },
      },
      holders: new Set(),
    };
    const pid = number === undefined ? null : numberOf(row[number]);
    if (pid !== null) entry.holders.add(`${name === undefined ? '' : textOf(row[name])} (${pid})`.trim());
    lines.set(key, entry);
  }
  return [...lines.values()].map(({ end, holders }) => ({
    ...end,
    line: { ...end.line, holders: holders.size === 0 ? null : [...holders].join(', ') },
  }));
}
