// Loaded modules as the library needs them: where their code and data are, which symbols they have of their own, and
// which types they add to the kernel's.
import { hex, type VirtualAddress } from '../base/address.ts';
import { CorruptStructure, EvidenceFault, ForensicError, type Note } from '../base/errors.ts';
import { decodeUntilNul } from '../base/text.ts';
import {
  byAddress,
  isShownName,
  MAXIMUM_NAME_BYTES,
  MAXIMUM_SYMBOLS,
  ownSymbols,
} from '../kernel/linux/symbols/elf-symbols.ts';
import { MAXIMUM_BTF_BYTES } from '../profile/btf-search.ts';
import type { BtfTypes } from '../profile/btf-types.ts';
import type { KernelSymbol } from '../profile/kallsyms.ts';
import { type Gap, isMissing, missingBytes } from '../profile/piecewise.ts';
import { INSPECT } from './inspect.ts';
import type { VirtualView } from './memory-view.ts';
import { ArrayOfValues, Pointer, Struct, type Value } from './values.ts';

/** Bytes of the names of one module. */
const MAXIMUM_NAMES_BYTES = 64 << 20;
/** Memories of one module: MOD_MEM_NUM_TYPES is 7. */
const MAXIMUM_MEMORIES = 32;

/** A stretch of a module's memory. */
export interface ModuleRange {
  readonly start: VirtualAddress;
  readonly end: VirtualAddress;
}

/** A module that the kernel has loaded. */
export class LoadedModule {
  readonly name: string;
  /** Its `struct module`. */
  readonly raw: Struct;
  readonly #view: VirtualView;
  readonly #note: Note;
  #ranges: readonly ModuleRange[] | undefined;
  #symbols: readonly KernelSymbol[] | undefined;

  constructor(name: string, raw: Struct, view: VirtualView, note: Note) {
    this.name = name;
    this.raw = raw;
    this.#view = view;
    this.#note = note;
  }

  [INSPECT](): string {
    return `module ${this.name}`;
  }

  /** Where its code and data are; none where that cannot be read, which is noted. */
  get ranges(): readonly ModuleRange[] {
    this.#ranges ??= this.#attempt('where it is', [], () => rangesOf(this.raw));
    return this.#ranges;
  }

  /** Its own symbols in ascending order of address, as the kernel keeps them for kallsyms; what cannot be read is noted. */
  get symbols(): readonly KernelSymbol[] {
    this.#symbols ??= this.#attempt('its symbols', [], () => this.#readSymbols());
    return this.#symbols;
  }

  /** `struct mod_kallsyms` of include/linux/module.h: the ELF symbols of the module's file that are kept. */
  #readSymbols(): readonly KernelSymbol[] {
    const { kallsyms } = this.raw;
    if (!(kallsyms instanceof Struct)) return [];
    const { symtab, strtab, num_symtab: count } = kallsyms;
    if (!(symtab instanceof Struct && strtab instanceof Pointer) || typeof count !== 'number') return [];
    if (count > MAXIMUM_SYMBOLS) throw new CorruptStructure(`${count} symbols are implausible`);
    const place = (member: string) => symtab.$member(member);
    const layout = {
      size: symtab.$type.size,
      name: place('st_name').offset,
      section: place('st_shndx').offset,
      value: place('st_value').offset,
      pointerBytes: place('st_value').type.size,
    };
    const infoAt = place('st_info').offset;
    const table = this.#readable(symtab.$address, count * layout.size);
    const entries = [...ownSymbols(table.bytes, layout)];
    const namesBytes = entries.reduce((most, { nameAt }) => Math.max(most, nameAt), 0) + MAXIMUM_NAME_BYTES;
    if (namesBytes > MAXIMUM_NAMES_BYTES)
      throw new CorruptStructure(`${namesBytes} bytes of names are implausible`);
    const names = this.#readable(strtab.$address, namesBytes);
    // Since v5.2 the letters have a table of their own; before, they stand in the symbol.
    const letters =
      kallsyms['typetab'] instanceof Pointer
        ? this.#readable(kallsyms['typetab'].$address, count)
        : undefined;
    const found: KernelSymbol[] = [];
    let lost = count - whole(table.gaps, count, layout.size);
    for (const { address, nameAt, index } of entries) {
      const at = index * layout.size;
      if (isMissing(table.gaps, at, at + layout.size)) continue;
      const end = names.bytes.indexOf(0, nameAt);
      if (isMissing(names.gaps, nameAt, end + 1)) {
        lost++;
        continue;
      }
      if (end <= nameAt) continue;
      const name = decodeUntilNul(names.bytes.subarray(nameAt, Math.min(end, nameAt + MAXIMUM_NAME_BYTES)));
      if (!isShownName(name)) continue;
      const letter = letters === undefined ? table.bytes[at + infoAt]! : letters.bytes[index]!;
      const type = letter > 0x20 && letter < 0x7f ? String.fromCharCode(letter) : '?';
      found.push({ name, type, address });
    }
    if (lost > 0)
      this.#note(`${lost} of the ${count} symbols of module ${this.name} are not in the snapshot`);
    return found.sort(byAddress);
  }

  #readable(address: VirtualAddress, length: number): { bytes: Uint8Array; gaps: readonly Gap[] } {
    return readPieces(this.#view, address, length);
  }

  #attempt<T>(what: string, otherwise: T, read: () => T): T {
    try {
      return read();
    } catch (fault) {
      if (!(fault instanceof EvidenceFault)) throw fault;
      this.#note(`module ${this.name}, ${what}: ${fault.message}`);
      return otherwise;
    }
  }
}

/** How many entries of a table no gap touches. */
function whole(gaps: readonly Gap[], count: number, size: number): number {
  let found = 0;
  for (let nth = 0; nth < count; nth++) if (!isMissing(gaps, nth * size, (nth + 1) * size)) found++;
  return found;
}

/** Bytes as far as they are there, zeros where they are not. */
function readPieces(
  view: VirtualView,
  address: VirtualAddress,
  length: number,
): { bytes: Uint8Array; gaps: readonly Gap[] } {
  const bytes = new Uint8Array(length);
  const gaps: Gap[] = [];
  for (const piece of view.pieces(address, length)) {
    const at = Number(piece.address - address);
    if ('missing' in piece) gaps.push({ start: at, end: at + piece.missing });
    else bytes.set(piece.bytes, at);
  }
  return { bytes, gaps };
}

/**
 * Since Linux kernel commit ac3b43283923 ("module: replace module_layout with module_memory") (in v6.4) an array of
 * memories; two or three layouts before.
 */
function rangesOf(raw: Struct): readonly ModuleRange[] {
  const memories: Value[] =
    raw['mem'] instanceof ArrayOfValues
      ? Array.from({ length: Math.min(raw['mem'].length, MAXIMUM_MEMORIES) }, (_, nth) => raw['mem'].at(nth))
      : ['core_layout', 'init_layout', 'data_layout'].flatMap((name) => raw[name] ?? []);
  return memories.flatMap((memory) => {
    if (!(memory instanceof Struct)) return [];
    const { base, size } = memory;
    if (!(base instanceof Pointer) || typeof size !== 'number' || size === 0) return [];
    return [{ start: base.$address, end: base.$address + BigInt(size) }];
  });
}

/** The name of the module that an entry is of; its address where that cannot be read. */
function ownerOf(entry: Struct): string {
  try {
    const { module } = entry;
    if (module instanceof Struct) return String(module['name']);
  } catch (fault) {
    if (!(fault instanceof EvidenceFault)) throw fault;
  }
  return hex(entry.$address);
}

/** Types that a module adds, and whose they are. */
export interface ModuleTypes {
  readonly module: string;
  /** Read anew each time that it is called: a module's types are as large as the kernel's, on which they rest. */
  read(): BtfTypes | undefined;
}

/**
 * The types of one module from its `struct btf_module` (kernel/bpf/btf.c), with CONFIG_DEBUG_INFO_BTF_MODULES. `own`: the
 * kernel's own types.
 */
export function typesOfModule(entry: Struct, own: BtfTypes, view: VirtualView, note: Note): ModuleTypes {
  const name = ownerOf(entry);
  const read = (): BtfTypes | undefined => {
    try {
      const { btf } = entry;
      if (!(btf instanceof Struct)) return undefined;
      const { data, data_size: size, start_id: firstType, start_str_off: firstString } = btf;
      if (!(data instanceof Pointer) || typeof size !== 'number') return undefined;
      if (size === 0 || size > MAXIMUM_BTF_BYTES)
        throw new CorruptStructure(`btf of ${size} bytes is implausible`);
      // What counts on from elsewhere would be read as other types than it means.
      if (firstType !== own.count || firstString !== own.stringBytes)
        throw new CorruptStructure('it does not go on where the kernel’s own types end');
      const { bytes, gaps } = readPieces(view, data.$address, size);
      if (gaps.length > 0)
        note(
          `types of module ${name}: ${missingBytes(gaps)} of ${size} bytes are missing, and what stood there`,
        );
      return own.ofModule(bytes, gaps);
    } catch (error) {
      if (!(error instanceof ForensicError)) throw error;
      note(`types of module ${name}: ${error.message}`);
      return undefined;
    }
  };
  return { module: name, read };
}
