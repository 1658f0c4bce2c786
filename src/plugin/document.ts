// The types of the JSON document: facts about snapshot and kernel, results, explanations.
// The cache keeps the same data.
import type { MachineState } from '../kernel/linux/machine/state.ts';
import type { Row } from './cell.ts';

/** What is known of a snapshot file: the `snapshot` of the JSON document, and what the cache keeps of it. Plain JSON data. */
export interface SnapshotFacts {
  readonly path: string;
  readonly sizeBytes: number;
  /**
   * The files that were read as this one, in order; the size of one that is missing is null. At most 64: `pieceCount` tells
   * all. Empty where the snapshot is a file by itself.
   */
  readonly pieces: readonly { readonly path: string; readonly sizeBytes: number | null }[];
  readonly pieceCount: number;
  /** `raw`, `lime`, `elf-core`, `kdump`. */
  readonly format: string;
  /** Details of the format: `compression: zlib`. */
  readonly facts: Readonly<Record<string, string>>;
  /** What the snapshot holds, addresses in hex: `{ start: "0x0", end: "0xa0000" }`. At most 64; `rangeCount` tells all. */
  readonly ranges: readonly { readonly start: string; readonly end: string }[];
  readonly rangeCount: number;
  readonly memoryBytes: number;
  /**
   * Bytes of the RAM that the kernel knows of and the snapshot does not hold; where the kernel does not tell (`ramBytes` is
   * null), bytes between the first and the last range and what is known to be missing behind it. Null where neither is known of a
   * raw file or of one that was cut.
   */
  readonly missingBytes: number | null;
  /** Bytes of RAM that the kernel knows of; null where it does not tell. */
  readonly ramBytes: number | null;
  /** ISO 8601: the guest's own clock in the snapshot, or null. */
  readonly takenAt: string | null;
  /** Why the file holds less than it says of itself, which is one of `notes`; null where it is whole. */
  readonly cut: string | null;
  readonly notes: readonly string[];
}

/** One attempt on the way to the kernel: a line of `info`. */
export interface BindingStep {
  /** What was tried: `vmcoreinfo`, `kallsyms`, `btf`, `page tables`. */
  readonly step: string;
  readonly outcome: 'found' | 'verified' | 'failed' | 'skipped';
  readonly detail: string;
}

/** One of the kernels in a snapshot. Plain JSON data. */
export interface KernelCandidate {
  /** Counted from 1: what `--kernel` takes. */
  readonly number: number;
  /** Whether the answers are of this one. */
  readonly isShown: boolean;
  /** Whether CPUs ran on it; null where the file has no registers that tell. */
  readonly isLive: boolean | null;
  /** Why it stands where it does among the others, as the end of a sentence. */
  readonly why: string;
  readonly release: string;
  /** Physical addresses in hex, as those of `KernelFacts`. */
  readonly pageTableRoot: string;
  readonly vmcoreinfoAt: string | null;
  readonly bootTime: string | null;
  readonly time: string | null;
  readonly bootId: string | null;
  readonly state: MachineState | null;
  readonly confidence: KernelFacts['confidence'];
}

/** What is known of the kernel inside: the `kernel` of the JSON document. Plain JSON data. */
export interface KernelFacts {
  readonly banner: string;
  readonly release: string;
  /** Hex, or null where no note carries it. */
  readonly buildId: string | null;
  /** `x86-64`, `aarch64` or `i386`. */
  readonly architecture: string;
  /** `4 levels`; of AArch64 `4 KiB pages, 48 bits, 4 levels`. */
  readonly paging: string;
  /** Physical address of the kernel's page-table root, in hex. */
  readonly pageTableRoot: string;
  /** Physical address of the VMCOREINFO in memory that led to the kernel, in hex; null where none did, or the file's own note. */
  readonly vmcoreinfoAt: string | null;
  /** What was added to the link-time addresses, and where `_text` is; null where the snapshot does not tell. */
  readonly kaslr: { readonly virtual: string | null; readonly physical: string | null };
  /** ISO 8601. */
  readonly bootTime: string | null;
  /** Guest's clock at the time of the snapshot, ISO 8601. */
  readonly time: string | null;
  readonly uptimeSeconds: number | null;
  readonly hostname: string | null;
  /** The boot's own ID, `/proc/sys/kernel/random/boot_id`; null where nobody has asked for it yet. */
  readonly bootId: string | null;
  /** What tells the machine from every other: its SMBIOS system UUID. Null where it has none. */
  readonly machineId: string | null;
  readonly cpus: number | null;
  /** What the machine was about; null where the snapshot does not tell. */
  readonly state: MachineState | null;
  /** Every kernel that the memory holds, this one among them, the one that runs first. */
  readonly kernels: readonly KernelCandidate[];
  /** How far they were searched for: through all of memory, to one that the registers prove to run, or through a part of memory. */
  readonly search: 'whole' | 'proof' | 'part';
  /** How the layouts and symbols came: `vmcoreinfo + kallsyms + btf`. */
  readonly boundBy: string;
  /** How sure: `verified` means that every check passed. */
  readonly confidence: 'verified' | 'likely' | 'uncertain';
  readonly steps: readonly BindingStep[];
  readonly notes: readonly string[];
}

/** One plugin's answer. */
export interface Result {
  readonly plugin: string;
  /** The plugin's version. */
  readonly version: number;
  readonly rows: readonly Row[];
  readonly notes: readonly string[];
}

/** How an address becomes bytes, step by step: what `explain` shows. Plain JSON data, addresses in hex. */
export interface Explanation {
  /** What the user asked for: `init_task`, `0xffffffff81000000`. */
  readonly asked: string;
  /** The nearest symbol at or before the address: `init_task+0x10`. Null where there is none. */
  readonly symbol: string | null;
  readonly address: string;
  /** Whose page tables were walked: `kernel`, `process 812 (sshd)`. */
  readonly space: string;
  readonly steps: readonly {
    readonly level: number;
    readonly table: string;
    readonly at: string;
    readonly index: number;
    readonly entry: string;
    readonly flags: readonly string[];
  }[];
  readonly physical: string | null;
  /** Offset in the snapshot file; null where the page is stored compressed, or is not there. */
  readonly fileOffset: string | null;
  /** Bytes from the address on, two hex digits each; empty where there are none. */
  readonly bytes: string;
  /** What ended the walk early. */
  readonly fault: { readonly code: string; readonly message: string } | null;
}
