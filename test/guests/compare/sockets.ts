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
      if (listed.has(inode)) continue;
      for (const holder of held) yield expectedSocket(unlisted(inode, context.truth), holder, context);
    }
  },
  keyOf: ({ netns, family, protocol, inode, pid, fd, ...row }) =>
    inode === null || inode === 0
      ? `${String(family)} ${endsText(row)}`
      : `inode ${String(inode)} pid ${String(pid)} fd ${String(fd)}`,
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

function expectedSocket({ cells, inode, endsAt }: TruthSocket, holder: Holder, context: Context): Expected {
  const { pid, process, fd } = holder;
  const known: Record<string, Expectation> = {
    ...cells,
    pid,
    process,
    fd,
    inode: inode === 0 ? null : inode,
  };
  // Who made it is said by the file where /proc/net does not.
  if (holder.uid !== null && typeof cells['uid'] !== 'number') known['uid'] = holder.uid;
  return {
    key: inode === 0 ? `${String(cells['family'])} ${endsText(known)}` : `inode ${inode} pid ${pid} fd ${fd}`,
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
