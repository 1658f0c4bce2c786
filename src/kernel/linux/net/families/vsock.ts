// Sockets between a virtual machine and its host: net/vmw_vsock/af_vsock.c.
// Their family is a module whose structs no kernel describes; where its addresses are tells itself.
import type { VirtualAddress } from '../../../../base/address.ts';
import { CorruptStructure } from '../../../../base/errors.ts';
import type { Ends, Socket } from '../socket.ts';

const AF_VSOCK = 40;
/** Bytes of a sockaddr_vm (include/uapi/linux/vm_sockets.h), and where in it the port and the context ID are. */
const ADDRESS_BYTES = 16;
const PORT_OFFSET = 4;
const CID_OFFSET = 8;
/** VMADDR_CID_ANY and VMADDR_PORT_ANY. */
const ANY = 0xffff_ffff;

/** The ends of vsock sockets: context IDs (`2` is the host, `*` every one, as ss shows it) and ports. */
export const vsockEnds: Ends = {
  localAddress: (socket) => cidText(endOf(socket, 'local')),
  localPort: (socket) => portOf(endOf(socket, 'local')),
  remoteAddress: (socket) => cidText(endOf(socket, 'remote')),
  remotePort: (socket) => portOf(endOf(socket, 'remote')),
};

interface VsockAddress {
  readonly cid: number;
  readonly port: number;
}

const isUnset = ({ cid, port }: VsockAddress): boolean => cid === ANY && port === ANY;

const cidText = (end: VsockAddress): string | null =>
  isUnset(end) ? null : end.cid === ANY ? '*' : String(end.cid);

const portOf = ({ port }: VsockAddress): number | null => (port === ANY ? null : port);

/**
 * `local_addr` and `remote_addr` of struct vsock_sock, one behind the other. They follow the socket that all families
 * have, and since Linux kernel commit c0cfa2d8a788 ("vsock: add multi-transports support") (in v5.5) a pointer. Each
 * begins with its family's number, and by that is told which of the two it is.
 */
function endOf({ kernel, address }: Socket, end: 'local' | 'remote'): VsockAddress {
  const behind = address + BigInt(kernel.types.sizeOf('sock'));
  const place = [BigInt(kernel.types.pointerBytes), 0n]
    .map((gap) => behind + gap)
    .find((at) => isAddress(at) && isAddress(at + BigInt(ADDRESS_BYTES)));
  if (place === undefined) throw new CorruptStructure('a vsock socket without its addresses');
  const at = end === 'local' ? place : place + BigInt(ADDRESS_BYTES);
  return { port: kernel.u32At(at + BigInt(PORT_OFFSET)), cid: kernel.u32At(at + BigInt(CID_OFFSET)) };

  function isAddress(at: VirtualAddress): boolean {
    return (kernel.u32At(at) & 0xffff) === AF_VSOCK;
  }
}
