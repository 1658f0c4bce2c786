// Keeps which files scans have seen, and what came of each.
// So nothing is analysed twice.
import type Database from 'better-sqlite3';
import { explaining } from './file.ts';
import type { SnapshotKey } from './key.ts';
import { provenanceOf } from './provenance.ts';
import type { RememberedFacts, SnapshotIdentity } from './remembered.ts';

/** One state of a file, as the system tells it without opening the file. */
export type FileState = Omit<SnapshotKey, 'digest'>;

/**
 * What came of a file in one state: its answers are recorded; it is a copy of one that is; it is no snapshot; it
 * could not be read; it was only looked into so far; its snapshot is forgotten and it is to be deleted.
 */
export type Outcome = 'recorded' | 'again' | 'other' | 'failed' | 'begun' | 'doomed';

/** What scans know of a file in one state. */
export interface ScannedFile {
  readonly path: string;
  readonly state: FileState;
  readonly outcome: Outcome;
  /** Why it is no snapshot, or could not be read. */
  readonly why: string | null;
  /** How often it could not be read, by this version of the program. */
  readonly tries: number;
  /** ISO 8601: when its memory was taken, by the guest's clock; when the file was written, where that does not tell. */
  readonly taken: string | null;
  /** Which boot it is of, and how many seconds that had run: of a file that was looked into. */
  readonly boot: string | null;
  readonly uptimeSeconds: number | null;
}

/** What is noted of a file beside its state and outcome. */
type Noted = Pick<ScannedFile, 'why' | 'taken' | 'tries' | 'boot' | 'uptimeSeconds'>;

/** A snapshot that a scan recorded. */
export interface ScannedSnapshot {
  /** The number that the store gave it. */
  readonly id: number;
  readonly path: string;
  /** The state of its file, as it was then. */
  readonly state: FileState;
  readonly machine: string | null;
  readonly hostname: string | null;
  /** ISO 8601, by the guest's clock. */
  readonly taken: string;
  /** ISO 8601, by the host's: what orders the snapshots of a machine. */
  readonly written: string;
}

const SNAPSHOT = `s.id, s.path, s.device, s.inode, s.size AS sizeBytes, s.modified, s.changed, s.machine, s.hostname,
  c.taken, s.written FROM snapshot s JOIN scanned c ON c.snapshot_id = s.id AND c.outcome = 'recorded'`;

const FILE = `path, device, inode, size AS sizeBytes, modified, changed, outcome, why, tries, taken, boot,
  uptime AS uptimeSeconds, program FROM scanned`;

const STATE = 'device = ? AND inode = ? AND size = ? AND modified = ? AND changed = ?';

/** How long it is remembered what came of a file that is not there any more. */
const FORGOTTEN_AFTER_MS = 90 * 86_400_000;
/** That a file was seen again is good to a day: looking at a folder must not cost a write for each file. */
const SEEN_GRAIN_MS = 86_400_000;

/** What scans have seen, so that nothing is analysed twice. Every method may throw StoreError. */
export class Scans {
  readonly #path: string;
  readonly #database: Database.Database;
  readonly #program: string;
  #findFile: Database.Statement | undefined;

  constructor(path: string, database: Database.Database, program: string) {
    this.#path = path;
    this.#database = database;
    this.#program = program;
  }

  /** All that `action` writes to the cache is there afterwards, or nothing of it, whatever happens on the way. */
  atomically<T>(action: () => T): T {
    return explaining(this.#path, () => this.#database.transaction(action).immediate());
  }

  /** Whether scans have seen any file. */
  isUsed(): boolean {
    return explaining(
      this.#path,
      () => this.#database.prepare('SELECT 1 FROM scanned LIMIT 1').get() !== undefined,
    );
  }

  /** What came of a file in this state. What another version of the program could not read is worth another try. */
  file(state: FileState): ScannedFile | undefined {
    return explaining(this.#path, () => {
      // A look at a folder asks this of every file in it.
      this.#findFile ??= this.#database.prepare(`SELECT ${FILE} WHERE ${STATE}`);
      const row = this.#findFile.get(...partsOf(state)) as FileRow | undefined;
      if (row === undefined) return undefined;
      const file = fileOf(row);
      return row.program === this.#program ? file : { ...file, tries: 0 };
    });
  }

  /** Notes what came of a file in this state. */
  note(
    path: string,
    state: FileState,
    outcome: Outcome,
    { why = null, taken = null, tries = 0, boot = null, uptimeSeconds = null }: Partial<Noted> = {},
    snapshotId: number | null = null,
  ): void {
    explaining(this.#path, () => {
      this.#database
        .prepare(
          `INSERT OR REPLACE INTO scanned
             (path, device, inode, size, modified, changed, outcome, snapshot_id, taken, why, tries, boot, uptime, program, seen)
           VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
        )
        .run(
          path,
          ...partsOf(state),
          outcome,
          snapshotId,
          taken,
          why,
          tries,
          boot,
          uptimeSeconds,
          this.#program,
          new Date().toISOString(),
        );
    });
  }

  /** Notes that these files were still there, and forgets those that have long been gone. */
  stillThere(states: readonly FileState[], now: number = Date.now()): void {
    explaining(this.#path, () => {
      const recent = new Date(now - SEEN_GRAIN_MS).toISOString();
      const isOld = this.#database.prepare('SELECT 1 FROM scanned WHERE seen < ? LIMIT 1').pluck();
      if (isOld.get(recent) === undefined) return;
      const find = this.#database.prepare(`SELECT 1 FROM scanned WHERE ${STATE} AND seen < ?`).pluck();
      const old = states.filter((state) => find.get(...partsOf(state), recent) !== undefined);
      if (old.length === 0) return;
      this.atomically(() => {
        const see = this.#database.prepare(`UPDATE scanned SET seen = ? WHERE ${STATE}`);
        for (const state of old) see.run(new Date(now).toISOString(), ...partsOf(state));
        this.#database
          .prepare("DELETE FROM scanned WHERE seen < ? AND snapshot_id IS NULL AND outcome <> 'doomed'")
          .run(new Date(now - FORGOTTEN_AFTER_MS).toISOString());
        this.#database
          .prepare('DELETE FROM outbox WHERE ended < ?')
          .run(new Date(now - FORGOTTEN_AFTER_MS).toISOString());
      });
    });
  }

  /**
   * A recorded snapshot that may hold the same: of one boot and moment, in a file of the same size and samples. The
   * guest says when that is: whoever relies on it must know better.
   */
  twinOf({ key, binding }: SnapshotIdentity, facts: RememberedFacts): ScannedSnapshot | undefined {
    const { boot, taken } = provenanceOf(facts);
    return this.#snapshots(
      `WHERE s.digest = ? AND s.size = ? AND s.binding = ? AND s.boot IS ? AND s.taken IS ?
         AND NOT (s.device = ? AND s.inode = ? AND s.modified = ? AND s.changed = ?) LIMIT 1`,
      key.digest,
      key.sizeBytes,
      binding,
      boot,
      taken,
      ...[key.device, key.inode, key.modified, key.changed],
    )[0];
  }

  /** The recorded snapshot of a machine that was written last before a moment, or in it, and is of none of these boots. */
  before(machine: string, written: string, except: readonly string[] = []): ScannedSnapshot | undefined {
    return this.#snapshots(
      `WHERE s.machine = ? AND s.written <= ? AND (s.boot IS NULL OR s.boot NOT IN (SELECT value FROM json_each(?)))
       ORDER BY s.written DESC, s.id DESC LIMIT 1`,
      machine,
      written,
      JSON.stringify(except),
    )[0];
  }

  /** The recorded snapshot of a machine that was written first after a moment, and is of none of these boots. */
  after(machine: string, written: string, except: readonly string[] = []): ScannedSnapshot | undefined {
    return this.#snapshots(
      `WHERE s.machine = ? AND s.written > ? AND (s.boot IS NULL OR s.boot NOT IN (SELECT value FROM json_each(?)))
       ORDER BY s.written, s.id LIMIT 1`,
      machine,
      written,
      JSON.stringify(except),
    )[0];
  }

  /** When the recorded snapshots of a boot were written that were after one moment and not after another, and how far it had run. */
  ofBoot(boot: string, after: string, until: string): { written: string; uptimeSeconds: number | null }[] {
    return explaining(
      this.#path,
      () =>
        this.#database
          .prepare(
            `SELECT s.written, CASE WHEN json_valid(s.facts) THEN json_extract(s.facts, '$.kernel.uptimeSeconds') END AS uptimeSeconds
             FROM snapshot s JOIN scanned c ON c.snapshot_id = s.id AND c.outcome = 'recorded'
             WHERE s.boot = ? AND s.written > ? AND s.written <= ? ORDER BY s.written`,
          )
          .all(boot, after, until) as { written: string; uptimeSeconds: number | null }[],
    );
  }

  /** Every recorded snapshot, the one written first of each machine in front. */
  recorded(): ScannedSnapshot[] {
    return this.#snapshots('ORDER BY s.machine, s.written, s.id');
  }

  /** The numbers of snapshots of which somebody is still to be told: a message waits, or a report into this folder. */
  toBeTold(folder: string | undefined): Set<number> {
    return explaining(
      this.#path,
      () =>
        new Set(
          this.#database
            .prepare(
              `SELECT snapshot_id FROM outbox WHERE ended IS NULL AND snapshot_id IS NOT NULL
               UNION SELECT snapshot_id FROM owed_report WHERE folder = ?`,
            )
            .pluck()
            .all(folder ?? null) as number[],
        ),
    );
  }

  /** Notes that the files of a snapshot, copies too, are to be deleted: before the snapshot itself is forgotten. */
  doom(id: number): void {
    explaining(this.#path, () => {
      this.#database.prepare("UPDATE scanned SET outcome = 'doomed' WHERE snapshot_id = ?").run(id);
    });
  }

  /** Files that are to be deleted. */
  doomed(): ScannedFile[] {
    return explaining(this.#path, () =>
      (
        this.#database.prepare(`SELECT ${FILE} WHERE outcome = 'doomed' ORDER BY path`).all() as FileRow[]
      ).map(fileOf),
    );
  }

  /** Has nothing to note about a file any more. */
  drop(state: FileState): void {
    explaining(this.#path, () => {
      this.#database.prepare(`DELETE FROM scanned WHERE ${STATE}`).run(...partsOf(state));
    });
  }

  #snapshots(rest: string, ...values: readonly unknown[]): ScannedSnapshot[] {
    return explaining(this.#path, () =>
      (this.#database.prepare(`SELECT ${SNAPSHOT} ${rest}`).all(...values) as SnapshotRow[]).map(snapshotOf),
    );
  }
}

type FileRow = FileState & Omit<ScannedFile, 'state'> & { readonly program: string };

type SnapshotRow = FileState & Omit<ScannedSnapshot, 'state'>;

const fileOf = (row: FileRow): ScannedFile => {
  const { path, outcome, why, tries, taken, boot, uptimeSeconds, program: _, ...state } = row;
  return { path, outcome, why, tries, taken, boot, uptimeSeconds, state };
};

const snapshotOf = (row: SnapshotRow): ScannedSnapshot => {
  const { id, path, machine, hostname, taken, written, ...state } = row;
  return { id, path, machine, hostname, taken, written, state };
};

/** A state as the columns of a file have it, in their order. */
const partsOf = (state: FileState): (string | number)[] => [
  state.device,
  state.inode,
  state.sizeBytes,
  state.modified,
  state.changed,
];
