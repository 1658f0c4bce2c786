// What each architecture must tell so that its kernels can be located.
// The files beside it implement it.
import { highWord, lowWord } from '../../../base/address.ts';
import type { SymbolName } from '../../../kernel/linux/symbols.ts';
import type { PhysicalMemory } from '../../../memory/physical.ts';
import type { Architecture } from '../../../profile/profile.ts';
import type { Vmcoreinfo } from '../../../profile/vmcoreinfo.ts';
import type { LinearArea } from '../../../translate/linear-areas.ts';
import type { Paging } from '../../../translate/paging.ts';

/** Where in this boot a kernel's image is, and the tables that map it. */
export interface Place {
  readonly paging: Paging;
  /** virtual − physical of the image, which lies in one piece in both. */
  readonly delta: bigint;
}

/** A kernel's image in physical memory, mapped nobody knows where. */
export interface FoundImage {
  readonly memory: PhysicalMemory;
  /** The physical address of one of the image's symbols. */
  at(symbol: string): number | undefined;
}

/** What a kernel whose image was found tells of itself, read without its page tables. */
export interface KernelWords {
  readonly vmcoreinfo: Vmcoreinfo | null;
  readonly delta: bigint;
  readonly paging: Paging;
  /** Whether this build has the symbol. */
  has(symbol: SymbolName): boolean;
  /** The word at a symbol, as wide as a pointer; undefined where this build has none or the snapshot lacks it. */
  word(symbol: SymbolName): bigint | undefined;
}

/** What one kind of CPU's kernels leave to find them by. Nothing that is said here is believed before it is verified. */
export interface ArchitectureRules {
  readonly architecture: Architecture;
  /** What kallsyms calls the symbol that VMCOREINFO calls `swapper_pg_dir`: the kernel's own top page table. */
  readonly topTable: string;
  /** The places that VMCOREINFO leaves open; none where it is of another kind of CPU. */
  fromVmcoreinfo(vmcoreinfo: Vmcoreinfo): readonly Place[];
  /** Where the page tables within the image map the image itself. */
  fromImage(image: FoundImage): Iterable<Place>;
  /** How far above its place in the file an image may lie that its page tables do not map where it is; absent where they do not tell. */
  readonly distancesOfImage?: (image: FoundImage) => Iterable<number>;
  /** What KASLR added to the link-time addresses of an image that has `_text` at this address; null where that cannot be told. */
  slideOf(text: bigint): bigint | null;
  /** The variable in which the kernel keeps how far its image was moved, and what it holds for a `delta`; null where there is none. */
  readonly distance: { readonly symbol: SymbolName; readonly of: (delta: bigint) => bigint } | null;
  /** Where the kernel maps all of RAM, or all that it can, in one piece; undefined where that is not told. */
  directMap(kernel: KernelWords): LinearArea | undefined;
  /** Physical addresses at which RAM often begins: the first byte of a raw file is there. */
  readonly ramStarts: readonly number[];
}

/** Whether the tables map `virtual` to `at`. */
export const maps = (memory: PhysicalMemory, paging: Paging, virtual: bigint, at: number): boolean =>
  paging.probe(memory, highWord(virtual), lowWord(virtual)) + Number(virtual & 0xfffn) === at;
