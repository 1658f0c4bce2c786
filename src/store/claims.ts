// What boots have said of their machines: who a snapshot is of is found out among them.
// They outlive the snapshots that they were read from: a name or an ID that comes back is known.
import type Database from 'better-sqlite3';
import type { KernelFacts } from '../plugin/document.ts';
import {
  type BootStart,
  type BootTraits,
  type HardwareTraits,
  isNamed,
  startOf,
} from '../plugin/machine-identity.ts';

/** What one boot says of itself. */
export interface Claim {
  /** The boot's own ID; empty where nobody has asked for one. */
  readonly boot: string;
  /** The SMBIOS UUID; empty where there is none. */
  readonly machineId: string;
  /** Empty where nobody gave one. */
  readonly hostname: string;
  readonly traits: BootTraits & HardwareTraits;
  /** The guest's clock and uptime, in the snapshot that was written last. */
  readonly taken: string | null;
  readonly uptimeSeconds: number | null;
}

/** A claim that was recorded, and of which machine. */
export interface KnownClaim extends Claim {
  readonly machine: string;
  /** What the operator calls that machine; null where nobody said. */
  readonly name: string | null;
  /** ISO 8601: when the first and the last snapshot of it were written, by the host. */
  readonly first: string;
  readonly last: string;
  /** A scan has told of it. Other commands only remember. */
  readonly isTold: boolean;
}

/** Boots of one machine that are remembered: more than anybody looks back, and a bound on a guest that makes up IDs. */
const MOST_OF_A_MACHINE = 256;

/** The claim that facts make. They may be of an older version, and lack keys. */
export function claimOf({
  bootId,
  machineId,
  hostname,
  architecture = '',
  banner = '',
  kaslr = { virtual: null, physical: null },
  cpus = null,
  time = null,
  uptimeSeconds = null,
}: Partial<KernelFacts>): Claim {
  return {
    boot: bootId ?? '',
    machineId: machineId ?? '',
    hostname: isNamed(hostname) ? hostname : '',
    traits: { architecture, banner, kaslr, cpus },
    ...{ taken: time, uptimeSeconds },
  };
}

const COLUMNS = `c.machine, m.name, c.boot, c.machine_id AS machineId, c.hostname, c.traits, c.first, c.last, c.taken,
  c.uptime AS uptimeSeconds, c.told FROM claim c JOIN machine m ON m.id = c.machine`;

/** What a boot has from its first moment to its last, as it is kept. */
export const traitsText = ({ traits }: Claim): string => JSON.stringify(traits);

/** When the boot that makes a claim began, as far as the snapshot of it tells that was written then. */
export const bootStartOf = (
  { traits: { kaslr }, taken, uptimeSeconds }: Claim,
  written: string,
): BootStart => ({
  kaslr,
  byGuest: startOf(taken, uptimeSeconds),
  byHost: startOf(written, uptimeSeconds),
});

/** Claims that tell one thing, those of the machine seen last in front. */
export function claimsWith(
  database: Database.Database,
  what: 'boot' | 'machine_id' | 'hostname' | 'machine' | 'traits',
  value: string,
): KnownClaim[] {
  if (value === '') return [];
  const rows = database
    .prepare(`SELECT ${COLUMNS} WHERE c.${what} = ? ORDER BY c.last DESC, c.first DESC`)
    .all(value) as (Omit<KnownClaim, 'traits' | 'isTold'> & { traits: string; told: number })[];
  return rows.map(({ traits, told, ...row }) => ({
    ...row,
    traits: JSON.parse(traits) as KnownClaim['traits'],
    isTold: told !== 0,
  }));
}

/** Records that a machine made a claim in a snapshot that was written then. */
export function recordClaim(
  database: Database.Database,
  machine: string,
  claim: Claim,
  { written, isTold }: { readonly written: string; readonly isTold: boolean },
): void {
  const { boot, machineId, hostname, taken, uptimeSeconds } = claim;
  database
    .prepare(
      `INSERT INTO claim (machine, boot, machine_id, hostname, traits, first, last, taken, uptime, told)
       VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
       ON CONFLICT DO UPDATE SET
         taken = CASE WHEN excluded.last >= last THEN excluded.taken ELSE taken END,
         uptime = CASE WHEN excluded.last >= last THEN excluded.uptime ELSE uptime END,
         first = min(first, excluded.first), last = max(last, excluded.last), told = max(told, excluded.told)`,
    )
    .run(
      ...[machine, boot, machineId, hostname, traitsText(claim), written, written],
      ...[taken, uptimeSeconds, isTold ? 1 : 0],
    );
  database
    .prepare(
      `DELETE FROM claim WHERE machine = ? AND last < (
         SELECT last FROM claim WHERE machine = ? ORDER BY last DESC LIMIT 1 OFFSET ${MOST_OF_A_MACHINE})`,
    )
    .run(machine, machine);
}
