// The interface of the store: all that the program wants of what it remembers.
// Only this folder knows that it is SQLite.
import type { PhysicalAddress } from '../base/address.ts';
import type { AnyPlugin } from '../plugin/contract.ts';
import type { KeptExtents } from './extents.ts';
import type { KeptFindings } from './findings.ts';
import type { DamagedAnswer } from './forgotten.ts';
import type { Identification, Machines } from './machines.ts';
import type { Outbox } from './outbox.ts';
import type { PendingReports } from './pending-reports.ts';
import type { KeptProfiles } from './profiles.ts';
import type { Provenance } from './provenance.ts';
import type { NewAnswer, RememberedAnswer, RememberedFacts, SnapshotIdentity } from './remembered.ts';
import type { Scans } from './scans.ts';
import type { Upkeep } from './upkeep.ts';

/** A snapshot that something is remembered of, by the number that the store gave it. Its file may be gone. */
export interface PastSnapshot extends Provenance {
  readonly id: number;
  readonly path: string;
  readonly sizeBytes: number;
  readonly binding: string;
  /** What the operator calls the machine; null where nobody said. */
  readonly name: string | null;
  /** ISO 8601: when its file was written, by the host. What puts the snapshots of a machine in order. */
  readonly written: string;
  /** SHA-256 of samples of the file, hex: copies have the same. */
  readonly digest: string;
  /** ISO 8601: when it was last asked about. */
  readonly seen: string;
}

/** The snapshots of the past, for which no file is needed any more. Every method may throw StoreError. */
export interface History {
  /** All snapshots, or those of one machine, in the order in which their files were written, and then were first seen. */
  snapshots(machine?: string): PastSnapshot[];
  snapshot(id: number): PastSnapshot | undefined;
  /** What the store would call the machine that facts of a file tell of; null where nothing tells it. */
  machineOf(path: string, facts: RememberedFacts): string | null;
  /** The number of a file's snapshot as it is now; undefined where nothing is remembered of it. */
  find(identity: SnapshotIdentity): number | undefined;
  facts(id: number): RememberedFacts | undefined;
  /** A whole answer by this version of the plugin, whichever version of the program asked. `options` as it was kept: `{}` for none. */
  answer(id: number, plugin: AnyPlugin, options?: string): RememberedAnswer | undefined;
  /** Where in memory the VMCOREINFO of the snapshots added last stood: physical addresses, each once. */
  vmcoreinfoPages(): PhysicalAddress[];
  /** Forgets snapshots with all their rows. @returns how many there were */
  forget(ids: readonly number[]): number;
}

/** What a class offers, without its private parts: another class may offer the same. */
type Offer<T> = { readonly [K in keyof T]: T[K] };

/**
 * All that the program wants of its memory. Nobody outside this room knows how it is kept: today in a file of SQLite,
 * and a database on a server would have to offer no more than this. Every method may throw StoreError, and a caller
 * that goes on without loses speed only.
 */
export interface StoreInterface {
  /** Where the memory is, for messages. */
  readonly path: string;
  readonly history: History;
  readonly profiles: Offer<KeptProfiles>;
  readonly upkeep: Offer<Upkeep>;
  /** What scans have seen, and what they have yet to tell. */
  readonly scans: Offer<Scans>;
  readonly outbox: Offer<Outbox>;
  /** What policies said of snapshots. */
  readonly findings: Offer<KeptFindings>;
  /** Reports that are still to be written. */
  readonly reports: Offer<PendingReports>;
  /** What makes looking at a machine's next snapshot cheaper. */
  readonly extents: Offer<KeptExtents>;
  /** Which machines there are, and whose memory a snapshot is. */
  readonly machines: Offer<Machines>;
  /** What was learned of the snapshot itself when it was first bound. */
  facts(identity: SnapshotIdentity): RememberedFacts | undefined;
  /** The answer of a plugin with these options, as it was given the first time. */
  answer(identity: SnapshotIdentity, plugin: AnyPlugin, options: string): RememberedAnswer | undefined;
  /**
   * Remembers an answer, all of it or nothing. Rows that are kept already become this snapshot's too where they lie,
   * without being read. @returns the snapshot's number @throws ForgottenRows where they are forgotten by then
   */
  keep(
    identity: SnapshotIdentity,
    facts: RememberedFacts,
    plugin: AnyPlugin,
    options: string,
    answer: NewAnswer,
  ): number;
  /**
   * Puts a snapshot where it belongs, before its answers are kept: among those of a machine, at the time at which it was
   * written (ISO 8601). What is news of that counts as told. @returns its number
   */
  enter(identity: SnapshotIdentity, facts: RememberedFacts, who: Identification, written: string): number;
  /** Remembers facts in place of those that were remembered; answers stay. */
  keepFacts(identity: SnapshotIdentity, facts: RememberedFacts): void;
  /** Forgets a snapshot and all answers about it. */
  forgetSnapshot(identity: SnapshotIdentity): void;
  /** Forgets an answer that is not what it was when it was kept. */
  forget(damaged: DamagedAnswer): void;
  close(): void;
}
