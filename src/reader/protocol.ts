// What a scan and the process that reads snapshots for it say to each other: V8's structured clones over Node's IPC
// channel, so that bigints, dates and bytes arrive as what they are.
import type { Cell } from '../plugin/cell.ts';
import type { Profile } from '../profile/profile.ts';
import type { RememberedFacts } from '../store/door.ts';
import type { TableFile } from '../store/profiles.ts';
import type { CarriedError } from './carried.ts';
import type { Limits } from './limits.ts';

/** What is asked of a reader. The next thing is asked when the last is answered; `close` has no answer. After `leave` it has let go of every file. */
export type Request =
  | { readonly ask: 'open'; readonly path: string; readonly limits: Limits }
  /** All of a plugin's rows, with none of its options. `limits` are those of the snapshot, and may have grown. */
  | { readonly ask: 'answer'; readonly plugin: string; readonly limits: Limits }
  | { readonly ask: 'close' }
  | { readonly ask: 'leave' };

/** What reading a snapshot taught that helps with the next: the reader only reads the store, so the scan keeps it. */
export type Lesson =
  | { readonly of: 'profile'; readonly profile: Profile; readonly origin: TableFile | null }
  | { readonly of: 'banner'; readonly file: TableFile; readonly banner: string }
  | {
      readonly of: 'tags';
      readonly machine: string;
      readonly scanner: string;
      readonly secret: Uint8Array;
      readonly tags: Uint8Array;
    };

/** An answer without its rows. */
export interface Outline {
  readonly notes: readonly string[];
  /** What it was read from, where it was read. */
  readonly trace?: { readonly basis: string; readonly reads: Uint8Array };
  /** The kept answer that stands, where one does: its rows are where they are, and not sent. */
  readonly takenOver?: { readonly basis: string; readonly run: string };
}

/** What a reader says. `troubles` are those of the snapshot's file so far. */
export type Reply =
  | { readonly tell: 'ready' }
  | { readonly tell: 'left' }
  | { readonly tell: 'lesson'; readonly lesson: Lesson }
  | { readonly tell: 'opened'; readonly facts: RememberedFacts; readonly troubles: readonly string[] }
  /** Some rows of the answer, behind those before: cells in the order of the plugin's columns. */
  | { readonly tell: 'rows'; readonly rows: readonly (readonly Cell[])[] }
  | { readonly tell: 'answered'; readonly outline: Outline; readonly troubles: readonly string[] }
  | { readonly tell: 'failed'; readonly error: CarriedError; readonly troubles: readonly string[] };
