import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { acquiredName, fileWrittenAt, writtenAt } from '../../src/store/host-time.ts';
import { inScratch } from './scratch.ts';

const NOW = Date.parse('2026-11-28T12:00:00.000Z');
const nanoseconds = (time: string): string => `${Date.parse(time)}000000`;

describe('when a file was written', () => {
  it('is its own time, or the moment that acquire gave it, and never later than it was first seen', () => {
    const modified = nanoseconds('2026-11-27T10:00:00.250Z');
    expect(writtenAt('/s/memory.raw', modified, NOW)).toBe('2026-11-27T10:00:00.250Z');
    expect(writtenAt('/s/web-1-20261126T231500Z.kdump', modified, NOW)).toBe('2026-11-26T23:15:00.000Z');
    expect(writtenAt('/s/web-1-20991126T231500Z.kdump', modified, NOW)).toBe('2026-11-28T12:00:00.000Z');
    expect(writtenAt('/s/memory.raw', nanoseconds('2099-01-01T00:00:00Z'), NOW)).toBe(
      '2026-11-28T12:00:00.000Z',
    );
  });

  it('is not known of a file that is not there', () =>
    inScratch((folder) => {
      expect(fileWrittenAt(join(folder, 'none'))).toBeNull();
      writeFileSync(join(folder, 'new'), '');
      expect(Date.parse(fileWrittenAt(join(folder, 'new'))!)).toBeLessThanOrEqual(Date.now());
    }));
});

describe('the name that acquire gives a file', () => {
  it.each([
    ['web-1-20261126T231500Z.kdump', { machine: 'web-1', moment: '2026-11-26T23:15:00.000Z' }],
    ['ü_1-20261126T231500Z.elf', { machine: 'ü_1', moment: '2026-11-26T23:15:00.000Z' }],
    ['-20261126T231500Z.elf', undefined],
    ['web-20261126T231500Z', undefined],
    ['web-20261326T231500Z.raw', undefined],
    ['web-20261126T231500.raw', undefined],
    ['web.raw', undefined],
  ])('%s', (name, expected) => {
    expect(acquiredName(`/snapshots/${name}`)).toEqual(expected);
  });
});
