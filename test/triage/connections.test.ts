// Both ends of a connection on one machine are one line.
import { describe, expect, it } from 'vitest';
import { type End, joinConnections } from '../../src/triage/connections.ts';

function end(local: string, remote: string, holders: string | null, namespace = '1'): End {
  const portOf = (text: string): number => Number(text.slice(text.lastIndexOf(':') + 1));
  return {
    ...{ line: { protocol: 'tcp', local, remote, holders }, namespace },
    ...{ localPort: portOf(local), remotePort: portOf(remote) },
  };
}

const shown = (ends: readonly End[], listening: readonly number[] = []): string[] =>
  joinConnections(ends, new Set(listening)).map(
    ({ local, remote, holders }) => `${local} → ${remote} ${holders}`,
  );

describe('connections', () => {
  const client = end('127.0.0.1:44830', '127.0.0.1:5433', 'psql (8)');
  const server = end('127.0.0.1:5433', '127.0.0.1:44830', 'postgres (9)');
  const once = ['127.0.0.1:44830 → 127.0.0.1:5433 psql (8) → postgres (9)'];

  it('stand once, from the client to the server, whichever end comes first', () => {
    expect(shown([client, server], [5433])).toEqual(once);
    expect(shown([server, client], [5433])).toEqual(once);
  });

  it('lead to the port that somebody listens on, also where it is the higher one', () => {
    const other = end('127.0.0.1:50000', '127.0.0.1:44830', 'agent (7)');
    const near = end('127.0.0.1:44830', '127.0.0.1:50000', 'cli (6)');
    expect(shown([other, near], [50000])).toEqual(['127.0.0.1:44830 → 127.0.0.1:50000 cli (6) → agent (7)']);
    expect(shown([other, near])).toEqual(['127.0.0.1:50000 → 127.0.0.1:44830 agent (7) → cli (6)']);
  });

  it('of two namespaces that have the same loopback addresses stay apart', () => {
    expect(shown([client, { ...server, namespace: '2' }], [5433])).toHaveLength(2);
  });

  it('between two namespaces of one machine are one', () => {
    const out = end('10.0.0.2:40000', '10.0.0.1:443', 'curl (4)', '2');
    const into = end('10.0.0.1:443', '10.0.0.2:40000', 'nginx (5)', '1');
    expect(shown([out, into])).toEqual(['10.0.0.2:40000 → 10.0.0.1:443 curl (4) → nginx (5)']);
  });

  it('with an end that no process holds say so', () => {
    expect(shown([client, { ...server, line: { ...server.line, holders: null } }], [5433])).toEqual([
      '127.0.0.1:44830 → 127.0.0.1:5433 psql (8) → no process',
    ]);
  });

  it('to other machines stay as they are', () => {
    const far = end('10.0.0.2:40000', '203.0.113.9:443', 'curl (4)');
    expect(shown([far])).toEqual(['10.0.0.2:40000 → 203.0.113.9:443 curl (4)']);
  });
});
