// The symbols that a module has of its own, as the kernel keeps them of the module's ELF file.
// Linux: struct mod_kallsyms of include/linux/module.h, kernel/module/kallsyms.c.
import { hex, type VirtualAddress } from '../../../base/address.ts';
import { CorruptStructure, NotInKernel } from '../../../base/errors.ts';
import type { Linux } from '../linux.ts';
import type { Module, Stretch } from '../module/module.ts';
import {
  byAddress,
  type ElfSymbol,
  isShownName,
  MAXIMUM_NAME_BYTES,
  MAXIMUM_SYMBOLS,
  ownSymbols,
} from './elf-symbols.ts';

/** Symbols that are tried at one place before the one before it is: names of compilers stand beside others. */
const MOST_TRIED = 64;

/** One module's symbols: the table is read when the first is asked for, a name when it is needed. */
export class ModuleSymbols {
  readonly #kernel: Linux;
  readonly #module: Module;
  #entries: readonly ElfSymbol[] | undefined;
  #names: VirtualAddress = 0n;

  constructor(module: Module) {
    this.#module = module;
    this.#kernel = module.kernel;
  }

  /** The symbol at or before an address that lies in this stretch; undefined where none of the stretch is before it. @throws EvidenceFault */
  nearest(
    address: VirtualAddress,
    { base }: Stretch,
  ): { readonly name: string; readonly address: VirtualAddress } | undefined {
    const entries = (this.#entries ??= this.#read());
    let below = countAtMost(entries, address);
    for (let tried = 0; below > 0 && tried < MOST_TRIED; tried++) {
      const at = entries[below - 1]!.address;
      if (at < base) return undefined;
      // Of several at one place the first of the table, as find_kallsyms_symbol has it.
      const first = countAtMost(entries, at - 1n);
      for (const { nameAt } of entries.slice(first, Math.min(below, first + MOST_TRIED))) {
        const name = this.#kernel.textAt(this.#names + BigInt(nameAt), MAXIMUM_NAME_BYTES);
        if (isShownName(name)) return { name, address: at };
      }
      below = first;
    }
    return undefined;
  }

  /** Where its functions begin that lie in these stretches, each once. @throws EvidenceFault */
  *functions(stretches: readonly Stretch[]): Generator<VirtualAddress> {
    let before = 0n;
    for (const { address } of (this.#entries ??= this.#read())) {
      const isIn = stretches.some(({ base, size }) => address >= base && address < base + BigInt(size));
      if (isIn && address !== before) yield address;
      before = address;
    }
  }

  /** All of them, ascending by address, and of one address in the order of the table. */
  #read(): readonly ElfSymbol[] {
    const kernel = this.#kernel;
    const { kallsyms } = this.#module.raw;
    if (kallsyms === undefined) throw new NotInKernel('this kernel keeps no symbols of modules');
    if (kallsyms === null) throw new CorruptStructure('a module without a table of symbols');
    const { symtab, strtab, num_symtab: count } = kallsyms;
    if (count > MAXIMUM_SYMBOLS)
      throw new CorruptStructure(`${count} symbols at ${hex(symtab)} are implausible`);
    const { types } = kernel;
    const type = types.pointerBytes === 8 ? 'elf64_sym' : 'elf32_sym';
    const layout = {
      size: types.sizeOf(type),
      name: types.offsetOf(type, 'st_name'),
      section: types.offsetOf(type, 'st_shndx'),
      value: types.offsetOf(type, 'st_value'),
      pointerBytes: types.pointerBytes,
    };
    kernel.space.memory.spend(count);
    this.#names = strtab;
    return [...ownSymbols(kernel.space.bytes(symtab, count * layout.size), layout)].sort(byAddress);
  }
}

/** How many entries lie at an address or before it. */
function countAtMost(entries: readonly ElfSymbol[], address: VirtualAddress): number {
  let low = 0;
  let high = entries.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (entries[middle]!.address <= address) low = middle + 1;
    else high = middle;
  }
  return low;
}
