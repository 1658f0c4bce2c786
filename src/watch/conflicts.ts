// What two machines say of themselves both, as a reader should hear it.
// The store finds such conflicts among all machines that it knows; each is an anomaly of the snapshot that brought it.
import type { Anomaly } from '../diff/anomalies.ts';
import type { Conflict } from '../store/conflicts.ts';

/** A conflict in words, with some of the evidence: escape them. */
export function anomalyOf({ over, value, other }: Conflict): Anomaly {
  switch (over) {
    case 'boot':
      return { rule: 'boot-id-claimed-twice', message: `${other} tells the boot ID ${value} too` };
    case 'machine-id':
      return { rule: 'machine-id-claimed-twice', message: `${other} tells the machine ID ${value} too` };
    case 'hostname':
      return { rule: 'name-claimed-twice', message: `${other} is called ${value} too` };
    case 'earlier-boot':
      return {
        rule: 'guest-state-reverted',
        message: `it is back in the boot ${value}, which another had followed: the machine was set back to a saved state`,
      };
  }
}
