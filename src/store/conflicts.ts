// Where two machines say the same of themselves, and where one machine's boots take turns, which no machine's do.
// Found among what the store knows of all machines; each is news when it first shows.
import { startOf } from '../plugin/machine-identity.ts';
import type { Claim, KnownClaim } from './claims.ts';

/** One thing that two machines say of themselves. */
export interface Conflict {
  /** `earlier-boot`: a boot that had ended is back as it was. */
  readonly over: 'boot' | 'machine-id' | 'hostname' | 'earlier-boot';
  /** What both say. From the evidence: escape it. */
  readonly value: string;
  /** The other machine, as people call it. From the evidence: escape it. */
  readonly other: string;
}

/** Claims that have something in common with another. */
export type Like = Readonly<Record<'boot' | 'machineId' | 'hostname', readonly KnownClaim[]>>;

/** What other machines say of themselves too, where a scan has not told so before. Whom the operator names apart may say what they like. */
export function conflictsOf(
  claim: Claim,
  known: Like,
  own: readonly KnownClaim[],
  machine: string | null,
  name: string | null,
): Conflict[] {
  const conflict = (
    over: Exclude<Conflict['over'], 'earlier-boot'>,
    value: string,
    claims: readonly KnownClaim[],
    isSame: (other: KnownClaim) => boolean,
  ): Conflict[] => {
    const other = claims.find(
      (one) =>
        one.machine !== machine && one.isTold && (over === 'boot' || name === null || one.name === null),
    );
    if (other === undefined || own.some((one) => one.isTold && isSame(one))) return [];
    return [{ over, value, other: calledOf(other) }];
  };
  return [
    ...conflict('boot', claim.boot, known.boot, ({ boot }) => boot === claim.boot),
    ...conflict(
      'machine-id',
      claim.machineId,
      known.machineId,
      ({ machineId }) => machineId === claim.machineId,
    ),
    ...conflict('hostname', claim.hostname, known.hostname, ({ hostname }) => hostname === claim.hostname),
  ];
}

/** What is news of boots that take turns with one, and which of them are another machine's. */
interface Turns {
  readonly conflicts: readonly Conflict[];
  readonly others: readonly string[];
}

/**
 * Whether boots of one machine take turns: no machine runs two. One that is back where it was, and no further, was set
 * back to; so was one of which the guest's clock says that the other came after it.
 */
export function turnsOf(claim: Claim, own: readonly KnownClaim[], written: string): Turns {
  const same = own.filter(({ boot }) => boot === claim.boot && boot !== '');
  if (same.length === 0) return { conflicts: [], others: [] };
  const [first] = same.map((one) => one.first).sort();
  const last = same.reduce((a, b) => (a.last > b.last ? a : b));
  const between = own.filter(
    (one) => one.boot !== claim.boot && one.boot !== '' && one.last > first! && one.first <= written,
  );
  const [latest] = between;
  if (latest === undefined) return { conflicts: [], others: [] };
  const isTold = between.every((one) => one.first <= last.last);
  const ran = (claim.uptimeSeconds ?? 0) - (last.uptimeSeconds ?? 0);
  if (claim.uptimeSeconds !== null && ran <= 0)
    return {
      conflicts: isTold ? [] : [{ over: 'earlier-boot', value: claim.boot, other: calledOf(latest) }],
      others: [],
    };
  if (startOf(latest.taken, latest.uptimeSeconds) > Date.parse(claim.taken ?? ''))
    return { conflicts: [], others: [] };
  const over = claim.machineId !== '' && claim.machineId === latest.machineId ? 'machine-id' : 'hostname';
  const value = over === 'machine-id' ? claim.machineId : (latest.name ?? latest.hostname);
  return {
    conflicts: isTold ? [] : [{ over, value, other: `the one of boot ${latest.boot}` }],
    others: [...new Set(between.map(({ boot }) => boot))],
  };
}

/** What people call a machine. */
const calledOf = ({ name, hostname, machine }: KnownClaim): string => name ?? (hostname || machine);
