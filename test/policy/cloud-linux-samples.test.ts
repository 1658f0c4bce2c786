import { beforeAll, describe, expect, it } from 'vitest';
import type { Comparable } from '../../src/diff/comparison.ts';
import type { Policy } from '../../src/policy/policy.ts';
import type { Verdict } from '../../src/policy/verdict.ts';
import { openSession } from '../../src/session/session.ts';
import { type Judged, judgeSession, starterPolicy, toldBy, unreadIn } from './starter.ts';

async function judgeSample(policy: Policy, name: string, before?: Comparable): Promise<Judged> {
  const session = openSession(`samples/web-1/${name}.kdump`);
  try {
    return await judgeSession(policy, session, before);
  } finally {
    session.close();
  }
}

describe('the starter policy on the samples', () => {
  let before: Verdict;
  let after: Verdict;
  beforeAll(async () => {
    const policy = starterPolicy();
    const first = await judgeSample(policy, 'before');
    before = first.verdict;
    after = (await judgeSample(policy, 'after', first.known)).verdict;
  }, 120_000);

  it('finds nothing before the break-in', () => {
    expect(toldBy(before)).toEqual([]);
    expect(unreadIn(before)).toEqual([]);
  });

  it('tells the story of the break-in after it', () => {
    expect(unreadIn(after)).toEqual([]);
    expect(toldBy(after)).toEqual([
      'memory-only-executable: kworker/u3:1 (201), of user 0, runs /memfd:libc-cache (deleted)',
      'kernel-thread-impostor: kworker/0:3 (199), of user 0, runs /dev/shm/.cache/kw (deleted) and calls itself [kworker/0:3]',
      'kernel-thread-impostor: kworker/u3:1 (201), of user 0, runs /memfd:libc-cache (deleted) and calls itself [kworker/u3:1]',
      'shell-on-socket: bash (183), of user 33, is typed into from 203.0.113.66:4444',
      'scratch-executable: kworker/0:3 (199), of user 0, runs /dev/shm/.cache/kw (deleted)',
      'web-server-shell: bash (183), of user 33: bash -i',
      'packet-socket: kworker/u3:1 (201) has a packet socket on eth0, for all',
      'preloaded-library: dropbear (209) has LD_PRELOAD=/usr/lib/x86_64-linux-gnu/libkeyutils.so.2',
      'unsigned-module: dummy is not signed (taints E)',
      'guardian-gone: auditd (128) does not run any more',
      'deleted-executable: kworker/0:3 (199), of user 0, runs /dev/shm/.cache/kw (deleted)',
      'unexpected-listener: kworker/0:3 (199) listens on 0.0.0.0:31337',
      'notorious-port: bash (183) is connected with 203.0.113.66:4444',
      'executable-stack: dropbear (209), which runs /usr/sbin/dropbear, may execute its stack',
      'promiscuous-card: device eth0 entered promiscuous mode, 61.515743 seconds after the start',
      'new-listener: kworker/0:3 (199) listens on 0.0.0.0:31337',
      'hidden-file-written: openssl (294), of user 0, writes /var/lib/.fonts/messages.enc',
      'module-loaded: aesni_intel was loaded',
      'module-loaded: crypto_simd was loaded',
      'module-loaded: cryptd was loaded',
      'module-loaded: xts was loaded',
      'module-loaded: dm_crypt was loaded',
      'module-loaded: dm_mod was loaded',
      'module-loaded: loop was loaded',
      'module-loaded: dummy was loaded',
    ]);
  });
});
