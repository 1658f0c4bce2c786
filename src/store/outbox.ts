// Messages that are waiting to be delivered.
// They are written in the transaction of what they tell of, so that none is lost.
import type Database from 'better-sqlite3';
import { explaining } from './file.ts';

/** Something to be told, and whether it has been. */
export interface Waiting {
  readonly number: number;
  /** Names the message for good: whoever gets it twice, since a process ended between telling and noting so, can drop one. */
  readonly id: string;
  /** How it is to be told: `webhook`. */
  readonly channel: string;
  /** JSON. */
  readonly body: string;
  /** ISO 8601: since when it waits. */
  readonly made: string;
  readonly tries: number;
}

/** Messages on their way out. They are put here together with what they tell of, and stay until somebody has taken them. */
export class Outbox {
  readonly #path: string;
  readonly #database: Database.Database;

  constructor(path: string, database: Database.Database) {
    this.#path = path;
    this.#database = database;
  }

  /** Puts a message about a snapshot in, if it was not there before: what was told is not told again. */
  queue(
    { id, channel, body }: Pick<Waiting, 'id' | 'channel' | 'body'>,
    snapshotId: number | null = null,
  ): void {
    explaining(this.#path, () => {
      this.#database
        .prepare(
          `INSERT INTO outbox (id, channel, body, made, tries, snapshot_id) VALUES (?, ?, ?, ?, 0, ?)
           ON CONFLICT DO NOTHING`,
        )
        .run(id, channel, body, new Date().toISOString(), snapshotId);
    });
  }

  /** What waits for a channel, the oldest first. */
  waiting(channel: string): Waiting[] {
    return explaining(
      this.#path,
      () =>
        this.#database
          .prepare(
            `SELECT number, id, channel, body, made, tries FROM outbox
             WHERE channel = ? AND ended IS NULL ORDER BY number`,
          )
          .all(channel) as Waiting[],
    );
  }

  /** Notes that a message was taken. */
  sent(number: number): void {
    this.#end(number, null);
  }

  /** Notes that a message was not taken this time. */
  failed(number: number, why: string): void {
    explaining(this.#path, () => {
      this.#database
        .prepare('UPDATE outbox SET tries = tries + 1, why = ? WHERE number = ?')
        .run(why, number);
    });
  }

  /** Ends the wait of messages that nobody took. @returns how many, by channel */
  giveUp(
    before: string,
  ): { readonly channel: string; readonly count: number; readonly why: string | null }[] {
    return explaining(this.#path, () =>
      this.#database
        .transaction(() => {
          const stale = this.#database
            .prepare(
              `SELECT channel, count(*) AS count, max(why) AS why FROM outbox
               WHERE ended IS NULL AND made < ? GROUP BY channel`,
            )
            .all(before) as { channel: string; count: number; why: string | null }[];
          if (stale.length > 0)
            this.#database
              .prepare('UPDATE outbox SET ended = ?, body = NULL WHERE ended IS NULL AND made < ?')
              .run(new Date().toISOString(), before);
          return stale;
        })
        .immediate(),
    );
  }

  /** The message is of no use any more, its number and what came of it are. */
  #end(number: number, why: string | null): void {
    explaining(this.#path, () => {
      this.#database
        .prepare(
          'UPDATE outbox SET ended = ?, why = ?, body = NULL, tries = tries + 1 WHERE number = ? AND ended IS NULL',
        )
        .run(new Date().toISOString(), why, number);
    });
  }
}
