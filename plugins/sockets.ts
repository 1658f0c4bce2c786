import type { Cell, Row } from '../src/plugin/cell.ts';
import { endpoint, numberOf, textOf } from '../src/plugin/cell-text.ts';
import { definePlugin } from '../src/plugin/contract.ts';
import { shown } from '../src/plugin/observation.ts';

/** Linux hands out ports from here on: net.ipv4.ip_local_port_range. */
const FIRST_EPHEMERAL_PORT = 32768;

/** A port that somebody chose, or a word for one that the system handed out. */
const lasting = (port: Cell): Cell =>
  typeof port === 'number' && port >= FIRST_EPHEMERAL_PORT ? 'ephemeral' : port;

/** Families whose sockets lead nowhere but to the machine's own kernel and processes, or see packets as they are. */
const LOCAL_FAMILIES: readonly string[] = ['unix', 'netlink', 'key', 'alg', 'packet', 'xdp'];
const CONNECTIONLESS: readonly unknown[] = ['dgram', 'raw', 'rdm'];
/** Programs that run what they are told: with a socket for standard input they are somebody's remote shell. */
const INTERPRETER =
  /^(?:ba|da|a|z|k|c|tc)?sh$|^(?:python|perl|ruby|php|lua|node)[\d.]*$|^busybox$|^nc(?:at)?$/;

export default definePlugin({
  name: 'sockets',
  group: 'network',
  summary: 'List sockets of all network namespaces and who holds them',
  example: '--state LISTEN,ESTABLISHED --family inet,inet6',
  version: 5,
  walker: 'sockets',
  columns: {
    netns: { int: ({ socket }) => socket.namespace.inode, help: 'inode of the network namespace' },
    pid: { int: ({ task }) => task?.pid ?? null, help: 'process ID of a holder' },
    process: { text: ({ task }) => task?.name ?? null, help: 'name of that process' },
    fd: { int: ({ fd }) => fd, help: 'number of its descriptor' },
    family: { text: ({ socket }) => socket.family, help: 'address family' },
    type: { text: ({ socket }) => socket.type, help: 'stream, dgram, raw …' },
    protocol: { text: ({ socket }) => socket.protocol, help: 'of the family: tcp, udp, ethertype' },
    localAddress: { text: ({ socket }) => socket.localAddress, help: 'its own end' },
    localPort: { int: ({ socket }) => socket.localPort, help: 'its own port, in host order' },
    remoteAddress: { text: ({ socket }) => socket.remoteAddress, help: 'the other end' },
    remotePort: { int: ({ socket }) => socket.remotePort, help: 'the port there, in host order' },
    device: { text: ({ socket }) => socket.device, help: 'interface that it is bound to' },
    state: {
      text: ({ socket }) => socket.state,
      help: 'one vocabulary for all families: LISTEN, ESTABLISHED, UNCONN …',
    },
    inode: { int: ({ socket }) => socket.inode, help: 'the number in socket:[N]' },
    uid: { int: ({ socket }) => socket.uid, help: 'user ID of who made it' },
    tid: {
      int: ({ thread }) => thread?.tid ?? null,
      help: 'thread ID, where a thread has the descriptor for itself',
    },
    hidden: {
      flag: ({ isHidden }) => isHidden(),
      help: 'whether it is in use and in no table of the kernel',
    },
  },
  process: 'pid',
  processName: 'process',
  identity: [
    ...(['netns', 'pid', 'tid', 'fd', 'family', 'type', 'protocol'] as const),
    ...(['localAddress', 'localPort', 'remoteAddress', 'remotePort', 'inode'] as const),
  ],
  enduring: ({
    process,
    family,
    type,
    protocol,
    localAddress,
    localPort,
    remoteAddress,
    remotePort,
    device,
    state,
  }) => [
    ...[process!, family!, type!, protocol!, localAddress!, lasting(localPort!)],
    ...[remoteAddress!, lasting(remotePort!), device!, state!],
  ],
  interchangeable: true,
  ofBoot: ['netns', 'pid', 'tid', 'fd', 'inode', 'localPort', 'remotePort'],
  // A connection that is over only waits for stray packets.
  churn: ({ state }) => state === 'TIME-WAIT',
  observations: [
    {
      of: ({ family, protocol, localPort, process, hidden }) =>
        hidden === true
          ? `${shown(protocol ?? family)}${localPort === null ? '' : ` port ${shown(localPort)}`} (${shown(process ?? 'no process')})`
          : null,
      sentence: (things, count) =>
        `${count === 1 ? '1 socket is' : `${count} sockets are`} in use and not in the kernel's table of them: ${things}`,
    },
  ],
  filters: [
    ...([
      'netns',
      'pid',
      'tid',
      'process',
      'family',
      'type',
      'protocol',
      'localAddress',
      'localPort',
    ] as const),
    ...(['remoteAddress', 'remotePort', 'device', 'state', 'inode', 'uid', 'hidden'] as const),
  ],
  words: {
    family: [
      ...(['inet', 'inet6', 'unix', 'netlink', 'packet', 'vsock', 'alg', 'appletalk', 'atmpvc'] as const),
      ...(['atmsvc', 'ax25', 'bluetooth', 'caif', 'can', 'decnet', 'ieee802154', 'ipx', 'irda'] as const),
      ...(['iucv', 'kcm', 'key', 'llc', 'mctp', 'netrom', 'nfc', 'phonet', 'pppox', 'qipcrtr'] as const),
      ...(['rds', 'rose', 'rxrpc', 'smc', 'tipc', 'x25', 'xdp'] as const),
    ],
    type: ['stream', 'dgram', 'raw', 'rdm', 'seqpacket', 'dccp', 'packet'],
    protocol: [
      ...(['tcp', 'udp', 'icmp', 'igmp', 'dccp', 'ipv6', 'gre', 'esp', 'ah', 'ipv6-icmp'] as const),
      ...(['ospf', 'pim', 'vrrp', 'l2tp', 'sctp', 'udplite', 'mptcp', 'smc'] as const),
      // of netlink sockets
      ...(['route', 'unused', 'usersock', 'firewall', 'sock-diag', 'nflog', 'xfrm'] as const),
      ...(['selinux', 'iscsi', 'audit', 'fib-lookup', 'connector', 'netfilter', 'ip6-fw'] as const),
      ...(['dnrtmsg', 'kobject-uevent', 'generic', 'scsitransport', 'ecryptfs', 'rdma', 'crypto'] as const),
      // of packet sockets
      ...(['all', 'ip', 'arp', 'vlan', 'eapol', 'lldp'] as const),
      // of Bluetooth
      ...(['l2cap', 'hci', 'sco', 'rfcomm', 'bnep', 'cmtp', 'hidp', 'avdtp', 'iso'] as const),
    ],
    state: [
      ...['LISTEN', 'ESTABLISHED', 'UNCONN', 'SYN-SENT', 'SYN-RECV', 'FIN-WAIT-1', 'FIN-WAIT-2', 'TIME-WAIT'],
      ...['CLOSE-WAIT', 'LAST-ACK', 'CLOSING', 'FREE', 'CONNECTING', 'DISCONNECTING', 'CONFIG'],
      // of associations of SCTP
      ...['COOKIE-WAIT', 'COOKIE-ECHOED', 'SHUTDOWN-PENDING', 'SHUTDOWN-SENT', 'SHUTDOWN-RECEIVED'],
      'SHUTDOWN-ACK-SENT',
      // of SMC
      ...[
        'PEERCLW1',
        'PEERCLW2',
        'APPLCLW1',
        'APPLCLW2',
        'APPLFINCLW',
        'PEERFINCLW',
        'PEERABORTW',
        'PROCABORT',
      ],
    ],
  },
  uncut: ['localAddress', 'remoteAddress', 'state'],
  paths: ['localAddress', 'remoteAddress'],
  ends: {
    ...{ local: ['localAddress', 'localPort'], remote: ['remoteAddress', 'remotePort'], device: 'device' },
    connections: {
      ...{ waits, isConnected, protocol: ['protocol', 'family'] },
      ...{ identity: ['netns', 'inode'], namespace: 'netns' },
    },
  },
  dispensable: ['tid', 'type', 'inode', 'netns', 'fd', 'uid', 'hidden', 'device', 'family'],
  wording: {
    noun: ({ state }) => (state === 'LISTEN' ? ['listener', 'listeners'] : ['socket', 'sockets']),
    all: 'sockets',
    line: socketLine,
  },
  followed: true,
  triage: true,
  why: whyLookAt,
  told: {
    changes: ['appeared', 'vanished'],
    isWorthIt: ({ family }) => family === 'packet',
    noun: ['packet socket', 'packet sockets'],
    line: ({ localAddress, process, pid }) =>
      `${textOf(localAddress) || 'any interface'} ${textOf(process)} (${textOf(pid)})`,
    why: (row, change) => (change === 'vanished' ? [] : [`it ${whatPacketsDo(row)}`]),
  },
  aliases: ['netstat', 'ss', 'sockstat', 'netscan', 'connections'],
  nearTo: { lsns: 'it has the network namespace of each socket' },
});

function socketLine(row: Row): string {
  const local = endpoint(row['localAddress'], row['localPort'], row['device']);
  const remote = endpoint(row['remoteAddress'], row['remotePort']);
  const holder =
    numberOf(row['pid']) === null ? 'of no process' : `${textOf(row['process'])} (${textOf(row['pid'])})`;
  const protocol = textOf(row['protocol']) || textOf(row['family']);
  return `${protocol} ${local}${remote === '*' ? '' : ` → ${remote}`} ${holder}`;
}

/** Whether somebody on another machine, or the host, may be at the other end. */
function leadsElsewhere({ family }: Row): boolean {
  return typeof family === 'string' && !LOCAL_FAMILIES.includes(family);
}

/** Who waits for others, in every family: vsock too, which leads to the host past every firewall. */
function waits(row: Row): boolean {
  const { family, type, state, localPort, remotePort } = row;
  const isBoundAlone =
    (family === 'inet' || family === 'inet6') &&
    CONNECTIONLESS.includes(type) &&
    remotePort === null &&
    numberOf(localPort) !== null;
  return leadsElsewhere(row) && (state === 'LISTEN' || isBoundAlone);
}

function isConnected(row: Row): boolean {
  return leadsElsewhere(row) && row['state'] === 'ESTABLISHED' && !CONNECTIONLESS.includes(row['type']);
}

function whyLookAt(row: Row): string[] {
  const { fd, process, family, hidden } = row;
  const isShell = (fd === 0 || fd === 1) && leadsElsewhere(row) && INTERPRETER.test(textOf(process));
  return [
    ...(isShell ? ['a shell on a socket'] : []),
    ...(family === 'packet' ? [whatPacketsDo(row)] : []),
    ...(hidden === true ? ['holds a hidden socket'] : []),
  ];
}

/** One without a protocol receives nothing (packet(7)): it can only send. */
function whatPacketsDo({ protocol }: Row): string {
  return protocol === null ? 'sends raw packets' : 'sees raw packets';
}
