// Whether something new is seen by the times of files alone, without what scans have recorded.
import { statSync } from 'node:fs';
import { expect, it } from 'vitest';
import { isAnyLater } from '../../src/watch/candidates.ts';
import { scratchFolder } from '../support/writers-scratch.ts';

const scratch = scratchFolder();
const changed = (path: string): bigint => statSync(path, { bigint: true }).ctimeNs;

it('a file is new that changed after something was recorded, and perhaps known where it did before', () => {
  const path = scratch.file('one.raw', Buffer.alloc(65_536, 1));
  const choice = { places: [path], depth: 0 };
  expect(isAnyLater(choice, changed(path) - 1n)).toBe(true);
  expect(isAnyLater(choice, changed(path))).toBe(false);
  expect(isAnyLater(choice, 0n)).toBe(true);
});
