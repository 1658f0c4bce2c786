// Keeps what makes the next snapshot of a machine cheaper: tags of extents, and reads of answers.
// docs/internals/rescans.md explains both.
import { randomBytes } from 'node:crypto';
import type Database from 'better-sqlite3';
import type { AnyPlugin } from '../plugin/contract.ts';
import { RUN_COLUMNS } from './answers.ts';
import { explaining } from './file.ts';
import type { KeptRows } from './remembered.ts';
import { holdsRows } from './rows.ts';
import { type StandingRun, StoredRows } from './stored-rows.ts';

/** What sweeps of one machine's memory leave: `ExtentMemory` of the room `memory`, word for word. */
export interface KeptTags {
  readonly secret: Uint8Array;
  recall(): Uint8Array;
  remember(tags: Uint8Array): void;
}

/** An answer whose rows are yet to be read, and what it was read from. */
export interface KeptReads {
  readonly rows: KeptRows;
  readonly notes: readonly string[];
  readonly reads: Uint8Array;
}

/** Tags of all machines and scanners together; beyond, those go that were left longest ago. */
const MAXIMUM_BYTES = 2 ** 26;
const SECRET_BYTES = 32;

interface Row {
  readonly secret: Uint8Array;
  readonly tags: Uint8Array;
}

interface ReadRun extends StandingRun {
  readonly reads: Uint8Array;
}

/**
 * What makes looking at the next snapshot of a machine cheaper: which extents held nothing worth finding, and what
 * each answer was read from. Every method may throw StoreError.
 */
export class KeptExtents {
  readonly #path: string;
  readonly #database: Database.Database;
  readonly #program: string;
  readonly #mostBytes: number;
  /** The secret that was drawn last, for a machine of which nothing is kept yet. */
  #drawn: { readonly machine: string; readonly secret: Uint8Array } | undefined;

  constructor(path: string, database: Database.Database, program: string, mostBytes: number = MAXIMUM_BYTES) {
    this.#path = path;
    this.#database = database;
    this.#program = program;
    this.#mostBytes = mostBytes;
  }

  /**
   * What sweeps for one thing by this version of the program left of a machine. The secret is the machine's, so that memory
   * is summed once for all that is looked for: it is drawn with the first tags and forgotten with the last. A row that makes
   * no sense counts as none.
   */
  of(machine: string, scanner: string): KeptTags {
    const row = explaining(this.#path, () =>
      this.#database
        .prepare('SELECT secret, tags FROM extents WHERE machine = ? AND scanner = ? AND program = ?')
        .get(machine, scanner, this.#program),
    ) as Row | undefined;
    const isSound = row?.secret instanceof Uint8Array && row.secret.length === SECRET_BYTES;
    const secret = isSound ? row.secret : this.#secretOf(machine);
    const tags = isSound && row.tags instanceof Uint8Array ? row.tags : new Uint8Array(0);
    return {
      secret,
      recall: () => tags,
      remember: (left) => this.keepTags(machine, scanner, secret, left),
    };
  }

  /** What tags of other scanners were made with, or a new secret. */
  #secretOf(machine: string): Uint8Array {
    const other = explaining(this.#path, () =>
      this.#database
        .prepare(
          `SELECT secret FROM extents
           WHERE machine = ? AND program = ? AND typeof(secret) = 'blob' AND length(secret) = ? LIMIT 1`,
        )
        .pluck()
        .get(machine, this.#program, SECRET_BYTES),
    ) as Uint8Array | undefined;
    if (other !== undefined) return other;
    if (this.#drawn?.machine !== machine) this.#drawn = { machine, secret: randomBytes(SECRET_BYTES) };
    return this.#drawn.secret;
  }

  /** Keeps what a sweep by this version of the program left of a machine, instead of what the one before did. */
  keepTags(machine: string, scanner: string, secret: Uint8Array, tags: Uint8Array): void {
    if (tags.length > this.#mostBytes) return;
    this.#write(() => {
      this.#database.prepare(`DELETE FROM extents WHERE machine = ? AND scanner = ?`).run(machine, scanner);
      this.#database
        .prepare('INSERT INTO extents (machine, scanner, program, secret, tags) VALUES (?, ?, ?, ?, ?)')
        .run(machine, scanner, this.#program, secret, tags);
      const sizes = this.#database
        .prepare('SELECT number, length(tags) AS bytes FROM extents ORDER BY number DESC')
        .all() as { number: number; bytes: number }[];
      let bytes = 0;
      const oldest = sizes.find((row) => (bytes += row.bytes) > this.#mostBytes);
      if (oldest !== undefined)
        this.#database.prepare('DELETE FROM extents WHERE number <= ?').run(oldest.number);
    });
  }

  /** Keeps what the answer to a question was read from. `basis`: all that it depends on besides, the same text for the same. */
  keepReads(snapshotId: number, plugin: AnyPlugin, options: string, basis: string, reads: Uint8Array): void {
    const question = [plugin.name, plugin.version, options] as const;
    this.#write(() => {
      const run = this.#database
        .prepare(
          `SELECT id FROM run WHERE snapshot_id = ? AND (plugin, version, options, program) = (?, ?, ?, ?)`,
        )
        .pluck()
        .get(snapshotId, ...question, this.#program);
      if (run === undefined) return;
      // One of each question to a machine is enough: the latest. A boot that is over never comes again.
      this.#database
        .prepare(
          `DELETE FROM reads WHERE run_id IN (
             SELECT run.id FROM run JOIN snapshot ON snapshot.id = run.snapshot_id
             WHERE (plugin, version, options) = (?, ?, ?)
               AND machine IS (SELECT machine FROM snapshot WHERE id = ?))`,
        )
        .run(...question, snapshotId);
      this.#database.prepare('INSERT OR REPLACE INTO reads VALUES (?, ?, ?)').run(run, basis, reads);
    });
  }

  /** The latest answer to a question on the same basis, and what it was read from. */
  readsFor(basis: string, plugin: AnyPlugin, options: string): KeptReads | undefined {
    return explaining(this.#path, () => {
      const found = this.#database
        .prepare(
          `SELECT ${RUN_COLUMNS}, snapshot_id AS snapshotId, made, reads.reads
           FROM reads JOIN run ON run.id = reads.run_id
           WHERE reads.basis = ? AND (plugin, version, options, program) = (?, ?, ?, ?)
             AND typeof(reads.reads) = 'blob'`,
        )
        .get(basis, plugin.name, plugin.version, options, this.#program) as ReadRun | undefined;
      // Rows of a draft of the plugin are none of its own.
      if (found === undefined || !holdsRows(this.#database, plugin)) return undefined;
      return {
        rows: new StoredRows(this.#path, this.#database, plugin, found),
        notes: JSON.parse(found.notes) as string[],
        reads: found.reads,
      };
    });
  }

  #write(action: () => void): void {
    if (this.#database.readonly) return;
    explaining(this.#path, () => this.#database.transaction(action).immediate());
  }
}
