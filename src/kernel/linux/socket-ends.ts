// The two ends of a socket: what each family has to say of them. The families are files of their own
// (inet-socket.ts, unix-socket.ts, vsock-socket.ts …), gathered in socket-family.ts.
import type { Socket } from './socket.ts';

/** What a family of sockets calls the two ends of a connection. Null where there is nothing to say. */
export interface Ends {
  localAddress(socket: Socket): string | null;
  localPort(socket: Socket): number | null;
  remoteAddress(socket: Socket): string | null;
  remotePort(socket: Socket): number | null;
}

/** Of families whose addresses this program does not read. */
export const NO_ENDS: Ends = {
  localAddress: () => null,
  localPort: () => null,
  remoteAddress: () => null,
  remotePort: () => null,
};
