// A machine that was reset a moment ago still has the kernel of before in its memory. What its firmware has left in the first
// page tells, where the file has no registers.
import { beforeAll, describe, expect, it } from 'vitest';
import { physical } from '../../src/base/address.ts';
import { PhysicalMemory } from '../../src/memory/physical.ts';
import { signOfReset } from '../../src/session/linux/firmware.ts';
import { startSession } from '../../src/session/session.ts';
import type { CpuState } from '../../src/snapshot/format.ts';
import { openSnapshot, type Snapshot } from '../../src/snapshot/open.ts';
import { Overlay } from '../support/overlay.ts';

const PAGE = 4096;
const TICKS_AT = 0x46c;
const TICKS_PER_SECOND = 18.2065;
const NOON = Date.UTC(2026, 10, 28, 12);
const MINUTE = 60_000;

/** The first page of a PC whose firmware's clock stood so many seconds after midnight when it was read last. */
function firstPage(seconds: number, { segment = 0xf000 } = {}): PhysicalMemory {
  const page = Buffer.alloc(PAGE);
  for (let vector = 0; vector < 256; vector++)
    page.writeUInt32LE(((segment << 16) | 0xff53) >>> 0, 4 * vector);
  page.writeUInt32LE(Math.round(seconds * TICKS_PER_SECOND), TICKS_AT);
  return new PhysicalMemory({
    ranges: [{ start: physical(0), end: physical(PAGE) }],
    costlyPages: false,
    fileOffset: () => null,
    read: (_, into) => {
      into.set(page);
      return PAGE;
    },
  });
}

const clockAt = (hour: number, minute: number, second = 0): number => (hour * 60 + minute) * 60 + second;

describe("the firmware's clock", () => {
  it('tells of a reset where it stands after the last moment of the kernel', () => {
    expect(signOfReset(firstPage(clockAt(12, 0, 7)), NOON)).toMatch(
      /^the firmware's clock stands at 12:00:0[67], after the last moment of the kernel \(12:00:00\)$/,
    );
  });

  it('tells of a reset where it is not set yet', () => {
    expect(signOfReset(firstPage(0), NOON)).toMatch(/^the firmware has not set its clock/);
  });

  it('tells of one over midnight', () => {
    const beforeMidnight = Date.UTC(2026, 10, 28, 23, 59, 50);
    expect(signOfReset(firstPage(clockAt(0, 0, 20)), beforeMidnight)).toMatch(/stands at 00:00:/);
  });

  it.each([
    ['from before the kernel started', clockAt(11, 20), {}],
    ['of the same second', clockAt(12, 0, 1), {}],
    ['of another time zone', clockAt(14, 0), {}],
    ['of a machine that no BIOS started', 0, { segment: 0 }],
  ])('tells nothing where it is %s', (_, seconds, more) => {
    expect(signOfReset(firstPage(seconds, more), NOON)).toBeNull();
  });

  it("tells nothing beside a kernel's clock that is no time", () => {
    expect(signOfReset(firstPage(0), Number.NaN)).toBeNull();
    expect(signOfReset(firstPage(0), 9e15)).toBeNull();
  });
});

describe('the kernel of a machine that was reset', () => {
  let snapshot: Snapshot;
  let overlay: Overlay;
  beforeAll(() => {
    snapshot = openSnapshot('samples/web-1/after.kdump');
    overlay = new Overlay(snapshot.contents.source);
    return () => snapshot.file.close();
  });

  /** The sample as its firmware leaves it some time after the kernel's last moment. */
  const begin = (later: number, cpus: readonly CpuState[]) => {
    const taken = new Date(startSession(snapshot).facts.kernel.time!);
    const clock = (taken.getTime() + later) % (24 * 60 * MINUTE);
    const page = overlay.page(0);
    Buffer.from(page.buffer).writeUInt32LE(Math.round((clock / 1000) * TICKS_PER_SECOND), TICKS_AT);
    overlay.damage(0, page);
    const contents = { ...snapshot.contents, cpus };
    return startSession({ ...snapshot, contents, memory: overlay.memory() }).facts.kernel;
  };

  it('is less sure, and that is said', () => {
    const { confidence, notes } = begin(MINUTE / 10, []);
    expect(confidence).toBe('likely');
    expect(notes).toEqual([
      expect.stringMatching(
        /^the firmware's clock stands at .*: the machine was reset, it seems, and this kernel runs no more; the file has no registers that would tell$/,
      ),
    ]);
  });

  it('is as sure as ever where the clock is from its own start, or registers tell that it runs', () => {
    expect(begin(-5 * MINUTE, [])).toMatchObject({ confidence: 'verified', notes: [] });
    expect(begin(MINUTE / 10, snapshot.contents.cpus)).toMatchObject({ confidence: 'verified', notes: [] });
  });
});
