// Which machine and boot a snapshot is of, and when it was taken, from its own facts.
// Snapshots are ordered and grouped by it.
import type { KernelFacts, SnapshotFacts } from '../plugin/document.ts';
import { isNamed } from '../plugin/machine-identity.ts';

/** Whose memory a snapshot is, and when it was taken, by what it says itself. */
export interface Provenance {
  /**
   * The machine's ID; without one `host:` and its name, or for as long as it runs `boot:` and the boot's own ID. Null where
   * nothing tells. machines.ts knows better who it is.
   */
  readonly machine: string | null;
  /** The boot's ID, or `since:` and the second of the boot where nobody asked for an ID: setting the guest's clock changes that. */
  readonly boot: string | null;
  readonly hostname: string | null;
  readonly release: string | null;
  readonly architecture: string | null;
  /** ISO 8601, by the guest's own clock. */
  readonly taken: string | null;
}

/** What facts tell of it. The facts may be of an older version, and lack keys. */
export function provenanceOf({
  snapshot,
  kernel,
}: {
  readonly snapshot: Partial<SnapshotFacts>;
  readonly kernel: Partial<KernelFacts>;
}): Provenance {
  const { machineId, bootId, bootTime, hostname, release, architecture, time } = kernel;
  const since = typeof bootTime === 'string' ? `since:${bootTime.slice(0, 19)}Z` : null;
  return {
    machine:
      machineId ??
      (isNamed(hostname) ? `host:${hostname}` : (bootId ?? null) === null ? null : `boot:${bootId}`),
    boot: bootId ?? since,
    hostname: hostname ?? null,
    release: release ?? null,
    architecture: architecture ?? null,
    taken: time ?? snapshot.takenAt ?? null,
  };
}
