// Errors that go from one process to another.
// What they are decides whether a snapshot is tried again, and whether a scan goes on.
import { describe, expect, it } from 'vitest';
import {
  BadSnapshot,
  CutSnapshot,
  NoKernel,
  StoreError,
  UnreadableFile,
  UnsupportedSnapshot,
} from '../../src/base/errors.ts';
import { carry, revive } from '../../src/reader/carried.ts';
import { UnusableStore } from '../../src/store/unusable.ts';

/** As the channel does. */
const sent = (error: unknown): Error => revive(structuredClone(carry(error)));

describe('an error that is carried to another process', () => {
  it.each([
    new BadSnapshot('its header is torn'),
    new UnsupportedSnapshot('version 9'),
    new UnreadableFile('permission denied'),
    new CutSnapshot('5 bytes are missing'),
    new NoKernel('no kernel'),
    new StoreError('the disk is full'),
    new UnusableStore('damaged'),
  ])('is what it was: $name', (error) => {
    const came = sent(error);
    expect(came).toBeInstanceOf(error.constructor);
    expect({ ...came, message: came.message, stack: came.stack }).toEqual({
      ...error,
      message: error.message,
      stack: error.stack,
    });
  });

  it('is a plain one with the stack of the bug where it is none of the program’s', () => {
    const came = sent(new TypeError('undefined is not a function'));
    expect(came.constructor).toBe(Error);
    expect(came.message).toBe('undefined is not a function');
    expect(came.stack).toContain('carried.test.ts');
  });

  it('keeps the words of what was thrown and is no error', () => {
    expect(sent('a word').message).toBe('a word');
  });
});
