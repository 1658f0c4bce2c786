// Bytes that a row stands for: a mapping, a module, a file. A question gives them in pieces, and says of what is missing why;
// src/extract writes them.

import type { Piece } from '../kernel/linux/memory/pieces.ts';

export type { Piece };

/** What can be saved of a row. */
export interface Artefact {
  /** What to call it, evidence or not: whoever writes it makes a safe name of it. */
  readonly name: string;
  /** What other rows have that stand for the very same bytes: these are written once. */
  readonly same?: string;
  /** Bytes of the whole, holes counted. */
  readonly size: number;
  /** Bytes that it should have and that are not even holes in it, by reason: those of a core file's segments without bytes. */
  readonly absent?: Readonly<Record<string, number>>;
  /** Sentences on what it lacks beside. */
  readonly remarks?: readonly string[];
  /** Its pieces, ascending and side by side. Never throws for missing memory. */
  pieces(): Iterable<Piece>;
}
