// The side of the process that reads: opens the snapshot that it is told to, asks it what it is asked, and sends the answers.
import type { Cell, Row } from '../plugin/cell.ts';
import type { AnyPlugin } from '../plugin/contract.ts';
import type { Open, Reading } from '../watch/reading.ts';
import type { TracedAnswer } from '../watch/reuse.ts';
import { carry } from './carried.ts';
import type { Guard } from './guard.ts';
import type { Outline, Reply, Request } from './protocol.ts';

/** The way to whoever asks. */
export interface Line {
  /** Resolves when the system has taken the message: waiting for it bounds what is on its way. */
  send(reply: Reply): Promise<void>;
  onRequest(heard: (request: Request) => void): void;
}

/** What a reader works with. */
export interface ServiceParts {
  readonly open: Open;
  readonly plugins: readonly AnyPlugin[];
  readonly guard: Pick<Guard, 'begin' | 'allow' | 'end'>;
  /** Lets go of all that is open but the snapshot. */
  readonly leave: () => void;
}

/** Answers what is asked through the line, one thing after the other, for as long as the process lives. */
export function serve(line: Line, parts: ServiceParts): void {
  const service = new Service(line, parts);
  let turn = Promise.resolve();
  line.onRequest((request) => {
    turn = turn.then(() => service.do(request));
  });
}

/** Rows that are sent at once: so many, or fewer where their texts come to so many letters. */
const MOST_ROWS = 1_000;
const MOST_LETTERS = 2 ** 20;

/** One snapshot at a time. */
class Service {
  readonly #line: Line;
  readonly #parts: ServiceParts;
  #reading: Reading | undefined;

  constructor(line: Line, parts: ServiceParts) {
    this.#line = line;
    this.#parts = parts;
  }

  async do(request: Request): Promise<void> {
    try {
      switch (request.ask) {
        case 'close':
          return this.#close();
        case 'leave':
          this.#close();
          this.#parts.leave();
          return await this.#line.send({ tell: 'left' });
        case 'open':
          return await this.#open(request);
        case 'answer':
          return await this.#answer(request);
      }
    } catch (error) {
      await this.#line.send({ tell: 'failed', error: carry(error), troubles: this.#troubles });
    }
  }

  async #open({ path, limits }: Request & { ask: 'open' }): Promise<void> {
    this.#close();
    this.#parts.guard.begin(limits);
    this.#reading = await this.#parts.open(path);
    await this.#line.send({ tell: 'opened', facts: this.#reading.facts, troubles: this.#troubles });
  }

  async #answer({ plugin: name, limits }: Request & { ask: 'answer' }): Promise<void> {
    const plugin = this.#parts.plugins.find((other) => other.name === name);
    if (this.#reading === undefined || plugin === undefined)
      throw new Error(`${name} was asked of ${this.#reading === undefined ? 'no snapshot' : 'no plugin'}`);
    this.#parts.guard.allow(limits);
    const answer = await this.#reading.answer(plugin);
    if (answer.kept === undefined) await this.#sendRows(answer.rows, Object.keys(plugin.columns));
    await this.#line.send({ tell: 'answered', outline: outlineOf(answer), troubles: this.#troubles });
  }

  async #sendRows(rows: readonly Row[], columns: readonly string[]): Promise<void> {
    let batch: Cell[][] = [];
    let letters = 0;
    for (const row of rows) {
      const cells = columns.map((name) => row[name]!);
      for (const cell of cells) if (typeof cell === 'string') letters += cell.length;
      batch.push(cells);
      if (batch.length < MOST_ROWS && letters < MOST_LETTERS) continue;
      await this.#line.send({ tell: 'rows', rows: batch });
      batch = [];
      letters = 0;
    }
    if (batch.length > 0) await this.#line.send({ tell: 'rows', rows: batch });
  }

  #close(): void {
    this.#reading?.close();
    this.#reading = undefined;
    this.#parts.guard.end();
  }

  get #troubles(): readonly string[] {
    return this.#reading?.troubles ?? [];
  }
}

const outlineOf = ({ notes, trace, kept }: TracedAnswer): Outline =>
  kept === undefined
    ? { notes, ...(trace === undefined ? {} : { trace }) }
    : { notes, takenOver: { basis: trace!.basis, run: kept.run } };
