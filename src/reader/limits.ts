// How much of the machine reading one snapshot may take: generous, since a large guest is no attack, and in proportion to
// what the file can hold, since a small one has no right to more.
import { totalmem } from 'node:os';

/** What a reader may take for one snapshot, from its opening on. */
export interface Limits {
  /** Resident memory of its process. */
  readonly memoryBytes: number;
  /** CPU time of all its threads, in milliseconds. */
  readonly cpuMs: number;
}

const MIB = 2 ** 20;
const GIB = 2 ** 30;

/** The samples take 110 MiB and a second; a guest of 1 GiB in use takes 200 MiB and three. */
const LEAST_MEMORY_BYTES = GIB;
const LEAST_CPU_MS = 5 * 60_000;
/** Tags, page maps and rows of a full guest come to some MiB for each GiB; unpacking and sweeping it, to some seconds. */
const MEMORY_BYTES_PER_GIB = 64 * MIB;
const CPU_MS_PER_GIB = 60_000;
/** A sparse file claims any size at no cost: beyond this nothing more is granted unasked. */
const MOST_COUNTED_BYTES = 1024 * GIB;

/**
 * The limits for a snapshot of so many bytes. Those in `forced` stand as they are; without them memory is never more than
 * half of this machine's, and never less than the least.
 */
export function limitsFor(bytes: number, forced: Partial<Limits> = {}): Limits {
  const gib = Math.min(Math.max(bytes, 0), MOST_COUNTED_BYTES) / GIB;
  const memory = Math.min(LEAST_MEMORY_BYTES + gib * MEMORY_BYTES_PER_GIB, totalmem() / 2);
  return {
    memoryBytes: Math.max(LEAST_MEMORY_BYTES, Math.round(memory)),
    cpuMs: Math.round(LEAST_CPU_MS + gib * CPU_MS_PER_GIB),
    ...forced,
  };
}
