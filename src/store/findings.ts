// Keeps the verdicts of policies with their findings.
// Scans compare with them to tell what is new.
import type Database from 'better-sqlite3';
import { explaining } from './file.ts';

/** One thing that a policy objected to. */
export interface KeptFinding {
  readonly rule: string;
  readonly severity: string;
  /** The rule's. */
  readonly title: string;
  readonly message: string;
  readonly plugin: string;
  /** JSON of the row as documents have it; null where too few or too many rows are the finding. */
  readonly row: string | null;
  readonly fingerprint: string;
  /** Why it does not count; null where it does. */
  readonly suppressed: string | null;
  /** It counts, and did not when the policy last judged the machine. */
  readonly isNew: boolean;
}

/** A rule that evidence was missing for. */
export interface UnreadRule {
  readonly rule: string;
  readonly severity: string;
  /** `failed` where it has findings all the same. */
  readonly outcome: string;
  readonly reasons: readonly string[];
}

/** What a policy said of a snapshot: without findings, whether that means that nothing was found or nothing looked at. */
export interface KeptVerdict {
  readonly policy: string;
  /** Names the policy's texts: the same name may stand for other rules later. */
  readonly digest: string;
  /** How many rules, by what came of them. */
  readonly rules: Readonly<Record<'passed' | 'failed' | 'unevaluated' | 'skipped', number>>;
  readonly unread: readonly UnreadRule[];
  readonly notes: readonly string[];
  readonly findings: readonly KeptFinding[];
}

/** What a policy said before: as much as tells what is new. */
export interface PastVerdict {
  readonly digest: string;
  /** The findings that counted. */
  readonly counted: readonly Pick<KeptFinding, 'rule' | 'fingerprint'>[];
  /** Rules that could not be evaluated and found nothing. */
  readonly unevaluated: readonly string[];
}

/** What policies said of snapshots when these were recorded. Every method may throw StoreError. */
export class KeptFindings {
  readonly #path: string;
  readonly #database: Database.Database;
  readonly #program: string;

  constructor(path: string, database: Database.Database, program: string) {
    this.#path = path;
    this.#database = database;
    this.#program = program;
  }

  /** Keeps a verdict, all of it or nothing, instead of the one that the same policy gave before. */
  keep(snapshotId: number, verdict: KeptVerdict): void {
    explaining(this.#path, () => this.#database.transaction(() => this.#write(snapshotId, verdict))());
  }

  /** What a policy said of the snapshot of a machine that it judged last among those written before a moment, or in it, and of none of these boots. */
  before(
    machine: string,
    written: string,
    policy: string,
    except: readonly string[] = [],
  ): PastVerdict | undefined {
    return explaining(this.#path, () => {
      const verdict = this.#database
        .prepare(
          `SELECT v.id, v.digest, v.unread FROM snapshot s
           JOIN scanned c ON c.snapshot_id = s.id AND c.outcome = 'recorded'
           JOIN verdict v ON v.snapshot_id = s.id AND v.policy = ?
           WHERE s.machine = ? AND s.written <= ? AND (s.boot IS NULL OR s.boot NOT IN (SELECT value FROM json_each(?)))
           ORDER BY s.written DESC, s.id DESC LIMIT 1`,
        )
        .get(policy, machine, written, JSON.stringify(except)) as
        | { id: number; digest: string; unread: string }
        | undefined;
      if (verdict === undefined) return undefined;
      const unread = JSON.parse(verdict.unread) as UnreadRule[];
      return {
        digest: verdict.digest,
        counted: this.#database
          .prepare(
            'SELECT rule, fingerprint FROM finding WHERE verdict_id = ? AND suppressed IS NULL ORDER BY ordinal',
          )
          .all(verdict.id) as PastVerdict['counted'],
        unevaluated: unread.filter(({ outcome }) => outcome === 'unevaluated').map(({ rule }) => rule),
      };
    });
  }

  #write(snapshotId: number, { policy, digest, rules, unread, notes, findings }: KeptVerdict): void {
    this.#database
      .prepare('DELETE FROM verdict WHERE snapshot_id = ? AND policy = ?')
      .run(snapshotId, policy);
    const id = this.#database
      .prepare(
        `INSERT INTO verdict (snapshot_id, policy, digest, program, passed, failed, unevaluated, skipped, unread, notes, made)
         VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?) RETURNING id`,
      )
      .pluck()
      .get(
        ...[snapshotId, policy, digest, this.#program],
        ...[rules.passed, rules.failed, rules.unevaluated, rules.skipped],
        ...[JSON.stringify(unread), JSON.stringify(notes), new Date().toISOString()],
      );
    const insert = this.#database.prepare('INSERT INTO finding VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)');
    findings.forEach(
      ({ rule, severity, title, message, plugin, row, fingerprint, suppressed, isNew }, ordinal) => {
        const words = [rule, severity, title, message, plugin, row, fingerprint, suppressed];
        insert.run(id, ordinal, ...words, isNew ? 1 : 0);
      },
    );
  }
}
