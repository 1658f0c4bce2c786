// Packet sockets, which see every packet of an interface.
// Linux: net/packet/internal.h, net/packet/af_packet.c.
import type { VirtualAddress } from '../../../../base/address.ts';
import type { Linux } from '../../linux.ts';
import { fromNetworkOrder } from '../ip-address.ts';
import type { NetNamespace } from '../namespace.ts';
import type { Ends, Socket } from '../socket.ts';
import type { SocketCensus } from '../socket-census.ts';
import { tabledSockets } from '../socket-table.ts';

/** The ends of packet sockets: the local address is the interface it listens on, null for all of them. */
export const packetEnds: Ends = {
  localAddress({ kernel, address, namespace }) {
    const { ifindex } = kernel.at('packet_sock', address);
    return ifindex === 0 ? null : namespace.interfaceName(ifindex);
  },
  localPort: () => null,
  remoteAddress: () => null,
  remotePort: () => null,
};

/** The ethertype it receives: `all`, `ip`, `arp`, `ipv6`, or in hex. Null where it receives none and can only send. */
export function packetProtocol({ kernel, address }: Socket): string | null {
  const ethertype = fromNetworkOrder(kernel.at('packet_sock', address).num);
  if (ethertype === 0) return null;
  return ETHERTYPES[ethertype] ?? `0x${ethertype.toString(16).padStart(4, '0')}`;
}

/** The addresses of all packet sockets. */
export function* packetSockets(
  kernel: Linux,
  namespaces: readonly NetNamespace[],
  census: SocketCensus,
): Generator<VirtualAddress> {
  const kind = 'packet sockets';
  const { pointerBytes: strideBytes } = kernel.types;
  for (const { raw } of namespaces) {
    const heads = raw.packet?.sklist;
    if (heads !== undefined)
      yield* tabledSockets(kernel, census, { kind, name: kind, heads, buckets: 1, strideBytes });
  }
}

/** By number: ETH_P_… of include/uapi/linux/if_ether.h. */
const ETHERTYPES: Readonly<Record<number, string>> = {
  3: 'all',
  2048: 'ip',
  2054: 'arp',
  33024: 'vlan',
  34525: 'ipv6',
  34958: 'eapol',
  35020: 'lldp',
};
