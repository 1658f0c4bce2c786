// Bytes that a row stands for: a mapping, a module, a file. A question gives them in pieces, and says of what is missing why;
// src/extract writes them.

/** A piece of an artefact, `at` bytes from its beginning: bytes, or a hole of so many with the reason why it is one. */
export type Piece =
  | { readonly at: number; readonly bytes: Uint8Array }
  | { readonly at: number; readonly missing: number; readonly why: string };

/** What can be saved of a row. */
export interface Artefact {
  /** What to call it, evidence or not: whoever writes it makes a safe name of it. */
  readonly name: string;
  /** Bytes of the whole, holes counted. */
  readonly size: number;
  /** Its pieces, ascending and side by side. Never throws for missing memory. */
  pieces(): Iterable<Piece>;
}
