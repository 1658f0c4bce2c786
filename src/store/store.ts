// The store: opens the file and puts its parts together.
// `interface.ts` is its interface.
import type Database from 'better-sqlite3';
import type { AnyPlugin } from '../plugin/contract.ts';
import { readAnswer, writeRows } from './answers.ts';
import { checksumOf } from './checksum.ts';
import { claimOf } from './claims.ts';
import { KeptExtents } from './extents.ts';
import { discard, explaining, openDatabase, openReadonly } from './file.ts';
import { KeptFindings } from './findings.ts';
import { DamagedAnswer } from './forgotten.ts';
import { KeptHistory } from './history.ts';
import { acquiredName, writtenAt } from './host-time.ts';
import { IDENTITY_COLUMNS, IS_IDENTITY, identityValues } from './identity.ts';
import type { History, StoreInterface } from './interface.ts';
import { type Identification, Machines } from './machines.ts';
import { Outbox } from './outbox.ts';
import { PendingReports } from './pending-reports.ts';
import { KeptProfiles } from './profiles.ts';
import { provenanceOf } from './provenance.ts';
import type { NewAnswer, RememberedAnswer, RememberedFacts, SnapshotIdentity } from './remembered.ts';
import { defineRows } from './rows.ts';
import { Scans } from './scans.ts';
import { StoredRows } from './stored-rows.ts';
import { Upkeep } from './upkeep.ts';

export type { RememberedAnswer, RememberedFacts, SnapshotIdentity } from './remembered.ts';

/** `seen` is good to a day: reading an answer must not cost a write each time. */
const SEEN_GRAIN_MS = 86_400_000;

/** What earlier runs found, in one SQLite file: rows by plugin, and profiles by build. */
export class Store implements StoreInterface {
  readonly path: string;
  /** Looking over what is remembered, and forgetting. */
  readonly upkeep: Upkeep;
  readonly profiles: KeptProfiles;
  readonly history: History;
  readonly scans: Scans;
  readonly outbox: Outbox;
  readonly findings: KeptFindings;
  readonly reports: PendingReports;
  readonly extents: KeptExtents;
  readonly machines: Machines;
  readonly #database: Database.Database;
  /** The program's version: a newer one may read more of the same snapshot, so it asks again. */
  readonly #program: string;

  private constructor(path: string, database: Database.Database, program: string) {
    this.path = path;
    this.#database = database;
    this.#program = program;
    this.upkeep = new Upkeep(path, database, program);
    this.profiles = new KeptProfiles(path, database);
    this.history = new KeptHistory(path, database);
    this.scans = new Scans(path, database, program);
    this.outbox = new Outbox(path, database);
    this.findings = new KeptFindings(path, database, program);
    this.reports = new PendingReports(path, database);
    this.extents = new KeptExtents(path, database, program);
    this.machines = new Machines(path, database);
  }

  /** Opens the cache, making it (and its folder) for its owner alone where it is not there. @throws StoreError */
  static open(path: string, program: string): Store {
    return explaining(path, () => new Store(path, openDatabase(path), program));
  }

  /** Opens a cache that is there so that nothing can be written to it. @throws StoreError */
  static openReadonly(path: string, program: string): Store {
    return explaining(path, () => new Store(path, openReadonly(path), program));
  }

  /** Deletes a cache that cannot be opened any more. @throws StoreError where the file is no cache */
  static discard(path: string): void {
    explaining(path, () => discard(path));
  }

  facts(identity: SnapshotIdentity): RememberedFacts | undefined {
    return explaining(this.path, () => {
      const found = this.#snapshotRow(identity);
      if (found === undefined || !isSound(found)) return undefined;
      const facts = JSON.parse(found.facts) as RememberedFacts;
      this.#see(found);
      return { ...facts, snapshot: { ...facts.snapshot, path: identity.path } };
    });
  }

  answer(identity: SnapshotIdentity, plugin: AnyPlugin, options: string): RememberedAnswer | undefined {
    const read = this.#database.transaction((): RememberedAnswer | undefined => {
      const snapshot = this.#snapshotRow(identity);
      if (snapshot === undefined) return undefined;
      return readAnswer(this.#database, snapshot.id, plugin, options, this.#program);
    });
    try {
      return explaining(this.path, read);
    } catch (error) {
      if (!(error instanceof DamagedAnswer)) throw error;
      this.forget(error);
      return undefined;
    }
  }

  keepFacts(identity: SnapshotIdentity, facts: RememberedFacts): void {
    explaining(this.path, () => this.#remember(identity, facts));
  }

  forgetSnapshot(identity: SnapshotIdentity): void {
    const id = this.history.find(identity);
    if (id !== undefined) this.history.forget([id]);
  }

  keep(
    identity: SnapshotIdentity,
    facts: RememberedFacts,
    plugin: AnyPlugin,
    options: string,
    answer: NewAnswer,
  ): number {
    return explaining(this.path, () =>
      this.#database
        .transaction(() => {
          defineRows(this.#database, plugin);
          const number = this.#remember(identity, facts);
          this.#write(number, plugin, options, answer);
          return number;
        })
        .immediate(),
    );
  }

  enter(identity: SnapshotIdentity, facts: RememberedFacts, who: Identification, written: string): number {
    return explaining(this.path, () => {
      this.machines.settle(facts, who, { written, isTold: true });
      const id = this.#remember(identity, facts, who.machine);
      this.#database.prepare('UPDATE snapshot SET written = ? WHERE id = ?').run(written, id);
      return id;
    });
  }

  forget({ run }: DamagedAnswer): void {
    if (this.#database.readonly) return;
    explaining(this.path, () => this.#database.prepare('DELETE FROM run WHERE id = ?').run(run));
  }

  close(): void {
    this.#database.close();
  }

  #snapshotRow(identity: SnapshotIdentity): SnapshotRow | undefined {
    return this.#database
      .prepare(
        `SELECT id, facts, facts_checksum AS checksum, seen FROM snapshot WHERE ${IS_IDENTITY} AND program = ?`,
      )
      .get(...identityValues(identity), this.#program) as SnapshotRow | undefined;
  }

  #see({ id, seen }: SnapshotRow): void {
    if (this.#database.readonly || Date.now() - Date.parse(seen) < SEEN_GRAIN_MS) return;
    this.#database.prepare('UPDATE snapshot SET seen = ? WHERE id = ?').run(new Date().toISOString(), id);
  }

  /** @param machine whose memory it is; left out, it is found out where that is not known yet */
  #remember(identity: SnapshotIdentity, facts: RememberedFacts, machine?: string | null): number {
    const now = new Date();
    const written = writtenAt(identity.path, identity.key.modified, now.getTime());
    const text = JSON.stringify(facts);
    const values: Readonly<Record<string, string | null>> = {
      path: identity.path,
      program: this.#program,
      facts: text,
      facts_checksum: checksumOf(text),
      seen: now.toISOString(),
      ...provenanceOf(facts),
      machine: machine === undefined ? this.#machineOf(identity, facts, written) : machine,
    };
    // What the host knew when it first saw the file stays.
    const first = { written, found: now.toISOString() };
    const names = Object.keys(values);
    const columns = [...names, ...Object.keys(first)];
    const keys = identityValues(identity);
    const places = [...keys, ...columns].map(() => '?').join(', ');
    return Number(
      this.#database
        .prepare(
          `INSERT INTO snapshot (${IDENTITY_COLUMNS}, ${columns.join(', ')}) VALUES (${places})
           ON CONFLICT DO UPDATE SET ${names.map((name) => `${name} = excluded.${name}`).join(', ')} RETURNING id`,
        )
        .pluck()
        .get(...keys, ...Object.values(values), ...Object.values(first)),
    );
  }

  #machineOf(identity: SnapshotIdentity, facts: RememberedFacts, written: string): string | null {
    const known = this.#database
      .prepare(`SELECT machine, facts FROM snapshot WHERE ${IS_IDENTITY}`)
      .get(...identityValues(identity)) as { machine: string | null; facts: string } | undefined;
    if (known !== undefined && saysTheSame(known.facts, facts)) return known.machine;
    const who = this.machines.identify(facts, { written, operator: acquiredName(identity.path)?.machine });
    this.machines.settle(facts, who, { written, isTold: false });
    return who.machine;
  }

  #write(snapshotId: number, plugin: AnyPlugin, options: string, answer: NewAnswer): void {
    const question = [snapshotId, plugin.name, plugin.version, options] as const;
    this.#database
      .prepare(
        'DELETE FROM run WHERE snapshot_id = ? AND plugin = ? AND version = ? AND options = ? AND program <> ?',
      )
      .run(...question, this.#program);
    const { kept, notes } = answer;
    const own = kept instanceof StoredRows && kept.isIn(this.#database) ? kept : undefined;
    const rowsOf = own?.wholeRun();
    const text = JSON.stringify(notes);
    const run = this.#database
      .prepare(
        `INSERT INTO run (snapshot_id, plugin, version, options, program, notes, row_count, made)
         VALUES (?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING RETURNING id`,
      )
      .pluck()
      .get(...question, this.#program, text, own?.count ?? answer.rows.length, new Date().toISOString()) as
      | number
      | undefined;
    if (run === undefined) return; // another process was faster, with the same answer
    const checksum =
      own === undefined ? writeRows(this.#database, plugin, run, answer.rows, text) : own.checksum;
    this.#database
      .prepare('UPDATE run SET rows_of = ?, checksum = ? WHERE id = ?')
      .run(rowsOf ?? run, checksum, run);
  }
}

/** Whether the facts are those that were kept. Those that are not are learned anew. */
const isSound = ({ facts, checksum }: SnapshotRow): boolean =>
  checksum === null || checksum === checksumOf(facts);

interface SnapshotRow {
  readonly id: number;
  readonly facts: string;
  /** Null where a version of the program that made none kept them. */
  readonly checksum: string | null;
  readonly seen: string;
}

/** Whether remembered facts tell of the same machine. */
function saysTheSame(text: string, { kernel }: RememberedFacts): boolean {
  const before = claimOf((JSON.parse(text) as RememberedFacts).kernel);
  const { boot, machineId, hostname } = claimOf(kernel);
  return before.boot === boot && before.machineId === machineId && before.hostname === hostname;
}
