// What is written anew: memory, and what is known of the machine that it is of. Plain data, whoever gathered it.
// Writers of all formats take it.
import type { PhysicalSource } from '../memory/source.ts';

/** The kinds of CPU that headers can name. */
export type Machine = 'x86-64' | 'i386' | 'aarch64';

/** A snapshot as writers see it. */
export interface From {
  readonly source: PhysicalSource;
  /** Null where nothing tells. */
  readonly machine: Machine | null;
  /** ELF notes of the CPUs and more, as their dumper wrote them; empty where there are none. */
  readonly notes: Uint8Array;
  /** The text that the kernel has for dump tools; null where it is not known. */
  readonly vmcoreinfo: string | null;
  /** Bytes of the kernel's own pages. */
  readonly pageBytes: number;
  readonly takenAt: Date | null;
  readonly hostname: string | null;
}
