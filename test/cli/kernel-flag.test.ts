import { Command } from 'commander';
import { describe, expect, it } from 'vitest';
import { kernelChosen, kernelFilter, withKernelFlag } from '../../src/cli/flags/kernel.ts';
import { bindingKey } from '../../src/inquiry/settings.ts';

describe('--kernel', () => {
  it.each([
    [undefined, undefined],
    ['2', 2],
    ['yes', undefined],
    ['no,3', 3],
  ])('%s chooses kernel %s', (words, number) => {
    expect(kernelChosen(words)).toBe(number);
  });

  it.each(['0', '1,2'])('%s chooses none, and is refused', (words) => {
    expect(() => kernelChosen(words)).toThrow(`--kernel wants one number from 1, not ${words}`);
  });

  it('leaves its words to the column of that name', () => {
    expect(kernelFilter('yes')).toBe('yes');
    expect(kernelFilter('no,3')).toBe('no');
    expect(kernelFilter('3')).toBeUndefined();
  });

  it('takes numbers alone where rows have no such column, and is one flag where they have', () => {
    const plain = withKernelFlag(new Command().exitOverride());
    expect(() => plain.parse(['--kernel', 'yes'], { from: 'user' })).toThrow(
      '--kernel wants a number from 1, not yes',
    );
    expect(plain.parse(['--kernel', '2'], { from: 'user' }).opts()).toEqual({ kernel: '2' });
    const both = withKernelFlag(new Command().option('--kernel <list>', 'yes or no'));
    expect(both.parse(['--kernel', 'yes'], { from: 'user' }).opts()).toEqual({ kernel: 'yes' });
    expect(both.options.map(({ description }) => description)).toEqual([
      'yes or no; a number: show this kernel if the snapshot holds several (info numbers them)',
    ]);
  });

  it('keeps apart what is remembered of each kernel', () => {
    const keys = [{}, { kernel: 1 }, { kernel: 2 }, { base: 4096 }, { base: 4096, kernel: 1 }].map(
      bindingKey,
    );
    expect(new Set(keys).size).toBe(5);
    expect(keys[0]).toBe('');
  });
});
