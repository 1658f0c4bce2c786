// Things of one kind in several views: what one lacks is lacking only where its walk came to an end.
import { describe, expect, it } from 'vitest';
import { CorruptStructure, NotInKernel, WalkIncomplete } from '../../src/base/errors.ts';
import { CrossView } from '../../src/kernel/linux/cross-view.ts';
import type { Walk } from '../../src/types/struct.ts';

type View = 'list' | 'tree' | 'table';

/** A walk that finds these things, and then ends, breaks off, or faults. */
function* walk(found: readonly bigint[], end: 'whole' | 'broken' | Error = 'whole'): Walk<bigint> {
  yield* found;
  if (end instanceof Error) throw end;
  return end === 'whole';
}

describe('a cross-view', () => {
  it('says of each view whether it has a thing, and lists all in the order in which they were found', () => {
    const views = new CrossView<View>();
    expect(views.add('list', walk([3n, 1n]))).toBeUndefined();
    views.add('tree', walk([1n, 2n]));
    expect([...views.all]).toEqual([3n, 1n, 2n]);
    expect([views.all.size(), views.all.has(2n), views.all.has(9n)]).toEqual([3, true, false]);
    expect([views.isIn('list', 3n), views.isIn('tree', 3n)]).toEqual([true, false]);
    expect(views.among(['list', 'tree', 'table'], 2n, true)).toEqual(['tree']);
    expect(views.among(['list', 'tree', 'table'], 2n, false)).toEqual(['list']);
  });

  it.each([
    ['broke off', 'broken'],
    ['met a fault', new CorruptStructure('a link leads nowhere')],
  ] as const)('never says that a thing is not there where the walk %s', (_, end) => {
    const views = new CrossView<View>();
    views.add('tree', walk([1n, 2n]));
    expect(views.add('list', walk([1n], end))).toBe(end === 'broken' ? undefined : end);
    expect(views.isIn('list', 1n)).toBe(true);
    expect(() => views.isIn('list', 2n)).toThrow(WalkIncomplete);
    expect([views.isWhole('list'), views.isWhole('tree')]).toEqual([false, true]);
    expect(views.isIn('tree', 9n)).toBe(false);
  });

  it('says nothing of a view that was not walked, or that the kernel does not have', () => {
    const views = new CrossView<View>();
    views.add('list', walk([1n]));
    expect(() => views.isIn('table', 1n)).toThrow(WalkIncomplete);
    expect(views.add('tree', walk([], new NotInKernel('mod_tree')))).toBeInstanceOf(NotInKernel);
    views.drop('tree');
    expect(() => views.isIn('tree', 1n)).toThrow(NotInKernel);
    expect(views.among(['list', 'tree', 'table'], 1n, false)).toEqual([]);
  });

  it('goes on with what a view finds while it is gone through', () => {
    const views = new CrossView<View>();
    views.add('list', walk([1n]));
    function* next(): Walk<bigint> {
      for (const address of views.all) if (address < 5n) yield address + 1n;
      return true;
    }
    views.add('tree', next());
    expect([...views.all]).toEqual([1n, 2n, 3n, 4n, 5n]);
  });

  it('lets through what is no fault of the evidence', () => {
    const views = new CrossView<View>();
    expect(() => views.add('list', walk([1n], new TypeError('a bug')))).toThrow(TypeError);
    expect(views.isWhole('list')).toBe(false);
  });
});
