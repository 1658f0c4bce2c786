// What a page that is missing, or that is all zeros, costs an answer about sockets: its own cells, and no more.
import { describe, expect, it } from 'vitest';
import sockets from '../../plugins/sockets.ts';
import { ip, Network } from '../support/network.ts';
import { ask, column } from '../support/rows.ts';

const answer = (network: Network) => ask(sockets, network.linux());

const LISTENER = { skc_family: 2, skc_state: 10, skc_rcv_saddr: ip(192, 0, 2, 1), skc_num: 22 };
const TCP = { sk_type: 1, sk_protocol: 6 };
const SPOILT = { absent: 'corrupt-structure' };
const LOST = { absent: 'not-in-snapshot' };

/** Three processes that hold a listener each. */
function drawn(): { network: Network; listeners: readonly bigint[] } {
  const network = new Network('init(1) sshd(200) httpd(201)', { at: { 'task_struct.tgid': 5100 } });
  const listeners = [1, 200, 201].map((pid) => {
    const socket = network.put('listening', 'sock', { ...LISTENER, skc_num: pid }, TCP);
    network.hold(pid, { 3: socket });
    return socket;
  });
  return { network, listeners };
}

describe('sockets of a damaged machine', () => {
  it('keeps every socket where the number of a process is lost', async () => {
    const { network } = drawn();
    network.drawn.lose(network.drawn.member(network.drawn.task(200), 'task_struct', 'tgid'));
    const all = await answer(network);
    expect(column(all, 'localPort').sort()).toEqual([1, 200, 201]);
    expect(column(all, 'pid')).toEqual([201, LOST, 1]);
  });

  it('keeps every socket where a whole process is lost', async () => {
    const { network } = drawn();
    network.drawn.lose(network.drawn.task(201));
    const all = await answer(network);
    expect(column(all, 'localPort').sort()).toEqual([1, 200, 201]);
    expect(column(all, 'hidden')).toEqual([false, false, false]);
    expect(all.notes.length).toBeGreaterThan(0);
  });

  it.each([
    ['a table of descriptors', 'files_struct'],
    ['a socket', 'sock'],
  ])('costs one process what is behind it where %s is lost', async (_, what) => {
    const { network, listeners } = drawn();
    const files = network.drawn.read(network.drawn.task(200), 'task_struct', 'files');
    network.drawn.lose(what === 'sock' ? listeners[1]! : files);
    const all = await answer(network);
    expect(column(all, 'pid')).toContain(1);
    expect(column(all, 'pid')).toContain(201);
    expect(all.notes.length).toBeGreaterThan(0);
  });

  it('makes no socket out of zeros', async () => {
    const network = new Network('init(1)');
    const socket = network.loose('sock', LISTENER, TCP);
    network.hold(1, { 3: socket });
    const at = network.drawn.physical(socket);
    network.drawn.image.write(at, new Uint8Array(4096));
    const { rows } = await answer(network);
    expect(rows).toEqual([
      expect.objectContaining({
        ...{ pid: 1, fd: 3, inode: 4711, netns: SPOILT, family: SPOILT, type: SPOILT, protocol: SPOILT },
        ...{ localAddress: SPOILT, localPort: SPOILT, state: SPOILT, uid: SPOILT, hidden: SPOILT },
      }),
    ]);
  });

  it('says that a bucket of TCP is zero', async () => {
    const { network } = drawn();
    network.unlinkAll('established');
    expect((await answer(network)).notes).toEqual([
      '1 of 1 buckets in the hash table of TCP connections are zeros, which the kernel leaves in none',
    ]);
  });

  it('goes on with the other protocols of netlink where one of their tables is lost', async () => {
    const network = new Network('init(1)');
    network.putNetlink({ skc_state: 7 }, { portid: 812 });
    network.drawn.lose(network.symbols.nl_table!);
    const { rows, notes } = await answer(network);
    expect(rows).toEqual([]);
    expect(notes).toEqual([
      expect.stringMatching(/^netlink sockets: physical page 0x\w+ is not in the snapshot$/),
    ]);
  });

  it('names the other interfaces where one of them is lost', async () => {
    const network = new Network('init(1)');
    const { drawn: memory } = network;
    const lost = memory.draw('net_device', { name: 'eth8\0', ifindex: 8 });
    const first = memory.read(network.net, 'net', 'dev_base_head');
    const link = memory.member(lost, 'net_device', 'dev_list');
    network.ring(memory.member(network.net, 'net', 'dev_base_head'), link, first);
    memory.write(lost, 'net_device', { ifindex: 8 });
    network.put('listening', 'sock', { ...LISTENER, skc_bound_dev_if: 7 }, TCP);
    expect(column(await answer(network), 'device')).toEqual(['eth7']);
  });
});
