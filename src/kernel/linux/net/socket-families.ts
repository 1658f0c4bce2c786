// The families of sockets (AF_…): what each is called, how it counts its states, and who knows its ends.
// `familyOf` gives them by number.
import { inetEnds, inetProtocol } from './families/inet.ts';
import { netlinkEnds, netlinkProtocol } from './families/netlink.ts';
import { packetEnds, packetProtocol } from './families/packet.ts';
import { unixEnds } from './families/unix.ts';
import { vsockEnds } from './families/vsock.ts';
import type { Ends, Family, Socket, States } from './socket.ts';

/** Of families whose addresses this program does not read. */
const NO_ENDS: Ends = {
  localAddress: () => null,
  localPort: () => null,
  remoteAddress: () => null,
  remotePort: () => null,
};

/** include/net/tcp_states.h. A netlink socket that is not connected says 0. */
const TCP: States = {
  ...{ 0: 'UNCONN', 1: 'ESTABLISHED', 2: 'SYN-SENT', 3: 'SYN-RECV', 4: 'FIN-WAIT-1', 5: 'FIN-WAIT-2' },
  ...{ 6: 'TIME-WAIT', 7: 'UNCONN', 8: 'CLOSE-WAIT', 9: 'LAST-ACK', 10: 'LISTEN', 11: 'CLOSING' },
  ...{ 12: 'SYN-RECV', 13: 'UNCONN' },
};

/** include/net/bluetooth/bluetooth.h: BT_CONNECTED and those that follow it. */
const BLUETOOTH: States = {
  ...{ 1: 'ESTABLISHED', 2: 'UNCONN', 3: 'UNCONN', 4: 'LISTEN', 5: 'SYN-SENT', 6: 'SYN-RECV' },
  ...{ 7: 'CONFIG', 8: 'CLOSING', 9: 'UNCONN' },
};

/** net/rxrpc/ar-internal.h: RXRPC_UNBOUND and those that follow it; 6 is a server that has stopped to listen. */
const RXRPC: States = {
  ...{ 0: 'UNCONN', 1: 'UNCONN', 2: 'UNCONN', 3: 'UNCONN', 4: 'UNCONN', 5: 'LISTEN', 6: 'UNCONN' },
  7: 'CLOSING',
};

/** include/uapi/linux/smc_diag.h, enum smc_state, in the words of smcss(8) where TCP has none. */
const SMC: States = {
  ...{ 1: 'ESTABLISHED', 2: 'UNCONN', 7: 'UNCONN', 10: 'LISTEN', 20: 'PEERCLW1', 21: 'PEERCLW2' },
  ...{
    22: 'APPLCLW1',
    23: 'APPLCLW2',
    24: 'APPLFINCLW',
    25: 'PEERFINCLW',
    26: 'PEERABORTW',
    27: 'PROCABORT',
  },
};

/** net/nfc/llcp.h, enum llcp_state. */
const NFC: States = { 1: 'ESTABLISHED', 2: 'SYN-SENT', 3: 'UNCONN', 4: 'UNCONN', 5: 'LISTEN' };

/** include/linux/if_pppox.h: PPPOX_NONE, _CONNECTED, _BOUND, _RELAY, _DEAD. */
const PPPOX: States = { 0: 'UNCONN', 1: 'ESTABLISHED', 2: 'ESTABLISHED', 4: 'ESTABLISHED', 16: 'CLOSING' };

/** IUCV_CONNECTED and those that follow it, include/net/iucv/af_iucv.h. */
const IUCV: States = {
  ...{ 1: 'ESTABLISHED', 2: 'UNCONN', 3: 'UNCONN', 4: 'LISTEN', 5: 'CLOSING', 6: 'CLOSING', 7: 'UNCONN' },
};

/** Of families that neither listen nor connect: whatever the number, there is one thing to say. */
const NEVER_CONNECTED: States = { 0: 'UNCONN', 7: 'UNCONN' };

const numberedProtocol = ({ own }: Socket): string | null =>
  own.sk_protocol === 0 ? null : String(own.sk_protocol);

const noProtocol = (): null => null;

/** A protocol by its name in this family, or its number. */
const protocolAmong =
  (names: readonly string[]) =>
  ({ own }: Socket): string =>
    names[own.sk_protocol] ?? String(own.sk_protocol);

const family = (name: string, states: Family['states'], more: Partial<Family> = {}): Family => ({
  name,
  states,
  protocol: numberedProtocol,
  ends: NO_ENDS,
  ...more,
});

/** By number: AF_… of include/linux/socket.h. What counts its states as TCP does says so in its own source. */
const FAMILIES: Readonly<Record<number, Family>> = {
  1: family('unix', TCP, { protocol: noProtocol, ends: unixEnds }),
  2: family('inet', TCP, { protocol: inetProtocol, ends: inetEnds }),
  3: family('ax25', TCP),
  4: family('ipx', TCP),
  5: family('appletalk', TCP),
  6: family('netrom', TCP),
  8: family('atmpvc', 'struct socket'),
  9: family('x25', TCP),
  10: family('inet6', TCP, { protocol: inetProtocol, ends: inetEnds }),
  11: family('rose', TCP),
  12: family('decnet', null),
  15: family('key', NEVER_CONNECTED),
  16: family('netlink', TCP, { protocol: netlinkProtocol, ends: netlinkEnds }),
  17: family('packet', TCP, { protocol: packetProtocol, ends: packetEnds }),
  20: family('atmsvc', null),
  21: family('rds', null),
  23: family('irda', null),
  24: family('pppox', PPPOX),
  26: family('llc', TCP),
  29: family('can', TCP),
  30: family('tipc', TCP),
  31: family('bluetooth', BLUETOOTH, {
    protocol: protocolAmong(['l2cap', 'hci', 'sco', 'rfcomm', 'bnep', 'cmtp', 'hidp', 'avdtp', 'iso']),
  }),
  32: family('iucv', IUCV),
  33: family('rxrpc', RXRPC),
  35: family('phonet', TCP),
  36: family('ieee802154', NEVER_CONNECTED),
  37: family('caif', TCP),
  38: family('alg', 'struct socket'),
  39: family('nfc', NFC),
  40: family('vsock', TCP, { ends: vsockEnds }),
  41: family('kcm', null), // always the number of ESTABLISHED, for poll(2) alone: net/kcm/kcmsock.c, init_kcm_sock
  42: family('qipcrtr', TCP),
  43: family('smc', SMC),
  44: family('xdp', NEVER_CONNECTED),
  45: family('mctp', NEVER_CONNECTED),
};

/** The family with this number, known or not. */
export const familyOf = (number: number): Family => FAMILIES[number] ?? family(String(number), null);
