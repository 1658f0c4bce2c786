// Associations of SCTP: include/net/sctp/structs.h. A socket of the one-to-many style (SOCK_SEQPACKET) has any number
// of them, which no process has a descriptor of: `sctpAssociations` finds them, one line each as ss has it.
import { CorruptStructure } from '../../../../base/errors.ts';
import type { Kernel } from '../../structs.ts';
import { formatIpv4, formatIpv6 } from '../ip-address.ts';
import { Socket } from '../socket.ts';

const IPPROTO_SCTP = 132;
const AF_INET = 2;
const AF_INET6 = 10;
/** SCTP_SOCKET_UDP of enum sctp_socket_type: the one-to-many style. */
const ONE_TO_MANY = 0;
/** More than a socket can have: one for each of the peer's 65,535 ports at a thousand addresses. */
const MAXIMUM_ASSOCIATIONS = 65_536;

/** In the order of enum sctp_state, include/net/sctp/constants.h. */
const STATES: readonly string[] = [
  ...['UNCONN', 'COOKIE-WAIT', 'COOKIE-ECHOED', 'ESTABLISHED', 'SHUTDOWN-PENDING', 'SHUTDOWN-SENT'],
  ...['SHUTDOWN-RECEIVED', 'SHUTDOWN-ACK-SENT'],
];

/** One association of a socket that may have many: the socket's own end, and a peer's. */
class SctpAssociation extends Socket {
  readonly #association: Kernel<'sctp_association'>;

  constructor(socket: Socket, association: Kernel<'sctp_association'>) {
    super(socket.raw, socket.namespaces, socket.familyOf, socket.heldThrough);
    this.#association = association;
  }

  override get state(): string {
    const { state } = this.#association;
    const name = STATES[state];
    if (name === undefined) throw new CorruptStructure(`an SCTP association has state ${state}`);
    return name;
  }
  override get remoteAddress(): string {
    const bytes = this.#peer;
    switch (bytes[0]! | (bytes[1]! << 8)) {
      case AF_INET:
        return formatIpv4(bytes.subarray(4, 8));
      case AF_INET6:
        return formatIpv6(bytes.subarray(8, 24));
      default:
        throw new CorruptStructure('the peer of an SCTP association has an address of no family');
    }
  }
  override get remotePort(): number {
    const bytes = this.#peer;
    return (bytes[2]! << 8) | bytes[3]!;
  }

  /** The first of the peer's addresses, a sockaddr: `peer` begins with the list of them. */
  get #peer(): Uint8Array {
    for (const transport of this.kernel.list(this.#association.peer, 'sctp_transport', 'transports')) {
      return transport.ipaddr;
    }
    throw new CorruptStructure('the peer of an SCTP association has no address');
  }
}

/** The associations of a socket, where it is one of SCTP that may have many; none of any other. */
export function* sctpAssociations(socket: Socket): Generator<Socket> {
  const { kernel, address } = socket;
  const what = 'associations of an SCTP socket';
  const endpoint = kernel.attempt(() => endpointOf(socket), null, what);
  if (endpoint === null) return;
  let count = 0;
  for (const association of kernel.list(endpoint.asocs, 'sctp_association', 'asocs')) {
    if (++count > MAXIMUM_ASSOCIATIONS) return kernel.note(`${what} are cut after ${MAXIMUM_ASSOCIATIONS}`);
    yield new SctpAssociation(socket, association);
  }

  function endpointOf({ own, common }: Socket): Kernel<'sctp_endpoint'> | null {
    const { skc_family: family } = common;
    if ((family !== AF_INET && family !== AF_INET6) || own.sk_protocol !== IPPROTO_SCTP) return null;
    const { type, ep } = kernel.at('sctp_sock', address);
    return type === ONE_TO_MANY ? ep : null;
  }
}
