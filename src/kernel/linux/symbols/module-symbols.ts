// The symbols that a module has of its own, as the kernel keeps them of the module's ELF file.
// Linux: struct mod_kallsyms of include/linux/module.h, kernel/module/kallsyms.c.
import { hex, type VirtualAddress } from '../../../base/address.ts';
import { viewOf } from '../../../base/bytes.ts';
import { CorruptStructure, NotInKernel } from '../../../base/errors.ts';
import type { Linux } from '../linux.ts';
import type { Module, Stretch } from '../module/module.ts';

/** Symbols of one module: the largest of kernels have 60,000. */
const MAXIMUM_SYMBOLS = 1_000_000;
/** Longest name that the kernel takes: KSYM_NAME_LEN. */
const MAXIMUM_NAME_BYTES = 512;
/** SHN_UNDEF of elf(5): what a module takes from elsewhere. */
const UNDEFINED_SECTION = 0;
/** Names that compilers make, which the kernel passes over too (include/linux/module_symbol.h, is_mapping_symbol). */
const OF_COMPILER = /^(?:\$|\.L|L0)/;
/** Symbols that are tried at one place before the one before it is: names of compilers stand beside others. */
const MOST_TRIED = 64;

interface Entry {
  readonly address: VirtualAddress;
  readonly nameAt: number;
}

/** One module's symbols: the table is read when the first is asked for, a name when it is needed. */
export class ModuleSymbols {
  readonly #kernel: Linux;
  readonly #module: Module;
  #entries: readonly Entry[] | undefined;
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
        if (name !== '' && !OF_COMPILER.test(name)) return { name, address: at };
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
  #read(): readonly Entry[] {
    const kernel = this.#kernel;
    const { kallsyms } = this.#module.raw;
    if (kallsyms === undefined) throw new NotInKernel('this kernel keeps no symbols of modules');
    if (kallsyms === null) throw new CorruptStructure('a module without a table of symbols');
    const { symtab, strtab, num_symtab: count } = kallsyms;
    if (count > MAXIMUM_SYMBOLS)
      throw new CorruptStructure(`${count} symbols at ${hex(symtab)} are implausible`);
    const { types } = kernel;
    const type = types.pointerBytes === 8 ? 'elf64_sym' : 'elf32_sym';
    const each = types.sizeOf(type);
    const [nameAt, sectionAt, valueAt] = [
      types.offsetOf(type, 'st_name'),
      types.offsetOf(type, 'st_shndx'),
      types.offsetOf(type, 'st_value'),
    ];
    kernel.space.memory.spend(count);
    const view = viewOf(kernel.space.bytes(symtab, count * each));
    this.#names = strtab;
    const entries: Entry[] = [];
    for (let at = 0; at < count * each; at += each) {
      if (view.getUint16(at + sectionAt, true) === UNDEFINED_SECTION) continue;
      const address =
        types.pointerBytes === 8
          ? view.getBigUint64(at + valueAt, true)
          : BigInt(view.getUint32(at + valueAt, true));
      entries.push({ address, nameAt: view.getUint32(at + nameAt, true) });
    }
    return entries.sort((a, b) => (a.address < b.address ? -1 : a.address > b.address ? 1 : 0));
  }
}

/** How many entries lie at an address or before it. */
function countAtMost(entries: readonly Entry[], address: VirtualAddress): number {
  let low = 0;
  let high = entries.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (entries[middle]!.address <= address) low = middle + 1;
    else high = middle;
  }
  return low;
}
