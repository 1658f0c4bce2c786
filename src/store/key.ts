import { createHash } from 'node:crypto';
import { type BigIntStats, closeSync, constants, fstatSync, openSync, readSync } from 'node:fs';
import { whyMoving } from './moving.ts';

/** What tells one state of a snapshot file from every other, without reading the whole. */
export interface SnapshotKey {
  readonly device: string;
  readonly inode: string;
  readonly sizeBytes: number;
  /** Nanoseconds since 1970, decimal. */
  readonly modified: string;
  /** Nanoseconds since 1970, decimal: set by the system, so that `touch` cannot hide a change. */
  readonly changed: string;
  /** SHA-256 of the header and of pages spread over the file, hex. */
  readonly digest: string;
}

const HEADER_BYTES = 65536;
const PROBE_BYTES = 4096;
/** Pages looked at besides the header: enough to notice another dump in the same place, cheap on any disk. */
const PROBES = 15;
/** A file changed less than this ago may still be being written: no answer about it is remembered. */
const SETTLING_NANOSECONDS = 2_000_000_000n;

/**
 * The key of the file as it is now, or null where none can be relied on (still being written, or written unseen): then
 * nothing is remembered.
 */
export function keyOf(path: string, nowMs: number = Date.now()): SnapshotKey | null {
  const now = BigInt(nowMs) * 1_000_000n;
  return keyed(
    path,
    ({ ctimeNs }) =>
      now - ctimeNs >= SETTLING_NANOSECONDS &&
      whyMoving(path, Number(ctimeNs / 1_000_000n), nowMs) === undefined,
  );
}

/** The key of a file of which others know whether it changes. */
export const keyOfSettled = (path: string): SnapshotKey | null => keyed(path, () => true);

/** @param isReliable whether the file's times tell what they should */
function keyed(path: string, isReliable: (stat: BigIntStats) => boolean): SnapshotKey | null {
  let fd: number;
  try {
    fd = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK); // a pipe would wait for a writer
  } catch {
    return null; // whoever opens the snapshot says why
  }
  try {
    const stat = fstatSync(fd, { bigint: true });
    if (!stat.isFile() || !isReliable(stat)) return null;
    return {
      device: String(stat.dev),
      inode: String(stat.ino),
      sizeBytes: Number(stat.size),
      modified: String(stat.mtimeNs),
      changed: String(stat.ctimeNs),
      digest: digestOf(fd, Number(stat.size)),
    };
  } catch {
    return null; // a file that cannot be read has no answer to remember
  } finally {
    closeSync(fd);
  }
}

function digestOf(fd: number, sizeBytes: number): string {
  const hash = createHash('sha256');
  const buffer = Buffer.alloc(HEADER_BYTES);
  const add = (offset: number, length: number): void => {
    hash.update(buffer.subarray(0, readSync(fd, buffer, 0, length, offset)));
  };
  add(0, HEADER_BYTES);
  for (let probe = 1; probe <= PROBES; probe++) {
    const at = Math.floor((sizeBytes * probe) / (PROBES + 1) / PROBE_BYTES) * PROBE_BYTES;
    if (at >= HEADER_BYTES) add(at, PROBE_BYTES);
  }
  return hash.digest('hex');
}

/** True where both are of one state of one file. */
export const isSameKey = (a: SnapshotKey, b: SnapshotKey): boolean =>
  (Object.keys(a) as (keyof SnapshotKey)[]).every((part) => a[part] === b[part]);
