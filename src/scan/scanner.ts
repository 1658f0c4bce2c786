// What looks for one kind of thing in plain bytes, and what tells it from every other that does.
// docs/guide/writing-plugins.md explains how to write one.
import { serialize } from 'node:v8';
import type { PhysicalAddress } from '../base/address.ts';
import { sha256 } from '../memory/digest.ts';

/** Says where a find starts, in bytes from the start of the looked-at bytes, and what was found there. */
export type Report<F> = (at: number, found: F) => void;

/** A find and the physical address of its first byte. */
export interface Hit<F> {
  readonly physical: PhysicalAddress;
  readonly found: F;
}

/**
 * Looks for one kind of thing in plain bytes: pure, synchronous, ignorant of files and threads.
 *
 * A thread cannot be handed a function, so it imports `module` and takes the export called `name`: a scanner is a
 * constant exported under its own name. Where it needs to know something of the kernel, whoever asks for it gives it
 * `parameters`: `{ ...tasks, parameters: offsets }`. They and what it reports must survive `postMessage`.
 */
export interface Scanner<F, P = unknown> {
  /** The word in notes, and the name under which `module` exports it. */
  readonly name: string;
  /** `import.meta.url` of the file that exports the scanner. */
  readonly module: string;
  /** Bump when the same bytes would give other finds: what earlier versions found nothing in is then looked at anew. */
  readonly version: number;
  /**
   * Looks at less than 1 GiB of plain memory in a second: then it pays to hash what has been looked at before. Where
   * pages must be unpacked it always pays.
   */
  readonly isSlow?: true;
  /** The longest thing it finds, in bytes: so far before and past a block it is given to look. */
  readonly overlapBytes: number;
  /** Plain data that it looks with, offsets of the kernel at hand for example. Other ones make it another scanner. */
  readonly parameters?: P;
  /**
   * Reports every find that starts in [`from`, `to`), in any order, each once: whether there is one follows from the
   * bytes themselves, `overlapBytes` before and behind them, and `parameters`. Finds that start before or after
   * belong to other calls, and nothing that is zero throughout may ever be one: all-zero pages are not shown.
   *
   * `bytes` begins at a page of guest memory, and at a multiple of four bytes in its buffer. Where it begins at
   * `from` or ends at `to`, the snapshot holds nothing next to it.
   *
   * One that throws loses its finds in the block at hand, which is said; other scanners go on.
   */
  scan(bytes: Uint8Array, from: number, to: number, report: Report<F>, parameters?: P): void;
}

/** What the finds of a scanner depend on besides bytes, as one text. */
export const identityOf = ({ name, version, overlapBytes, parameters }: Scanner<unknown>): string =>
  JSON.stringify([name, version, overlapBytes, digestOf(parameters)]);

/** Under what name it is remembered in what the scanner found nothing: one name for each choice of parameters. */
export function memoryNameOf({ name, parameters }: Scanner<unknown>): string {
  const digest = digestOf(parameters);
  return digest === null ? name : `${name}:${digest}`;
}

/** Enough of a digest to tell one choice of parameters from others: nobody gains by two that are alike. */
const DIGEST_LETTERS = 16;

/** Null where there are none. */
const digestOf = (parameters: unknown): string | null =>
  parameters === undefined ? null : sha256(serialize(parameters)).toString('hex').slice(0, DIGEST_LETTERS);
