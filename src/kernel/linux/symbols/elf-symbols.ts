// The symbols of a module's ELF file, as the kernel keeps them in memory: which entries of the table are the module's own.
// Linux: struct mod_kallsyms of include/linux/module.h, kernel/module/kallsyms.c; elf(5).
import type { VirtualAddress } from '../../../base/address.ts';
import { viewOf } from '../../../base/bytes.ts';

/** Symbols of one module: the largest of kernels have 60,000. */
export const MAXIMUM_SYMBOLS = 1_000_000;
/** Longest name that the kernel takes, in bytes: KSYM_NAME_LEN. */
export const MAXIMUM_NAME_BYTES = 512;
/** SHN_UNDEF of elf(5): what a module takes from elsewhere. */
const UNDEFINED_SECTION = 0;
/** Names that compilers make, which the kernel passes over too (include/linux/module_symbol.h, is_mapping_symbol). */
const OF_COMPILER = /^(?:\$|\.L|L0)/;

/** Where an entry has its members, in bytes: ELF of 32 and 64 bits have them in another order. */
export interface SymbolLayout {
  readonly size: number;
  readonly name: number;
  readonly section: number;
  readonly value: number;
  /** Of the value: 4 or 8. */
  readonly pointerBytes: number;
}

/** An entry of the table. */
export interface ElfSymbol {
  readonly address: VirtualAddress;
  /** Where its name is, from the beginning of the names. */
  readonly nameAt: number;
  /** Its place in the table. */
  readonly index: number;
}

/** The entries of a table that are the module's own, in their order. @param bytes whole entries */
export function* ownSymbols(bytes: Uint8Array, layout: SymbolLayout): Generator<ElfSymbol> {
  const { size, name, section, value, pointerBytes } = layout;
  const view = viewOf(bytes);
  for (let index = 0, at = 0; at + size <= bytes.length; index++, at += size) {
    if (view.getUint16(at + section, true) === UNDEFINED_SECTION) continue;
    const address =
      pointerBytes === 8 ? view.getBigUint64(at + value, true) : BigInt(view.getUint32(at + value, true));
    yield { address, nameAt: view.getUint32(at + name, true), index };
  }
}

/** Whether kallsyms shows a name: an empty one and those of compilers it does not. */
export const isShownName = (name: string): boolean => name !== '' && !OF_COMPILER.test(name);

/** For sorting: ascending by address. */
export const byAddress = (
  { address: one }: { readonly address: VirtualAddress },
  { address: other }: { readonly address: VirtualAddress },
): number => (one < other ? -1 : one > other ? 1 : 0);
