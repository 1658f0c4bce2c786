// What reading a snapshot may take.
// The figures are limits and no measurements: they are held against each other.
import { totalmem } from 'node:os';
import { describe, expect, it } from 'vitest';
import { limitsFor } from '../../src/reader/limits.ts';

const GIB = 2 ** 30;

describe('the limits of a snapshot', () => {
  it('grow with what the file can hold', () => {
    expect(limitsFor(64 * GIB).cpuMs).toBe(limitsFor(0).cpuMs + 64 * 60_000);
    expect(limitsFor(64 * GIB).memoryBytes).toBeGreaterThanOrEqual(limitsFor(0).memoryBytes);
  });

  it('leave half of the machine to others, but for a gibibyte', () => {
    expect(limitsFor(1024 * GIB).memoryBytes).toBeLessThanOrEqual(Math.max(GIB, totalmem() / 2));
    expect(limitsFor(0).memoryBytes).toBe(GIB);
  });

  it('do not grow without end with a sparse file, nor shrink with a size that makes no sense', () => {
    expect(limitsFor(2 ** 62)).toEqual(limitsFor(1024 * GIB));
    expect(limitsFor(-1)).toEqual(limitsFor(0));
  });

  it('are those that the user named, however large the file is', () => {
    const forced = { memoryBytes: 300 * 2 ** 20, cpuMs: 1_000 };
    expect(limitsFor(64 * GIB, forced)).toEqual(forced);
    expect(limitsFor(64 * GIB, { cpuMs: 1_000 })).toEqual({ ...limitsFor(64 * GIB), cpuMs: 1_000 });
  });
});
