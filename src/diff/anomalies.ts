// What two snapshots of one machine say of its clock, its names and its hardware that should not be so.
// Each is news by itself: who sets a clock or takes another name may want to be watched as somebody else, or not at all.
import { durationText } from '../base/duration.ts';
import type { KernelFacts } from '../plugin/document.ts';

/** What an anomaly is, in the words of a rule. */
interface Kind {
  /** A sentence without a full stop. */
  readonly title: string;
  readonly severity: 'medium' | 'high';
}

/** Every kind of anomaly, by the ID under which it is found. */
export const ANOMALIES = {
  'guest-clock-set-back': { title: 'The guest’s clock went back', severity: 'high' },
  'guest-clock-set-forward': { title: 'The guest’s clock jumped ahead of its uptime', severity: 'high' },
  'guest-clock-ahead': { title: 'The guest’s clock is ahead of the host’s', severity: 'high' },
  'guest-clock-stopped': { title: 'The guest’s clocks stand still while it runs', severity: 'high' },
  'guest-state-reverted': { title: 'The machine was set back to an earlier state', severity: 'high' },
  'machine-renamed': { title: 'The machine calls itself by another name', severity: 'medium' },
  'machine-id-changed': { title: 'The machine tells another machine ID', severity: 'high' },
  'hardware-changed': { title: 'The machine has other hardware', severity: 'medium' },
  'boot-id-claimed-twice': { title: 'Two machines claim one boot ID', severity: 'high' },
  'machine-id-claimed-twice': { title: 'Two machines claim one machine ID', severity: 'high' },
  'name-claimed-twice': { title: 'Two machines claim one name', severity: 'high' },
} as const satisfies Readonly<Record<string, Kind>>;

export type AnomalyRule = keyof typeof ANOMALIES;

/** One thing that should not be so. Plain JSON data. */
export interface Anomaly {
  readonly rule: AnomalyRule;
  /** A sentence without a full stop, with words of the evidence in it: escape it. */
  readonly message: string;
}

/** A snapshot as far as its time and its machine are concerned. */
export interface Sighting {
  readonly kernel: KernelFacts;
  /** ISO 8601, by the host's clock: when the snapshot was written; null where nobody knows. */
  readonly written?: string | null;
}

/**
 * How far the guest's wall clock may move against its uptime, in seconds, and a boot's start with it. Services that keep
 * time step a clock by seconds when a machine has started; afterwards they bend it, and the uptime with it.
 */
export const CLOCK_SLACK_S = 60;
/** How far a clock may go back between two snapshots of one boot: no more than such a step. */
const BACK_SLACK_S = 5;
/** Uptime never goes back; it is told to the millisecond. */
const UPTIME_SLACK_S = 1;
/** A file is written after its memory was read, so only a wrong clock is ahead of it. Guests without a time service drift by minutes a month. */
const HOST_SLACK_S = 600;

/** What is wrong with the clock of the later of two snapshots, by all that the host and the uptime say. `isSameBoot`: the machine ran on. */
export function clockAnomalies(before: Sighting, after: Sighting, isSameBoot: boolean): Anomaly[] {
  const clock = secondsBetween(before.kernel.time, after.kernel.time);
  const uptime = isSameBoot ? difference(before.kernel.uptimeSeconds, after.kernel.uptimeSeconds) : null;
  if (uptime !== null && uptime < -UPTIME_SLACK_S)
    return [
      {
        rule: 'guest-state-reverted',
        message: `its uptime is ${durationText(-uptime)} less than before, in the same boot: the machine was set back to a saved state, or the second snapshot is older than the first`,
      },
    ];
  const host = secondsBetween(before.written, after.written);
  const set = clock === null ? undefined : setClock(clock, uptime, host);
  if (set !== undefined) return [set];
  const [was, is] = [aheadOfHost(before), aheadOfHost(after)];
  if (was === null || is === null || is <= HOST_SLACK_S || is - was <= HOST_SLACK_S) return [];
  return [
    {
      rule: 'guest-clock-ahead',
      message: `the guest’s clock says a time ${durationText(is)} after the file was written, and was not so far ahead before`,
    },
  ];
}

/** Whether somebody set the clock, by seconds from one snapshot to the other; undefined where nobody did. */
function setClock(clock: number, uptime: number | null, host: number | null): Anomaly | undefined {
  // Between boots a clock stands on a battery, and is corrected afterwards.
  const ran = uptime === null ? '' : ` while the machine ran for ${durationText(uptime)}`;
  const jump = uptime === null ? null : clock - uptime;
  if (clock < -(uptime === null ? CLOCK_SLACK_S : BACK_SLACK_S) || (jump !== null && jump < -CLOCK_SLACK_S))
    return {
      rule: 'guest-clock-set-back',
      message: `the guest’s clock was set back by ${durationText(-(jump ?? clock))}${ran}`,
    };
  // What a machine missed while it stood still is caught up with one step.
  const stood = uptime === null || host === null ? 0 : Math.max(0, host - uptime);
  if (jump !== null && jump > stood + CLOCK_SLACK_S)
    return {
      rule: 'guest-clock-set-forward',
      message: `the guest’s clock was set forward by ${durationText(jump)}${ran}`,
    };
  return undefined;
}

/** Whether both clocks of the guest stand where they stood, though the host's went on. That is so of copies too. */
export function areClocksStopped(before: Sighting, after: Sighting): boolean {
  const host = secondsBetween(before.written, after.written);
  return (
    secondsBetween(before.kernel.time, after.kernel.time) === 0 &&
    difference(before.kernel.uptimeSeconds, after.kernel.uptimeSeconds) === 0 &&
    (host ?? 0) > CLOCK_SLACK_S
  );
}

/** Seconds from one moment to the other; null where one is not known. */
export function secondsBetween(
  one: string | null | undefined,
  other: string | null | undefined,
): number | null {
  const seconds = (Date.parse(other ?? '') - Date.parse(one ?? '')) / 1000;
  return Number.isNaN(seconds) ? null : seconds;
}

const difference = (one: number | null | undefined, other: number | null | undefined): number | null =>
  one === null || one === undefined || other === null || other === undefined ? null : other - one;

const aheadOfHost = ({ kernel, written }: Sighting): number | null => secondsBetween(written, kernel.time);
