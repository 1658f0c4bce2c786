// Follows things through several snapshots: in which each was first and last seen.
// Snapshots are ordered by when the host wrote their files.
import type { Cell, Row } from '../plugin/cell.ts';
import { type AnyPlugin, listOf, processColumn } from '../plugin/contract.ts';
import type { Comparable } from './comparison.ts';
import { inHostOrder, type Ordered } from './host-order.ts';
import { cellKey, keyOf } from './keys.ts';
import { Starts } from './processes.ts';
import { type Identified, relate } from './relation.ts';

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
 * a process ID that is used again names a new process. A snapshot that was seen is not kept: of a month of them only one
 * at a time needs to be in memory.
 */
export class Follower {
  readonly plugin: AnyPlugin;
  readonly #found = new Map<string, { first: number; last: number; count: number; row: Row }>();
  readonly #notes: string[] = [];
  /** When the processes of each boot were started, reckoned from it: setting the clock does not move that. */
  readonly #starts = new Map<string, Starts>();
  /** The question that lists processes, if its answers are at hand. */
  readonly #list: AnyPlugin | undefined;
  #snapshots = 0;

  /** @param asked all questions that the snapshots answered: one of them may list the processes */
  constructor(plugin: AnyPlugin, asked: readonly AnyPlugin[] = []) {
    this.plugin = plugin;
    this.#list = listOf([plugin, ...asked], 'processes');
  }

  /** Takes the next snapshot; one that was not asked this question has its place, and nothing in it. */
  see({ kernel, answers }: Comparable): void {
    const index = this.#snapshots++;
    const side = answers.get(this.plugin.name);
    if (side === undefined) return;
    this.#notes.push(...side.notes.map((note) => `snapshot ${index + 1}: ${note}`));
    const boot = kernel.bootId ?? kernel.bootTime ?? '';
    const nameOf = this.#startsIn(boot, Date.parse(kernel.bootTime ?? '') || 0);
    const list = this.#list;
    const number = list === undefined ? '' : (processColumn(list) ?? '');
    const starts = new Map(
      (answers.get(list?.name ?? '')?.rows ?? []).map((row) => [
        row[number],
        nameOf(row[number], row['started']),
      ]),
    );
    const process = processColumn(this.plugin) ?? '';
    let unnamed = 0;
    const seen = new Set<string>();
    for (const row of side.rows) {
      const pid = row[process];
      const own = keyOf(
        this.plugin.identity.map((name) => (name === 'started' ? nameOf(pid, row[name]) : row[name])),
      );
      if (own === undefined) {
        unnamed++;
        continue;
      }
      const key = `${boot} ${own} ${cellKey(starts.get(pid)) ?? ''}`;
      if (seen.has(key)) continue;
      seen.add(key);
      const known = this.#found.get(key);
      if (known === undefined) this.#found.set(key, { first: index, last: index, count: 1, row });
      else Object.assign(known, { last: index, count: known.count + 1, row });
    }
    if (unnamed > 0) this.#notes.push(`snapshot ${index + 1}: ${unnamed} rows could not be named`);
  }

  #startsIn(
    boot: string,
    bootMs: number,
  ): (pid: Cell | undefined, started: Cell | undefined) => Cell | undefined {
    const starts = this.#starts.get(boot) ?? new Starts();
    this.#starts.set(boot, starts);
    return (pid, started) =>
      typeof pid === 'number' && started instanceof Date
        ? starts.nameOf(pid, started.getTime() - bootMs)
        : started;
  }

  /** What was found in the snapshots seen so far. */
  lifetimes(): Lifetimes {
    const lifetimes = [...this.#found.values()]
      .map((life) => ({ plugin: this.plugin.name, ...life }))
      .sort((a, b) => a.first - b.first || a.last - b.last);
    return { lifetimes, notes: this.#notes };
  }
}

/** Follows the things of one question through snapshots that are all at hand. */
export function lifetimesOf(
  plugin: AnyPlugin,
  snapshots: readonly Comparable[],
  asked: readonly AnyPlugin[] = [],
): Lifetimes {
  const follower = new Follower(plugin, asked);
  for (const snapshot of snapshots) follower.see(snapshot);
  return follower.lifetimes();
}

/**
 * Snapshots in the order of time: that in which the host wrote their files. What should not be so between one and the
 * next of its machine is among the remarks.
 */
export function inOrderOfTime<T>(
  snapshots: readonly T[],
  of: (snapshot: T) => Identified,
): { readonly snapshots: readonly T[]; readonly remarks: readonly string[] } {
  const ordered = inHostOrder(snapshots, (snapshot) => orderedOf(of(snapshot))).map(
    ({ snapshot }) => snapshot,
  );
  const relations = ordered.slice(1).map((snapshot, index) => relate(of(ordered[index]!), of(snapshot)));
  const remarks = [
    ...(ordered.every((snapshot, index) => snapshot === snapshots[index])
      ? []
      : ['the snapshots are shown in the order in which they were taken']),
    ...(relations.some(({ machine }) => machine === 'other')
      ? ['these are snapshots of several machines']
      : []),
    ...relations.flatMap(({ anomalies }, index) =>
      anomalies.map(({ message }) => `snapshot ${index + 2}: ${message}`),
    ),
  ];
  return { snapshots: ordered, remarks };
}

/** What tells the place of a snapshot among others. */
const orderedOf = ({ kernel, written = null }: Identified): Ordered => ({
  written,
  boot: kernel.bootId ?? kernel.bootTime?.slice(0, 19) ?? null,
  uptimeSeconds: kernel.uptimeSeconds,
});
