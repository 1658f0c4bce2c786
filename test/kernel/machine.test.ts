import { describe, expect, it } from 'vitest';
import { NotInSnapshot } from '../../src/base/errors.ts';
import { machineOf } from '../../src/kernel/linux/machine/machine.ts';
import { stateSentence } from '../../src/plugin/machine-state.ts';
import { BOOTED, type FakeKernel, fakeKernel } from '../support/kernel.ts';

describe.each([false, true])('the machine of a kernel (old: %s)', (old) => {
  it('knows its name, its command line, its CPUs and its clocks', () => {
    const machine = machineOf(fakeKernel('init(1)', { old, cpus: 3 }).linux());
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
    expect(() => machineOf(drawn.linux()).clock.now).toThrow(NotInSnapshot);
  });

  it('has some time, whatever the clock says', () => {
    const drawn = fakeKernel('init(1)');
    const holder = drawn.linux().symbol('timekeeper_data');
    const timekeeper = drawn.member(holder, 'tk_data', 'timekeeper');
    drawn.write(timekeeper, 'timekeeper', { offs_real: -(2n ** 63n), offs_boot: 2n ** 63n - 1n });
    const { clock } = machineOf(drawn.linux());
    expect(clock.bootTime.toISOString()).toBe('1385-06-12T00:25:26.291Z');
    expect(clock.at(2n ** 64n - 1n).getTime()).not.toBeNaN();
  });
});

describe('what a machine was about', () => {
  const put32 = (drawn: FakeKernel, name: 'system_state' | 'panic_cpu', value: number): void =>
    drawn.image.put32(drawn.physical(drawn.linux().symbol(name)), value);
  const stateOf = (drawn: FakeKernel) => machineOf(drawn.linux()).state;

  it.each([
    [0, 'starting', 'the machine was still starting'],
    [2, 'starting', 'the machine was still starting'],
    [3, 'running', null],
    [4, 'shutting down', 'the machine was shutting down'],
    [5, 'shutting down', 'the machine was shutting down'],
    [6, 'restarting', 'the machine was restarting'],
    [7, 'suspending', 'the machine was going to sleep'],
  ])('is told by the state that the kernel is in: %i is %s', (value, phase, sentence) => {
    const drawn = fakeKernel('init(1)');
    put32(drawn, 'system_state', value);
    const state = stateOf(drawn);
    expect(state).toEqual({ phase, panic: null, isCrashKernel: false });
    expect(stateSentence(state!)).toBe(sentence);
  });

  it.each(['panic_cpu', 'system_state', 'elfcorehdr_addr'] as const)(
    'is not told by a page of zeros: %s',
    (name) => {
      const drawn = fakeKernel('init(1)');
      const linux = drawn.linux();
      const at = drawn.physical(linux.symbol(name));
      for (let word = at - (at % 4096); word < at - (at % 4096) + 4096; word += 4) drawn.image.put32(word, 0);
      expect(() => machineOf(drawn.linux()).state).toThrow(/^the page of \w+ holds nothing but zeros$/);
    },
  );

  it('is nothing where a state has no name, or the kernel does not tell', () => {
    const drawn = fakeKernel('init(1)');
    put32(drawn, 'system_state', 99);
    expect(stateOf(drawn)).toBeNull();
    put32(drawn, 'system_state', 3);
    const { system_state: _, ...symbols } = drawn.profile.symbols;
    Object.assign(drawn, { profile: { ...drawn.profile, symbols } });
    expect(stateOf(drawn)).toBeNull();
  });

  it('is a panic from the moment at which a CPU begins it, whatever the state, and its log need not be there', () => {
    const drawn = fakeKernel('init(1)');
    put32(drawn, 'panic_cpu', 0);
    const kernel = drawn.linux();
    expect(machineOf(kernel).state).toEqual({ phase: 'panicked', panic: null, isCrashKernel: false });
    expect(kernel.notes.drain()).toEqual([expect.stringMatching(/^reason of the panic: /)]);
    expect(stateSentence(machineOf(kernel).state!)).toBe('the kernel has panicked');
    expect(stateSentence({ phase: 'panicked', panic: 'Fatal exception', isCrashKernel: false })).toBe(
      'the kernel has panicked: Fatal exception',
    );
  });

  it('is to save the memory of another where it was started as the crash kernel', () => {
    const drawn = fakeKernel('init(1)');
    drawn.image.put64(drawn.physical(drawn.linux().symbol('elfcorehdr_addr')), 0x9f00_0000n);
    const state = stateOf(drawn);
    expect(state).toEqual({ phase: 'running', panic: null, isCrashKernel: true });
    expect(stateSentence(state!)).toBe(
      'this is the crash kernel, which was started to save the memory of another',
    );
  });
});
