// When a snapshot's file was written, by the host: what puts the snapshots of a machine in order.
// The guest's clock is a claim; only the name that `acquire` gave, the file's own time and when it was first seen count.
import { statSync } from 'node:fs';
import { basename } from 'node:path';

/** What `acquire` puts behind a machine's name, the moment at which it began, and what is behind it where the file was split. */
const ACQUIRED = /^(?<machine>.+)-(?<moment>\d{8}T\d{6}Z)\.[a-z0-9]+(?:\.[a-z0-9]+)?$/u;

/** What the name of a file says that `acquire` has written. */
export interface AcquiredName {
  /** The machine as its host calls it, with what file names may not hold replaced. */
  readonly machine: string;
  /** ISO 8601, to the second. */
  readonly moment: string;
}

/** Reads the name of a file; undefined where it is none that `acquire` gives. */
export function acquiredName(path: string): AcquiredName | undefined {
  const { machine = '', moment = '' } = ACQUIRED.exec(basename(path))?.groups ?? {};
  const [, year, month, day, hour, minute, second] = /^(....)(..)(..)T(..)(..)(..)Z$/.exec(moment) ?? [];
  const date = new Date(`${year}-${month}-${day}T${hour}:${minute}:${second}Z`);
  return Number.isNaN(date.getTime()) ? undefined : { machine, moment: date.toISOString() };
}

/**
 * When a file was written, ISO 8601: the moment in the name that `acquire` gave, since copying may lose the file's own time, or
 * that time. Neither is later than the file was first seen.
 *
 * @param modified nanoseconds since 1970, decimal
 * @param foundMs when it was first seen, in milliseconds since 1970
 */
export function writtenAt(path: string, modified: string, foundMs: number): string {
  const moment = acquiredName(path)?.moment;
  const ms = moment === undefined ? Number(BigInt(modified) / 1_000_000n) : Date.parse(moment);
  return new Date(Math.min(ms, foundMs)).toISOString();
}

/** The same for a file as it lies there now; null where it cannot be looked at. */
export function fileWrittenAt(path: string): string | null {
  const stat = statSync(path, { bigint: true, throwIfNoEntry: false });
  return stat === undefined ? null : writtenAt(path, String(stat.mtimeNs), Date.now());
}
