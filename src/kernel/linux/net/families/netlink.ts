// Sockets of netlink.
// Linux: net/netlink/af_netlink.h, net/netlink/af_netlink.c.
import type { VirtualAddress } from '../../../../base/address.ts';
import { EvidenceFault, type Note } from '../../../../base/errors.ts';
import { rhashtableLinks } from '../../containers/rhashtable.ts';
import type { Linux } from '../../linux.ts';
import type { Ends, Socket } from '../socket.ts';
import type { SocketCensus } from '../socket-census.ts';
import { linkedSockets } from '../socket-table.ts';

/** Netlink protocols that there can be: MAX_LINKS. */
const MAXIMUM_PROTOCOLS = 32;
const CONNECTED = 1;
/** Bit 0 of the flags, whatever their width: NETLINK_F_KERNEL_SOCKET. */
const KERNEL_SOCKET = 1;

/**
 * The ends of netlink sockets: port numbers, which programs choose and which are often process numbers. 0 is the
 * kernel's own. There are no addresses.
 */
export const netlinkEnds: Ends = {
  localAddress: () => null,
  localPort({ kernel, address }) {
    const { portid, flags } = kernel.at('netlink_sock', address);
    return portid !== 0 || (flags & KERNEL_SOCKET) !== 0 ? portid : null;
  },
  remoteAddress: () => null,
  remotePort: ({ kernel, address, common }) =>
    common.skc_state === CONNECTED ? kernel.at('netlink_sock', address).dst_portid : null,
};

/** `route`, `generic`, `kobject-uevent` …; a protocol without a name is its number. */
export function netlinkProtocol({ own }: Socket): string {
  const number = own.sk_protocol;
  return PROTOCOLS[number] ?? String(number);
}

/** The addresses of all netlink sockets that messages can be sent to, of all namespaces. */
export function* netlinkSockets(kernel: Linux, census: SocketCensus): Generator<VirtualAddress> {
  const kind = 'netlink sockets';
  const note = census.noteOf(kind);
  const { tables, each, link } = tablesOf(kernel, note);
  if (tables === 0n) return;
  for (let protocol = 0; protocol < MAXIMUM_PROTOCOLS; protocol++) {
    const { hash } = kernel.at('netlink_table', tables + BigInt(protocol * each));
    const name = `netlink ${PROTOCOLS[protocol] ?? protocol} sockets`;
    const links = rhashtableLinks(kernel, hash, name, note);
    yield* linkedSockets(kernel, census, { kind, name, links, link });
  }
}

/** Where the tables of all protocols begin, the bytes of each, and where in a socket it is linked; 0n where there are none. */
function tablesOf(kernel: Linux, note: Note): { tables: VirtualAddress; each: number; link: number } {
  try {
    return {
      tables: kernel.pointerOf('nl_table'),
      each: kernel.types.sizeOf('netlink_table'),
      link: kernel.types.offsetOf('netlink_sock', 'node'),
    };
  } catch (fault) {
    if (!(fault instanceof EvidenceFault)) throw fault;
    note(`netlink sockets: ${fault.message}`);
    return { tables: 0n, each: 0, link: 0 };
  }
}

/** In the order of NETLINK_… in include/uapi/linux/netlink.h. */
const PROTOCOLS: readonly (string | undefined)[] = [
  ...['route', 'unused', 'usersock', 'firewall', 'sock-diag', 'nflog', 'xfrm', 'selinux', 'iscsi', 'audit'],
  ...['fib-lookup', 'connector', 'netfilter', 'ip6-fw', 'dnrtmsg', 'kobject-uevent', 'generic', undefined],
  ...['scsitransport', 'ecryptfs', 'rdma', 'crypto', 'smc'],
];
