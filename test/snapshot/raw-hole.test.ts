import { closeSync, ftruncateSync, mkdtempSync, openSync, rmSync, writeSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { physical } from '../../src/base/address.ts';
import { openSnapshot } from '../../src/snapshot/open.ts';

const GIB = 2 ** 30;

it('moves what lies behind the hole below 4 GiB to where the machine has it', () => {
  const folder = mkdtempSync(join(tmpdir(), 'vestige-hole-'));
  const path = join(folder, 'big.raw');
  const fd = openSync(path, 'w');
  try {
    ftruncateSync(fd, 5 * GIB); // sparse: it takes no room
    writeSync(fd, 'below', 3 * GIB - 16);
    writeSync(fd, 'above', 3 * GIB + 16);
    const { memory, contents, file } = openSnapshot(path, { hole: GIB });
    expect(memory.ranges).toEqual([
      { start: 0, end: 3 * GIB },
      { start: 4 * GIB, end: 6 * GIB },
    ]);
    const text = (at: number) => Buffer.from(memory.bytes(physical(at), 5)).toString('latin1');
    expect([text(3 * GIB - 16), text(4 * GIB + 16)]).toEqual(['below', 'above']);
    expect(contents.source.fileOffset(physical(4 * GIB + 16))).toBe(3 * GIB + 16);
    expect(contents.facts['layout']).toBe('without the 1 GiB below 4 GiB that are no RAM');
    file.close();
  } finally {
    closeSync(fd);
    rmSync(folder, { recursive: true });
  }
});
