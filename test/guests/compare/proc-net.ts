import type { NetworkTruth } from '../truth.ts';
import { linesOf } from './proc.ts';

/** A line of /proc/net/tcp and its like. Addresses in the shortest form, as they are printed to people. */
export interface InetLine {
  readonly local: readonly [address: string, port: number];
  readonly remote: readonly [address: string, port: number];
  readonly state: number;
  /** What the socket waits for (`tr` and `tm->when`): 3 is the end of TIME-WAIT; in ticks of 1/100 s. */
  readonly timer: readonly [kind: number, ticks: number];
  readonly uid: number;
  readonly inode: number;
}

export function inetLines(file: string | null | undefined): InetLine[] {
  return linesOf(file)
    .slice(1)
    .map((line) => {
      const [, local, remote, state, , timer, , uid, , inode] = line.trim().split(/\s+/);
      const [kind, ticks] = timer!.split(':');
      return {
        local: endOf(local!),
        remote: endOf(remote!),
        state: Number.parseInt(state!, 16),
        timer: [Number.parseInt(kind!, 16), Number.parseInt(ticks!, 16)],
        uid: Number(uid),
        inode: Number(inode),
      };
    });
}

/** `0100007F:1F90`: words of 32 bits in the byte order of the machine, which is little-endian. */
function endOf(text: string): readonly [string, number] {
  const [address, port] = text.split(':') as [string, string];
  const bytes = (address.match(/.{8}/g) ?? []).flatMap((word) => [...Buffer.from(word, 'hex')].reverse());
  return [bytes.length === 4 ? bytes.join('.') : ipv6Text(bytes), Number.parseInt(port, 16)];
}

/** The platform's own idea of the shortest form, with the one exception of RFC 5952 for mapped addresses. */
function ipv6Text(bytes: readonly number[]): string {
  const hex = Buffer.from(bytes).toString('hex');
  if (hex.startsWith(`${'0'.repeat(20)}ffff`)) return `::ffff:${bytes.slice(12).join('.')}`;
  return new URL(`http://[${(hex.match(/.{4}/g) ?? []).join(':')}]/`).hostname.slice(1, -1);
}

/** A line of /proc/net/unix. */
export interface UnixLine {
  readonly listens: boolean;
  readonly type: number;
  readonly state: number;
  readonly inode: number;
  /** Latin-1; null where it is bound to none. */
  readonly path: string | null;
}

const UNIX =
  /^[0-9a-f]{8,16}: [0-9A-F]{8} [0-9A-F]{8} ([0-9A-F]{8}) ([0-9A-F]{4}) ([0-9A-F]{2}) +(\d+)(?: ([\s\S]*))?$/;
/** Of the flags: __SO_ACCEPTCON. */
const LISTENS = 0x10000;

/** A path may hold newlines: a line that does not look like one belongs to the path before it. */
export function unixLines(file: string | null | undefined): UnixLine[] {
  const records: string[] = [];
  for (const line of (file ?? '').split('\n').slice(1)) {
    if (UNIX.test(line) || records.length === 0) records.push(line);
    else records.push(`${records.pop()}\n${line}`);
  }
  return records.flatMap((record, nth) => {
    const whole = nth === records.length - 1 ? record.replace(/\n$/, '') : record;
    const [, flags, type, state, inode, path] = UNIX.exec(whole) ?? [];
    if (flags === undefined) return [];
    return {
      listens: (Number.parseInt(flags, 16) & LISTENS) !== 0,
      type: Number.parseInt(type!, 16),
      state: Number.parseInt(state!, 16),
      inode: Number(inode),
      path: path ?? null,
    };
  });
}

/** What ss(8) says and /proc does not, by inode. It sees one network namespace, and sockets that have a file. */
export interface SeenBySs {
  /** The inode of a Unix socket's peer; 0 where the peer has no file or there is none. */
  readonly peers: ReadonlyMap<number, number>;
  /** The device that an internet socket is bound to; null where it is to none. */
  readonly devices: ReadonlyMap<number, string | null>;
}

/**
 * Of a peer it prints `… 10764 * 10763 …`, of a device `[fe80::1]%eth0:80 … ino:1003`. A name with a newline does no
 * harm.
 */
export function seenBySs(ss = ''): SeenBySs {
  const peers = [...ss.matchAll(/ (\d+) +\* (\d+) *(?:users:|<->|$)/gm)];
  const devices = [...ss.matchAll(/^\S+ +\S+ +\d+ +\d+ +(\S+) .* ino:(\d+) /gm)];
  return {
    peers: new Map(peers.map(([, own, peer]) => [Number(own), Number(peer)])),
    devices: new Map(
      devices.map(([, local, inode]) => [Number(inode), /%(.+):[^:]*$/.exec(local!)?.[1] ?? null]),
    ),
  };
}

/** Fields of a line of /proc/net/netlink or packet. */
export const fieldsOf = (file: string | null | undefined): string[][] =>
  linesOf(file)
    .slice(1)
    .map((line) => line.trim().split(/\s+/));

/** Names of interfaces by index, as far as /proc tells: with their IPv6 addresses, and `lo` is always the first. */
export function interfacesOf({ files }: NetworkTruth): ReadonlyMap<number, string> {
  const lines = linesOf(files['if_inet6']).map((line) => line.trim().split(/\s+/));
  return new Map([
    [1, 'lo'],
    ...lines.map((fields) => [Number.parseInt(fields[1]!, 16), fields[5]!] as const),
  ]);
}
