// What a rootkit does to the sockets of a real machine: the shipped sample, with some words of its memory changed.
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import sockets from '../../plugins/sockets.ts';
import type { Row } from '../../src/plugin/cell.ts';
import { startSession } from '../../src/session/session.ts';
import { openSnapshot, type Snapshot } from '../../src/snapshot/open.ts';
import { Overlay } from '../support/overlay.ts';
import { ask, observed } from '../support/rows.ts';

const PAGE = 4096;
let snapshot: Snapshot;
let overlay: Overlay;

beforeAll(() => {
  snapshot = openSnapshot('samples/web-1/after.kdump');
  overlay = new Overlay(snapshot.contents.source);
});
afterEach(() => overlay.mend());
afterAll(() => snapshot.file.close());

/** The kernel, as it is now. */
const linux = () => startSession({ ...snapshot, memory: overlay.memory() }).kernel;
const answer = () => ask(sockets, linux());

/** Every socket, by what is found of it. */
async function found(is: (row: Row) => boolean) {
  const kernel = linux();
  const { sockets: all } = await import('../../src/kernel/linux/net/sockets.ts');
  const { rows } = await ask(sockets, kernel);
  return { kernel, use: [...all(kernel)][rows.findIndex(is)]! };
}

/** Changes a word of the kernel's memory. */
function put(kernel: ReturnType<typeof linux>, address: bigint, word: bigint): void {
  const at = Number(kernel.space.translate(address));
  const page = overlay.page(at - (at % PAGE));
  new DataView(page.buffer).setBigUint64(at % PAGE, word, true);
  overlay.damage(at - (at % PAGE), page);
}

describe('sockets of a machine that a rootkit is at work in', () => {
  it('are all in their tables before', async () => {
    const { rows, notes } = await answer();
    expect(rows).toHaveLength(29);
    expect(new Set(rows.map(({ hidden }) => hidden))).toEqual(new Set([false]));
    expect(notes).toEqual([]);
  });

  it.each([
    ['TCP', (row: Row) => row['localPort'] === 31337],
    ['packet', (row: Row) => row['family'] === 'packet'],
    ['Unix', (row: Row) => row['localAddress'] === '/run/orders/ordersd.sock'],
  ] as const)('is hidden, shown, marked and said: one of %s', async (_, is) => {
    const { kernel, use } = await found(is);
    const { skc_node: link } = use.socket.common;
    put(kernel, kernel.pointerAt(link + 8n), kernel.pointerAt(link));
    const { rows, notes } = await answer();
    expect(rows).toHaveLength(29);
    expect(rows.filter(({ hidden }) => hidden === true)).toEqual([
      expect.objectContaining({ pid: use.task!.pid, fd: use.fd }),
    ]);
    expect(rows.find(is)).toMatchObject({ hidden: true });
    expect(observed(sockets, { rows, notes })[0]).toMatch(
      /^1 socket is in use and not in the kernel's table of them: /,
    );
  });

  it('are missed where nobody holds them and a table of netlink leads elsewhere', async () => {
    const { kernel, use } = await found((row) => row['protocol'] === 'connector');
    // What leads to the socket is a bucket, or another socket of its chain: one page that is another's.
    const buckets = [...Array(32).keys()].map((protocol) => {
      const each = BigInt(kernel.types.sizeOf('netlink_table') * protocol);
      return kernel.at('netlink_table', kernel.pointerAt(kernel.symbol('nl_table')) + each).hash.tbl;
    });
    const connector = buckets[use.socket.own.sk_protocol]!;
    const at = Number(kernel.space.translate(connector.address));
    overlay.damage(at - (at % PAGE), new Uint8Array(PAGE));
    const { rows, notes } = await answer();
    expect(rows.length).toBeLessThan(29);
    // The table on a page of zeros is none, and is not taken for an empty one.
    expect(notes.join('\n')).toMatch(/hash table of netlink connector sockets .*holds nothing but zeros/);
  });
});
