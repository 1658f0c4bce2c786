import { describe, expect, it } from 'vitest';
import { NotInSnapshot } from '../../src/base/errors.ts';
import { BOOTED, fakeKernel } from '../support/kernel.ts';

describe.each([false, true])('the machine of a kernel (old: %s)', (old) => {
  it('knows its name, its command line, its CPUs and its clocks', () => {
    const { machine } = fakeKernel('init(1)', { old, cpus: 3 }).linux();
    expect(machine.hostname).toBe('drawn-guest');
    expect(machine.commandLine).toBe('root=/dev/drawn quiet');
    expect(machine.cpus.online).toEqual([0, 1, 2]);
    expect(machine.cpus.possible).toEqual([0, 1, 2]);
    expect(machine.clock.bootTime).toEqual(new Date(Number(BOOTED / 1_000_000n)));
    expect(machine.clock.now).toEqual(new Date(Number(BOOTED / 1_000_000n) + 99_500));
    expect(machine.clock.uptime).toBe(99.5);
    expect(machine.clock.at(1_999_999n)).toEqual(new Date(Number(BOOTED / 1_000_000n) + 1));
  });
});

describe('a damaged machine', () => {
  it('has no time where the timekeeper is lost', () => {
    const drawn = fakeKernel('init(1)');
    drawn.lose(drawn.linux().symbol('timekeeper_data'));
    expect(() => drawn.linux().machine.clock.now).toThrow(NotInSnapshot);
  });

  it('has some time, whatever the clock says', () => {
    const drawn = fakeKernel('init(1)');
    const holder = drawn.linux().symbol('timekeeper_data');
    const timekeeper = drawn.member(holder, 'tk_data', 'timekeeper');
    drawn.write(timekeeper, 'timekeeper', { offs_real: -(2n ** 63n), offs_boot: 2n ** 63n - 1n });
    const { clock } = drawn.linux().machine;
    expect(clock.bootTime.toISOString()).toBe('1385-06-12T00:25:26.291Z');
    expect(clock.at(2n ** 64n - 1n).getTime()).not.toBeNaN();
  });
});
