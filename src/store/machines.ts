// Which machine a snapshot is of: first whom the operator names, then the boot ID, then the machine ID, the host name last.
// All but the first is the guest's word: where two machines give the same, both keep a history of their own, and it is said.
import type Database from 'better-sqlite3';
import { areOtherKernels, beganTogether, hardwareChanges } from '../plugin/machine-identity.ts';
import { bootStartOf, type Claim, claimOf, claimsWith, recordClaim, traitsText } from './claims.ts';
import { type Conflict, conflictsOf, type Like, turnsOf } from './conflicts.ts';
import { explaining } from './file.ts';
import { provenanceOf } from './provenance.ts';
import type { RememberedFacts } from './remembered.ts';

/** Whose memory a snapshot is. */
export interface Identification {
  /** What the store calls the machine: the same for as long as it is known. Null where nothing tells it. */
  readonly machine: string | null;
  /** What the operator calls it; null where nobody said. */
  readonly name: string | null;
  /** What is news of that. */
  readonly conflicts: readonly Conflict[];
  /** Boots that took turns with this one: another machine's, whatever they say. */
  readonly others: readonly string[];
}

/** What the host knows of a snapshot. */
export interface Circumstances {
  /** ISO 8601: when it was written. */
  readonly written: string;
  /** What the operator calls its machine. */
  readonly operator?: string | undefined;
}

/** The machines that are known. Every method may throw StoreError. */
export class Machines {
  readonly #path: string;
  readonly #database: Database.Database;

  constructor(path: string, database: Database.Database) {
    this.#path = path;
    this.#database = database;
  }

  /** Finds out whose memory a snapshot is; nothing is recorded. */
  identify(facts: RememberedFacts, { written, operator }: Circumstances): Identification {
    return explaining(this.#path, () => {
      const claim = claimOf(facts.kernel);
      const known = this.#claimsLike(claim);
      const found =
        operator === undefined
          ? this.#found(claim, written, known)
          : this.#named(operator, claim, written, known);
      const machine = found ?? this.#unused(provenanceOf(facts).machine);
      const name = machine === null ? null : (operator ?? this.#nameOf(machine));
      const own = machine === null ? [] : claimsWith(this.#database, 'machine', machine);
      const turns = turnsOf(claim, own, written);
      return {
        ...{ machine, name },
        conflicts: [...conflictsOf(claim, known, own, machine, name), ...turns.conflicts],
        others: turns.others,
      };
    });
  }

  /** Records who a snapshot is of. Boots that turned out to be another machine's become that one's, with their snapshots. */
  settle(
    facts: RememberedFacts,
    { machine, name, others }: Identification,
    { written, isTold }: { readonly written: string; readonly isTold: boolean },
  ): void {
    if (machine === null) return;
    explaining(this.#path, () => {
      if (name === null) this.#part(machine, others);
      this.#database
        .prepare(
          'INSERT INTO machine (id, name) VALUES (?, ?) ON CONFLICT (id) DO UPDATE SET name = coalesce(excluded.name, name)',
        )
        .run(machine, name);
      recordClaim(this.#database, machine, claimOf(facts.kernel), { written, isTold });
    });
  }

  #claimsLike({ boot, machineId, hostname }: Claim): Like {
    return {
      boot: claimsWith(this.#database, 'boot', boot),
      machineId: claimsWith(this.#database, 'machine_id', machineId),
      hostname: claimsWith(this.#database, 'hostname', hostname),
    };
  }

  /** The machine that the operator means: one that nobody has named is taken to be it where the guest says so. */
  #named(operator: string, claim: Claim, written: string, known: Like): string {
    const named = this.#database.prepare('SELECT id FROM machine WHERE name = ?').pluck().get(operator);
    if (typeof named === 'string') return named;
    const found = this.#found(claim, written, known);
    return found !== undefined && this.#nameOf(found) === null ? found : this.#unused(`name:${operator}`)!;
  }

  #found(claim: Claim, written: string, known: Like): string | undefined {
    const sameBoot = known.boot.filter(({ traits }) => !areOtherKernels(traits, claim.traits));
    const [boot] = sameBoot;
    const others = known.machineId.filter(({ machine }) => machine !== boot?.machine);
    const isForged =
      boot !== undefined && boot.machineId !== '' && boot.machineId !== claim.machineId && others.length > 0;
    if (boot !== undefined && !isForged) return boot.machine;
    // Of machines that were made from one, and have its ID, the one of this name is meant.
    const ofId = others.find(({ hostname }) => hostname === claim.hostname) ?? others[0];
    if (ofId !== undefined) return ofId.machine;
    const start = bootStartOf(claim, written);
    const ofStart = claimsWith(this.#database, 'traits', claim.boot === '' ? traitsText(claim) : '').find(
      (one) =>
        one.boot === '' &&
        one.machineId === claim.machineId &&
        beganTogether(bootStartOf(one, one.last), start),
    );
    if (ofStart !== undefined) return ofStart.machine;
    return known.hostname.find(
      ({ machineId, traits }) =>
        machineId === '' && claim.machineId === '' && hardwareChanges(traits, claim.traits).length === 0,
    )?.machine;
  }

  /** A name in the store that no machine has. */
  #unused(wanted: string | null): string | null {
    if (wanted === null) return null;
    const isKnown = this.#database.prepare('SELECT 1 FROM machine WHERE id = ?').pluck();
    for (let number = 1; ; number++) {
      const id = number === 1 ? wanted : `${wanted}#${number}`;
      if (isKnown.get(id) === undefined) return id;
    }
  }

  #nameOf(machine: string): string | null {
    const name = this.#database.prepare('SELECT name FROM machine WHERE id = ?').pluck().get(machine);
    return typeof name === 'string' ? name : null;
  }

  #part(machine: string, boots: readonly string[]): void {
    if (boots.length === 0) return;
    const other = this.#unused(machine);
    const list = JSON.stringify(boots);
    this.#database.prepare('INSERT INTO machine (id) VALUES (?)').run(other);
    for (const table of ['claim', 'snapshot'])
      this.#database
        .prepare(
          `UPDATE ${table} SET machine = ? WHERE machine = ? AND boot IN (SELECT value FROM json_each(?))`,
        )
        .run(other, machine, list);
  }
}
