// A snapshot that another process has open.
// Answers that stand as they were kept are not sent: both processes see the same store, and this one has the rows there.
import type { Cell, Row } from '../plugin/cell.ts';
import type { AnyPlugin } from '../plugin/contract.ts';
import type { RememberedFacts } from '../store/door.ts';
import type { KeptReads } from '../store/extents.ts';
import { ForgottenRows } from '../store/forgotten.ts';
import { bytesOf } from '../watch/piece-groups.ts';
import type { Reading } from '../watch/reading.ts';
import { type TracedAnswer, takenOver } from '../watch/reuse.ts';
import { type Limits, limitsFor } from './limits.ts';
import type { Outline, Reply } from './protocol.ts';
import type { Reader } from './reader.ts';

/** What a reading needs of whoever wants it. */
export interface RemoteParts {
  /** Limits that the user named. */
  readonly forced: Partial<Limits>;
  /** The kept answer to a plugin on this basis. @throws StoreError */
  readonly keptFor: (basis: string, plugin: AnyPlugin) => KeptReads | undefined;
}

/** Asks a snapshot through the reader that has it open. */
export class RemoteReading implements Reading {
  readonly facts: RememberedFacts;
  readonly #reader: Reader;
  readonly #parts: RemoteParts;
  readonly #limits: Limits;
  #troubles: readonly string[];

  private constructor(
    reader: Reader,
    parts: RemoteParts,
    { facts, troubles }: Reply & { tell: 'opened' },
    fileBytes: number,
  ) {
    this.#reader = reader;
    this.#parts = parts;
    this.facts = facts;
    this.#troubles = troubles;
    this.#limits = limitsFor(Math.max(fileBytes, facts.snapshot.memoryBytes), parts.forced);
  }

  static async open(reader: Reader, path: string, parts: RemoteParts): Promise<RemoteReading> {
    const bytes = bytesOf(path);
    const limits = limitsFor(bytes, parts.forced);
    const reply = await reader.ask({ ask: 'open', path, limits }, limits, 'it was opened');
    return new RemoteReading(reader, parts, reply as Reply & { tell: 'opened' }, bytes);
  }

  get troubles(): readonly string[] {
    return this.#troubles;
  }

  async answer(plugin: AnyPlugin): Promise<TracedAnswer> {
    const { name } = plugin;
    const columns = Object.keys(plugin.columns);
    const rows: Row[] = [];
    const request = { ask: 'answer', plugin: name, limits: this.#limits } as const;
    const reply = await this.#reader.ask(request, this.#limits, `it was asked for ${name}`, (batch) => {
      for (const cells of batch) rows.push(rowOf(columns, cells));
    });
    const { outline, troubles } = reply as Reply & { tell: 'answered' };
    this.#troubles = troubles;
    return this.#answerOf(plugin, rows, outline);
  }

  close(): void {
    this.#reader.tell({ ask: 'close' });
  }

  #answerOf(
    plugin: AnyPlugin,
    rows: readonly Row[],
    { notes, trace, takenOver: over }: Outline,
  ): TracedAnswer {
    if (over === undefined) return { rows, notes, ...(trace === undefined ? {} : { trace }) };
    const kept = this.#parts.keptFor(over.basis, plugin);
    if (kept?.rows.run !== over.run)
      throw new ForgottenRows(`the rows of ${plugin.name} were forgotten before they were read`);
    return takenOver(kept, over.basis);
  }
}

function rowOf(columns: readonly string[], cells: readonly Cell[]): Row {
  const row: Record<string, Cell> = {};
  columns.forEach((name, index) => {
    row[name] = cells[index]!;
  });
  return row;
}
