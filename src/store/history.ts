// The snapshots of the past, read from SQLite: by machine, and in the order of time.
// Their files may be gone.
import type Database from 'better-sqlite3';
import { type PhysicalAddress, physical } from '../base/address.ts';
import type { AnyPlugin } from '../plugin/contract.ts';
import { readAnswer } from './answers.ts';
import { explaining } from './file.ts';
import { DamagedAnswer } from './forgotten.ts';
import { acquiredName } from './host-time.ts';
import { IS_IDENTITY, identityValues } from './identity.ts';
import type { History, PastSnapshot } from './interface.ts';
import { Machines } from './machines.ts';
import type { RememberedAnswer, RememberedFacts, SnapshotIdentity } from './remembered.ts';

const COLUMNS = `id, path, size AS sizeBytes, binding, written, digest, seen, machine, boot, hostname, release,
  architecture, taken, (SELECT m.name FROM machine m WHERE m.id = snapshot.machine) AS name`;

/** Snapshots whose place is asked for: more machines than one scan's folder mostly has, and 5 ms to read. */
const LATEST = 128;

/** The snapshots of the past in a SQLite file. */
export class KeptHistory implements History {
  readonly #path: string;
  readonly #database: Database.Database;

  constructor(path: string, database: Database.Database) {
    this.#path = path;
    this.#database = database;
  }

  snapshots(machine?: string): PastSnapshot[] {
    return explaining(this.#path, () => {
      const [where, values] = machine === undefined ? ['', []] : ['WHERE machine = ?', [machine]];
      return this.#database
        .prepare(`SELECT ${COLUMNS} FROM snapshot ${where} ORDER BY written, id`)
        .all(...values) as PastSnapshot[];
    });
  }

  snapshot(id: number): PastSnapshot | undefined {
    return this.#first(`SELECT ${COLUMNS} FROM snapshot WHERE id = ?`, id);
  }

  machineOf(path: string, facts: RememberedFacts): string | null {
    const machines = new Machines(this.#path, this.#database);
    const written = new Date().toISOString();
    return machines.identify(facts, { written, operator: acquiredName(path)?.machine }).machine;
  }

  find(identity: SnapshotIdentity): number | undefined {
    return this.#first<{ id: number }>(
      `SELECT id FROM snapshot WHERE ${IS_IDENTITY}`,
      ...identityValues(identity),
    )?.id;
  }

  facts(id: number): RememberedFacts | undefined {
    const found = this.#first<{ path: string; facts: string }>(
      'SELECT path, facts FROM snapshot WHERE id = ?',
      id,
    );
    if (found === undefined) return undefined;
    const facts = explaining(this.#path, () => JSON.parse(found.facts) as RememberedFacts);
    return { ...facts, snapshot: { ...facts.snapshot, path: found.path } };
  }

  answer(id: number, plugin: AnyPlugin, options = '{}'): RememberedAnswer | undefined {
    const read = this.#database.transaction(() => readAnswer(this.#database, id, plugin, options));
    try {
      return explaining(this.#path, read);
    } catch (error) {
      // Nobody can ask a snapshot of the past anew. A damaged answer is no answer, and stays for whoever wants to look at it.
      if (error instanceof DamagedAnswer) return undefined;
      throw error;
    }
  }

  vmcoreinfoPages(): PhysicalAddress[] {
    return explaining(this.#path, () => {
      const found = this.#database
        .prepare(
          `SELECT DISTINCT json_extract(facts, '$.kernel.vmcoreinfoAt') AS at
           FROM (SELECT facts FROM snapshot ORDER BY id DESC LIMIT ${LATEST}) WHERE json_valid(facts) AND at IS NOT NULL`,
        )
        .pluck()
        .all() as unknown[];
      return found.map(Number).filter(Number.isSafeInteger).map(physical);
    });
  }

  forget(ids: readonly number[]): number {
    return explaining(this.#path, () => {
      const remove = this.#database.prepare('DELETE FROM snapshot WHERE id = ?');
      return this.#database
        .transaction(() => ids.reduce((count, id) => count + remove.run(id).changes, 0))
        .immediate();
    });
  }

  #first<T = PastSnapshot>(sql: string, ...values: readonly (string | number)[]): T | undefined {
    return explaining(this.#path, () => this.#database.prepare(sql).get(...values) as T | undefined);
  }
}
