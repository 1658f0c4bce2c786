// What a process takes, seen from outside, and when it is ended for it.
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { afterEach, describe, expect, it } from 'vitest';
import { EnforcedLimits, type UnderWay } from '../../src/reader/enforced-limits.ts';
import { byPs, type Usage, usageOf } from '../../src/reader/usage.ts';

const MIB = 2 ** 20;

describe('what a process has taken', () => {
  it('is what the process itself is told, by /proc and by ps', () => {
    const hold = Buffer.alloc(64 * MIB, 1);
    for (const end = performance.now() + 300; performance.now() < end; );
    const { user, system } = process.cpuUsage();
    const rss = process.memoryUsage.rss();
    const usages = [usageOf(process.pid), byPs(process.pid)];
    expect(hold[0]).toBe(1);
    for (const usage of usages) {
      expect(Math.abs(usage!.memoryBytes - rss) / rss).toBeLessThan(0.25);
      // ps shows whole seconds.
      expect(Math.abs(usage!.cpuMs - (user + system) / 1_000)).toBeLessThan(1_500);
    }
  });

  it('is unknown of one that has ended, also while nobody has asked about it', async () => {
    const { pid } = spawnSync(process.execPath, ['-e', '0']);
    expect([usageOf(pid!), byPs(pid!)]).toEqual([undefined, undefined]);
    const shell = spawn('/bin/sh', ['-c', 'true & echo $!; exec sleep 60'], {
      stdio: ['ignore', 'pipe', 'ignore'],
    });
    const [line] = (await once(shell.stdout, 'data')) as [Buffer];
    await expect.poll(() => usageOf(Number(String(line)))).toBe(undefined);
    shell.kill('SIGKILL');
  });
});

describe('limits', () => {
  let limits: EnforcedLimits | undefined;
  afterEach(() => limits?.stop());

  /** Looks once for each usage, with what is under way then. @returns after which look the process was ended, and why */
  function looking(...looks: readonly (readonly [UnderWay | undefined, Usage | undefined])[]): unknown {
    let now = looks[0]!;
    let ended: number | undefined;
    let index = 0;
    limits = new EnforcedLimits({ usage: () => now[1], end: () => (ended = index) }, () => now[0]);
    for (const look of looks) {
      now = look;
      limits.look();
      index++;
    }
    return { ended, excess: limits.excess };
  }

  const work = (): UnderWay => ({ limits: { cpuMs: 1_000, memoryBytes: 100 } });
  const usage = (cpuMs: number, memoryBytes: number): Usage => ({ cpuMs, memoryBytes });

  it('count from where a snapshot began, each for itself', () => {
    const [one, other] = [work(), work()];
    expect(looking([one, usage(5_000, 100)], [one, usage(6_000, 100)])).toEqual({});
    expect(looking([one, usage(5_000, 1)], [other, usage(7_000, 1)], [other, usage(8_000, 1)])).toEqual({});
    expect(looking([one, usage(5_000, 1)], [one, usage(6_001, 1)])).toEqual({ ended: 1, excess: 'cpu' });
    expect(looking([one, usage(5_000, 101)])).toEqual({ ended: 0, excess: 'memory' });
  });

  it('hold for nothing between snapshots, and for a process that has ended', () => {
    expect(looking([undefined, usage(5_000, 1_000)], [work(), undefined])).toEqual({});
  });

  it('end a process once', () => {
    const one = work();
    expect(looking([one, usage(0, 101)], [one, usage(9_000, 1)])).toEqual({ ended: 0, excess: 'memory' });
  });
});
