// Families of sockets: each counts its states in its own way, and some have ends that are no IP addresses.
import { describe, expect, it } from 'vitest';
import sockets from '../../plugins/sockets.ts';
import { ip, Network, port } from '../support/network.ts';
import { ask, column } from '../support/rows.ts';

const answer = (network: Network) => ask(sockets, network.linux());

/** What a process sees of a socket of this family that it holds. */
async function held(family: number, state: number, type = 1) {
  const network = new Network('init(1)');
  const socket = network.loose('sock', { skc_family: family, skc_state: state }, { sk_type: type });
  network.hold(1, { 0: socket });
  return (await answer(network)).rows[0];
}

describe('families of sockets', () => {
  it.each([
    [30, 10, 'tipc', 'LISTEN'],
    [31, 4, 'bluetooth', 'LISTEN'],
    [31, 1, 'bluetooth', 'ESTABLISHED'],
    [33, 5, 'rxrpc', 'LISTEN'],
    [39, 5, 'nfc', 'LISTEN'],
    [43, 10, 'smc', 'LISTEN'],
    [43, 2, 'smc', 'UNCONN'],
    [9, 10, 'x25', 'LISTEN'],
    [3, 10, 'ax25', 'LISTEN'],
    [26, 10, 'llc', 'LISTEN'],
    [44, 7, 'xdp', 'UNCONN'],
    [41, 1, 'kcm', null],
    [21, 7, 'rds', null],
    [77, 10, '77', null],
    [31, 99, 'bluetooth', { absent: 'corrupt-structure' }],
  ])('family %i with state %i is %s, %s', async (number, state, family, name) => {
    expect(await held(number, state)).toMatchObject({ family, state: name });
  });

  it("takes no other family's number for one of TCP's stand-ins", async () => {
    expect(await held(33, 6, 2)).toMatchObject({
      ...{ family: 'rxrpc', type: 'dgram', protocol: null, state: 'UNCONN', inode: 4711, uid: 0 },
    });
  });

  /** Both addresses of a drawn vsock socket, each as port and context ID. */
  function vsock(network: Network, state: number, ends: readonly (readonly [number, number])[]): bigint {
    const { drawn } = network;
    const socket = network.loose('unix_sock', { skc_family: 40, skc_state: state });
    const behind = drawn.physical(socket) + (drawn.profile.types['sock']?.size ?? 0) + 8;
    for (const [nth, [number, cid]] of ends.entries()) {
      drawn.image.put32(behind + 16 * nth, 40);
      drawn.image.put32(behind + 16 * nth + 4, number);
      drawn.image.put32(behind + 16 * nth + 8, cid);
    }
    return socket;
  }

  it('shows a listener of vsock with its port, and a connection to the host', async () => {
    const network = new Network('init(1)');
    const any = 0xffff_ffff;
    const listener = vsock(network, 10, [
      [4402, any],
      [any, any],
    ]);
    const connection = vsock(network, 1, [
      [1024, 3],
      [22, 2],
    ]);
    network.hold(1, { 0: listener, 1: connection });
    expect((await answer(network)).rows).toMatchObject([
      ...[
        {
          family: 'vsock',
          type: 'stream',
          state: 'LISTEN',
          localAddress: '*',
          localPort: 4402,
          remotePort: null,
        },
      ],
      { state: 'ESTABLISHED', localAddress: '3', localPort: 1024, remoteAddress: '2', remotePort: 22 },
    ]);
  });

  it('invents no address of a vsock socket that does not lie where it should', async () => {
    const network = new Network('init(1)');
    network.hold(1, { 0: network.loose('unix_sock', { skc_family: 40, skc_state: 10 }) });
    const all = await answer(network);
    expect(all.rows).toMatchObject([{ state: 'LISTEN', localPort: { absent: 'corrupt-structure' } }]);
  });

  it('lists the associations of a one-to-many socket of SCTP below it', async () => {
    const network = new Network('init(1)', { at: { 'sctp_transport.ipaddr': 64 } });
    const { drawn } = network;
    const local = { skc_family: 2, skc_rcv_saddr: ip(127, 0, 0, 1), skc_num: 4202 };
    const ep = drawn.draw('sctp_endpoint');
    const socket = network.loose('sctp_sock', { ...local, skc_state: 10 }, { type: 0, ep });
    drawn.write(socket, 'sock', { sk_type: 5, sk_protocol: 132 });
    const associations = [3, 5].map((state, nth) => {
      const association = drawn.draw('sctp_association', { state });
      const transport = drawn.draw('sctp_transport');
      const at = drawn.physical(drawn.member(transport, 'sctp_transport', 'ipaddr'));
      drawn.image.write(at, Uint8Array.of(2, 0, 0x9c, nth, 203, 0, 113, 9));
      const peer = drawn.member(association, 'sctp_association', 'peer');
      network.ring(peer, drawn.member(transport, 'sctp_transport', 'transports'));
      return drawn.member(association, 'sctp_association', 'asocs');
    });
    network.ring(drawn.member(ep, 'sctp_endpoint', 'asocs'), ...associations);
    network.hold(1, { 4: socket });
    const common = {
      pid: 1,
      fd: 4,
      protocol: 'sctp',
      type: 'seqpacket',
      localAddress: '127.0.0.1',
      localPort: 4202,
    };
    const { rows, notes } = await answer(network);
    expect(notes).toEqual([]);
    expect(rows).toMatchObject([
      { ...common, state: 'LISTEN', remoteAddress: null, remotePort: null },
      { ...common, state: 'ESTABLISHED', remoteAddress: '203.0.113.9', remotePort: 0x9c00 },
      { ...common, state: 'SHUTDOWN-SENT', remoteAddress: '203.0.113.9', remotePort: 0x9c01 },
    ]);
  });

  it('names the interface that a socket is bound to, whatever its address', async () => {
    const network = new Network('init(1)');
    const own = { sk_type: 1, sk_protocol: 6 };
    const listener = { skc_family: 2, skc_state: 10, skc_num: 4241 };
    network.put('listening', 'sock', { ...listener, skc_bound_dev_if: 7 }, own);
    network.put('listening', 'sock', { ...listener, skc_bound_dev_if: 99 }, own);
    network.put('listening', 'sock', listener, own);
    const all = await answer(network);
    expect(column(all, 'device')).toEqual([null, '99', 'eth7']);
    expect(column(all, 'localAddress')).toEqual(['0.0.0.0', '0.0.0.0', '0.0.0.0']);
  });

  it('shows a packet socket that receives nothing as one without a protocol', async () => {
    const network = new Network('init(1)');
    network.put('packet', 'packet_sock', { skc_family: 17 }, { num: 0, ifindex: 7 });
    network.put('packet', 'packet_sock', { skc_family: 17 }, { num: port(3) });
    expect((await answer(network)).rows).toMatchObject([
      { protocol: 'all', device: null },
      { protocol: null, device: 'eth7' },
    ]);
  });
});
