import type { Row } from '../../../src/plugin/cell.ts';
import type { Truth } from '../truth.ts';
import {
  type Comparison,
  type Context,
  type Expectation,
  type Expected,
  numberOrNone,
  oneOf,
  someNumber,
  textOrNone,
} from './expect.ts';
import { parseStat, textOf } from './proc.ts';
import { seenBySs } from './proc-net.ts';
import { excusesOf, newOfRecorder } from './recorder.ts';
import { socketsOf, type TruthSocket } from './socket-truth.ts';
import type { ToleranceName } from './tolerances.ts';

export const sockets: Comparison = {
  plugin: 'sockets',
  *expected(context) {
    const holders = holdersOf(context.truth);
    const listed = new Set<number>();
    const seen = seenBySs(context.truth.texts['ss']);
    for (const network of context.truth.networks) {
      for (const socket of socketsOf(network, seen)) {
        listed.add(socket.inode);
        const held = socket.inode === 0 ? [] : (holders.get(socket.inode) ?? []);
        if (held.length === 0) yield expectedSocket(socket, NOBODY, context);
        for (const holder of held) yield expectedSocket(socket, holder, context);
      }
    }
    // Held by a process and in no file of /proc/net: not bound yet, closed again, or of a family that has none.
    for (const [inode, held] of holders) {
      const made = madeSockets(inode, context.truth);
      if (made.length === 0 && listed.has(inode)) continue;
      for (const socket of made.length > 0 ? made : [unlisted(inode, context.truth)]) {
        for (const holder of held) yield expectedSocket(socket, holder, context);
      }
    }
  },
  keyOf: (row) => keyOf(row),
  labelOf: (row) => rowText(row),
  mayBeInvented: newOfRecorder,
};

interface Holder {
  readonly pid: number | null;
  readonly process: string | null;
  readonly fd: number | null;
  readonly uid: number | null;
}

const NOBODY: Holder = { pid: null, process: null, fd: null, uid: null };

function holdersOf(truth: Truth): ReadonlyMap<number, readonly Holder[]> {
  const found = new Map<number, Holder[]>();
  for (const { pid, stat, files } of truth.processes) {
    for (const { fd, link, stat: file } of files) {
      const inode = Number(/^socket:\[(\d+)\]$/.exec(link)?.[1] ?? 0);
      if (inode === 0) continue;
      const holder = { pid, process: textOf(parseStat(stat).comm), fd, uid: file?.uid ?? null };
      found.set(inode, [...(found.get(inode) ?? []), holder]);
    }
  }
  return found;
}

/** What the workload says of the sockets behind an inode: itself and its associations, or the one above a subflow's. */
function madeSockets(inode: number, { networks, workload }: Truth): TruthSocket[] {
  const netns = oneOf(...networks.map((network) => network.inode));
  return (workload.sockets ?? [])
    .filter((socket) => socket.inode === inode)
    .map(({ cells }) => ({ inode, cells: { netns, ...cells }, endsAt: null }));
}

function unlisted(inode: number, { networks }: Truth): TruthSocket {
  return {
    inode,
    cells: {
      netns: oneOf(...networks.map((network) => network.inode)),
      // Unix and packet sockets are in /proc/net from the first moment on.
      family: oneOf('inet', 'inet6', 'netlink', 'alg'),
      type: oneOf('stream', 'dgram', 'raw', 'seqpacket'),
      protocol: textOrNone,
      localAddress: textOrNone,
      localPort: numberOrNone,
      remoteAddress: textOrNone,
      remotePort: numberOrNone,
      device: null,
      // The kernel need not have them in a table.
      hidden: null,
      state: oneOf('UNCONN', 'ESTABLISHED'),
      uid: someNumber,
    },
    endsAt: null,
  };
}

/**
 * What a row is told by: its descriptor, or its ends where no file leads to it. An association has a peer besides, and
 * behind a descriptor of MPTCP are its socket and that of a subflow.
 */
function keyOf(row: Readonly<Record<string, unknown>>): string {
  const { family, type, protocol, inode, pid, fd, remotePort } = row;
  if (inode === null || inode === 0) return `${String(family)} ${endsText(row)}`;
  const isAssociation = protocol === 'sctp' && type === 'seqpacket' && remotePort !== null;
  const more = isAssociation ? ` to ${String(remotePort)}` : protocol === 'mptcp' ? ' mptcp' : '';
  return `inode ${String(inode)} pid ${String(pid)} fd ${String(fd)}${more}`;
}

function expectedSocket({ cells, inode, endsAt }: TruthSocket, holder: Holder, context: Context): Expected {
  const { pid, process, fd } = holder;
  const known: Record<string, Expectation> = {
    ...cells,
    pid,
    process,
    fd,
    tid: null,
    inode: inode === 0 ? null : inode,
  };
  // Who made it is said by the file where /proc/net does not.
  if (holder.uid !== null && typeof cells['uid'] !== 'number') known['uid'] = holder.uid;
  return {
    key: keyOf({ ...known, inode }),
    label: rowText(known),
    cells: known,
    mayBeMissing: excuseOf(endsAt, context),
    ...excusesOf(pid, context.truth),
  };
}

function excuseOf(endsAt: number | null, { truth, uptime }: Context): ToleranceName | undefined {
  return endsAt !== null && truth.recorder.began.boottime + endsAt <= uptime + 1
    ? 'timeWaitEnded'
    : undefined;
}

const word = (cell: unknown): string =>
  cell === null || cell === undefined || typeof cell === 'object' ? '-' : String(cell);

const endsText = ({ localAddress, localPort, remotePort }: Readonly<Record<string, unknown>>): string =>
  `${word(localAddress)}:${word(localPort)} ${word(remotePort)}`;

const rowText = (row: Row | Readonly<Record<string, unknown>>): string =>
  `${word(row['protocol'] ?? row['family'])} ${word(row['localAddress'])}:${word(row['localPort'])} → ` +
  `${word(row['remoteAddress'])}:${word(row['remotePort'])} ${word(row['state'])} netns ${word(row['netns'])} ` +
  `inode ${word(row['inode'])} pid ${word(row['pid'])} fd ${word(row['fd'])}`;
