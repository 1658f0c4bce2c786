// Whoever wants snapshots read has one process that reads them, one after the other, and the next one where that died: to
// start one for each would cost more than reading a snapshot that has hardly changed.
import type { ChildProcess } from 'node:child_process';
import type { Reading } from '../watch/reading.ts';
import type { Lesson } from './protocol.ts';
import { Reader } from './reader.ts';
import { type RemoteParts, RemoteReading } from './remote-reading.ts';

/** What readers need of whoever has them. */
export interface ReadersParts extends RemoteParts {
  /** Starts a process that serves (serve.ts), with an IPC channel of advanced serialization. */
  readonly start: () => ChildProcess;
  /** Keeps what a reader has learned. @throws StoreError */
  readonly keep: (lesson: Lesson) => void;
}

/** One process that reads snapshots, one after the other, and the next one where it died. */
export class Readers {
  readonly #parts: ReadersParts;
  #reader: Reader | undefined;

  constructor(parts: ReadersParts) {
    this.#parts = parts;
  }

  /** Something will have to be read: starting the process takes a moment, which passes meanwhile. */
  expect(): void {
    if (this.#reader?.isAlive !== true) this.#reader = this.#start();
  }

  /** Opens a snapshot, and no other is open any more. @throws SnapshotError, ProfileError, StoreError */
  async open(path: string): Promise<Reading> {
    this.expect();
    return RemoteReading.open(this.#reader!, path, this.#parts);
  }

  /** Ends the process. The next snapshot would be read by a new one. */
  async close(): Promise<void> {
    const reader = this.#reader;
    this.#reader = undefined;
    await reader?.leave();
  }

  #start(): Reader {
    const { start, keep } = this.#parts;
    return new Reader(start(), keep);
  }
}
