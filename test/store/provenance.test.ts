import { describe, expect, it } from 'vitest';
import { provenanceOf } from '../../src/store/provenance.ts';

const machineOf = (kernel: Parameters<typeof provenanceOf>[0]['kernel']): string | null =>
  provenanceOf({ snapshot: {}, kernel }).machine;

describe('whose memory a snapshot is', () => {
  it('is told by the machine’s own ID, then its name, then the boot while it runs', () => {
    expect(machineOf({ machineId: 'm', hostname: 'web', bootId: 'b' })).toBe('m');
    expect(machineOf({ machineId: null, hostname: 'web', bootId: 'b' })).toBe('host:web');
    expect(machineOf({ machineId: null, hostname: '(none)', bootId: 'b' })).toBe('boot:b');
  });

  it('is not made up: two machines may have booted in the same second', () => {
    expect(machineOf({ hostname: '', bootId: null, bootTime: '2026-01-02T03:00:00.000Z' })).toBeNull();
    expect(machineOf({})).toBeNull();
  });
});
