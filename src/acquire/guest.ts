// What every way to a running machine has to offer: its state, its memory layout, and an order to write memory.
// `qmp-guest.ts` and `libvirt-guest.ts` implement it.
import type { Note } from '../base/errors.ts';
import type { PartFile } from './part-file.ts';

/** The formats in which memory is written. */
export const FORMATS = ['kdump', 'elf', 'raw'] as const;
export type Format = (typeof FORMATS)[number];

/** Told how much of the memory has been written; in bytes, or in hundredths where nobody says the bytes. */
export type Progress = (done: number, total: number) => void;

/** What is known of a machine before its memory is read. */
export interface About {
  readonly name: string;
  /** How much memory it has, where anybody says it. */
  readonly memoryBytes: number | undefined;
}

/** One order to write memory. */
export interface Order {
  readonly file: PartFile;
  readonly format: Format;
  /** Leave the machine running. */
  readonly live: boolean;
  /** Ends the wait; its reason is what is thrown. */
  readonly signal: AbortSignal;
  readonly progress: Progress;
  readonly note: Note;
}

/** What came of an order. */
export interface Written {
  /** Whether the machine stood still while its memory was read. */
  readonly paused: boolean;
  /** Physical address of the first byte of a raw file, where that is not 0. */
  readonly base?: number;
  /** Why the machine, which ran before, stands still now: the memory is written, and yet something is wrong. */
  readonly stuck?: string;
}

/** A running machine whose memory somebody else writes into a file for us. */
export interface Guest {
  /** Whether the file must be there before it is written. */
  readonly wantsFile: boolean;
  about(signal: AbortSignal): Promise<About>;
  /** @throws NotAcquired, FormatRefused; the machine runs again then, if it ran before, or the message says otherwise */
  write(order: Order): Promise<Written>;
  close(): void;
}
