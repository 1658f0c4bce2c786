import type { Row } from '../plugin/cell.ts';
import type { AnyPlugin } from '../plugin/contract.ts';
import type { KernelFacts } from '../plugin/document.ts';
import type { Known } from './comparison.ts';
import { cellKey, keyOf } from './keys.ts';

/** A thing and the snapshots that it is in, as numbers in the order of time. */
export interface Lifetime {
  readonly plugin: string;
  readonly first: number;
  readonly last: number;
  /** How many snapshots it is in: with gaps fewer than from the first to the last. */
  readonly count: number;
  /** The thing as it was last seen. */
  readonly row: Row;
}

/** When the things of one question were first and last seen. */
export interface Lifetimes {
  readonly lifetimes: readonly Lifetime[];
  /** What could not be followed, and why. */
  readonly notes: readonly string[];
}

/**
 * Follows the things of one question through snapshots in the order of time. A thing of another boot is another thing:
 * a process ID that is used again names a new process.
 */
export function lifetimesOf(plugin: AnyPlugin, snapshots: readonly Known[]): Lifetimes {
  const found = new Map<string, { first: number; last: number; count: number; row: Row }>();
  const notes: string[] = [];
  for (const [index, { kernel, answers }] of snapshots.entries()) {
    const side = answers.get(plugin.name);
    if (side === undefined) continue;
    notes.push(...side.notes.map((note) => `snapshot ${index + 1}: ${note}`));
    const starts = startsOf(answers.get('pslist')?.rows ?? []);
    const boot = kernel.bootId ?? kernel.bootTime ?? '';
    let unnamed = 0;
    const seen = new Set<string>();
    for (const row of side.rows) {
      const own = keyOf(plugin.identity.map((name) => row[name]));
      if (own === undefined) {
        unnamed++;
        continue;
      }
      const key = `${boot} ${own} ${starts.get(cellKey(row['pid']) ?? '') ?? ''}`;
      if (seen.has(key)) continue;
      seen.add(key);
      const known = found.get(key);
      if (known === undefined) found.set(key, { first: index, last: index, count: 1, row });
      else Object.assign(known, { last: index, count: known.count + 1, row });
    }
    if (unnamed > 0) notes.push(`snapshot ${index + 1}: ${unnamed} rows could not be named`);
  }
  const lifetimes = [...found.values()]
    .map((life) => ({ plugin: plugin.name, ...life }))
    .sort((a, b) => a.first - b.first || a.last - b.last);
  return { lifetimes, notes };
}

/** When the process of each ID was started. */
const startsOf = (rows: readonly Row[]): Map<string, string> =>
  new Map(rows.map((row) => [cellKey(row['pid']) ?? '', cellKey(row['started']) ?? '']));

/** Snapshots in the order in which they were taken by the guests' clocks; those of no known time keep their place. */
export function inOrderOfTime<T>(
  snapshots: readonly T[],
  kernelOf: (snapshot: T) => KernelFacts,
): { readonly snapshots: readonly T[]; readonly remarks: readonly string[] } {
  const time = (snapshot: T): number => Date.parse(kernelOf(snapshot).time ?? '');
  const ordered = [...snapshots].sort((a, b) => time(a) - time(b) || 0);
  const machines = new Set(
    snapshots.map((snapshot) => kernelOf(snapshot).machineId ?? kernelOf(snapshot).hostname),
  );
  const remarks = [
    ...(ordered.every((snapshot, index) => snapshot === snapshots[index])
      ? []
      : ['the snapshots are shown in the order in which they were taken']),
    ...(snapshots.some((snapshot) => Number.isNaN(time(snapshot)))
      ? ['a snapshot tells no time: its place is the one that it was given']
      : []),
    ...(machines.size > 1 ? ['these are snapshots of several machines'] : []),
  ];
  return { snapshots: ordered, remarks };
}
