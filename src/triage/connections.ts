// One connection stands once: where both of its ends are sockets of this machine, they are one line.
// Otherwise a connection within the machine would be told twice.
import type { SocketLine } from './summary.ts';

/** A socket's line, and what tells whose other end it is. */
export interface End {
  readonly line: SocketLine;
  /** The network namespace; empty where that could not be read. */
  readonly namespace: string;
  readonly localPort: number | null;
  readonly remotePort: number | null;
}

/** Addresses that mean the machine itself: of two namespaces each has its own. */
const LOOPBACK = /^(?:127\.|\[::1\]|\[::ffff:127\.)/;

/**
 * The lines of established sockets. Two that are each other's ends become one, from the client to the server, with the
 * holders of both. The server is the end on whose port something listens; where neither or both do, the lower port.
 */
export function joinConnections(ends: readonly End[], listeningPorts: ReadonlySet<number>): SocketLine[] {
  const waiting = new Map<string, number[]>();
  const lines: (SocketLine | null)[] = [];
  for (const [index, end] of ends.entries()) {
    const { line } = end;
    lines.push(line);
    const partners = waiting.get(keyOf(end, line.remote ?? '', line.local)) ?? [];
    const partner = partners.shift();
    if (partner === undefined) {
      const key = keyOf(end, line.local, line.remote ?? '');
      waiting.set(key, [...(waiting.get(key) ?? []), index]);
      continue;
    }
    const other = ends[partner]!;
    lines[partner] = isServer(end, listeningPorts) ? joined(other.line, line) : joined(line, other.line);
    lines[index] = null;
  }
  return lines.filter((line) => line !== null);
}

const keyOf = ({ line, namespace }: End, local: string, remote: string): string =>
  JSON.stringify([line.protocol, local, remote, LOOPBACK.test(local) ? namespace : '']);

function isServer({ localPort, remotePort }: End, listening: ReadonlySet<number>): boolean {
  const [own, other] = [localPort ?? 0, remotePort ?? 0];
  const [isOwn, isOther] = [listening.has(own), listening.has(other)];
  return isOwn === isOther ? own < other : isOwn;
}

const joined = (client: SocketLine, server: SocketLine): SocketLine => ({
  ...client,
  holders:
    client.holders === null && server.holders === null
      ? null
      : `${client.holders ?? 'no process'} → ${server.holders ?? 'no process'}`,
});
