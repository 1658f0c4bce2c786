// Each question of a scan has a kernel of its own, so that what it read can be told: what all share, and what none does.
// The kernel is drawn; its reads are recorded as those of a snapshot.
import { describe, expect, it } from 'vitest';
import type { Linux } from '../../src/kernel/linux/linux.ts';
import { traced } from '../../src/session/traced.ts';
import { fakeKernel } from '../support/kernel.ts';

describe('a kernel that one question asks', () => {
  it('shares the classes of structs with every other, and keeps the notes to itself', async () => {
    const drawn = fakeKernel('init(1)  sshd(200 < 1)');
    drawn.write(drawn.task(200), 'task_struct', { children: 0n });
    const kernel = drawn.linux();
    const ask = async (own: Linux): Promise<{ readonly own: Linux; readonly notes: string[] }> => {
      const [...children] = own.at('task_struct', drawn.task(200)).children;
      expect(children).toEqual([]);
      return { own, notes: own.notes.drain() };
    };
    const { result: first } = await traced({ kernel }, ask);
    const { result: second } = await traced({ kernel }, ask);
    expect(first.own).not.toBe(second.own);
    for (const { own } of [first, second])
      expect(own.types.classOf('task_struct')).toBe(kernel.types.classOf('task_struct'));
    const broken = /^task_struct\.sibling list breaks after 0 entries/;
    expect([...first.notes, ...second.notes]).toEqual([
      expect.stringMatching(broken),
      expect.stringMatching(broken),
    ]);
    expect(kernel.notes.drain()).toEqual([]);
  });
});
