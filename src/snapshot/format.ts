// The interface of a snapshot format: how it is recognised, what it holds.
// CONTRIBUTING.md tells how to add one.
import type { OpenOptions } from '../memory/origin.ts';
import type { PhysicalSource } from '../memory/source.ts';
import type { SnapshotBytes } from './file.ts';

/** What a dumper saved of one virtual CPU besides memory: enough to tell whose page tables it walks. */
export interface CpuState {
  /** x86: CR3, the physical address of the top page table plus flags. Null where the format saves none. */
  readonly cr3: bigint | null;
  /** x86: CR4; bit 12 is LA57 (Intel SDM vol. 3A, 2.5). */
  readonly cr4: bigint | null;
  /** Instruction pointer. */
  readonly instruction: bigint | null;
  /** Stack pointer. */
  readonly stack: bigint | null;
  /** x86-64: where the interrupt descriptor table is, and the bases of GS: the one in use, and the one that SWAPGS brings. */
  readonly idt: bigint | null;
  readonly gs: readonly bigint[];
}

/** What a snapshot file says besides its bytes of memory. */
export interface SnapshotContents {
  readonly source: PhysicalSource;
  /** The text of a VMCOREINFO note, where the file carries one. */
  readonly vmcoreinfo: string | null;
  readonly cpus: readonly CpuState[];
  /** The ELF notes as their dumper wrote them, registers of the CPUs among them. Undefined where the format has none. */
  readonly rawNotes?: () => Uint8Array;
  /** When the dump was made, where the file says so. */
  readonly takenAt: Date | null;
  /** Details worth a line in `info`: `dumper: makedumpfile`, `compression: zlib`. */
  readonly facts: Readonly<Record<string, string>>;
  /**
   * Why the file holds less than it says of itself, which is one of `notes`; null where it is whole. Somebody may still be
   * writing it.
   */
  readonly cut: string | null;
  /** Where the last byte ends that the headers speak of, an offset. May read all descriptors. Undefined where nothing tells. */
  readonly storedEnd?: () => number;
  /** Whether the file is one of several that each have headers of their own and some of the pages. */
  readonly isShared?: boolean;
  /** What is wrong with the file: lowercase sentences. Truncation belongs here. */
  readonly notes: readonly string[];
}

/** A snapshot format: one object, one file. Adding one to `open.ts` is all that it takes. */
export interface SnapshotFormat {
  /** The word that `info` shows: `raw`, `lime`, `elf-core`, `kdump`. */
  readonly name: string;
  /** One line for the list of formats. */
  readonly summary: string;
  /** Whether the first bytes of the file (at most 64 KiB) are of this format. Looks at content only. */
  recognises(head: Buffer): boolean;
  /** @throws SnapshotError where the file contradicts itself so early that nothing can be read. */
  open(file: SnapshotBytes, options: OpenOptions): SnapshotContents;
}
