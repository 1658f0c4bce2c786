// Whose code an address is, and which function's: the kernel's own symbols and its modules'.
// Linux: kernel/kallsyms.c, kernel/extable.c (kernel_text_address), kernel/sched/core.c (in_sched_functions).
import { hex, type VirtualAddress, wrapped } from '../../../base/address.ts';
import { EvidenceFault, NotInKernel, WalkIncomplete } from '../../../base/errors.ts';
import { type AddressRange, disjoint, rangeAround } from '../../../base/ranges.ts';
import type { Linux, ListedSymbols } from '../linux.ts';
import { type Module, modules, type Stretch } from '../module/module.ts';
import { perKernel } from '../per-kernel.ts';
import type { SymbolName } from '../symbols.ts';
import { ModuleSymbols } from './module-symbols.ts';

/** Modules whose code is known: a kernel has some hundreds. */
const MOST_MODULES = 65_536;

/** A place in code. */
export interface CodePlace {
  /** The function, and how far behind its first byte: `do_wait+0x60`. Without `+` at that byte itself. */
  readonly text: string;
  readonly name: string;
  readonly offset: bigint;
}

/** A module's code, and the symbols for it. */
interface ModuleCode {
  readonly module: Module;
  readonly name: string;
  readonly stretches: readonly Stretch[];
  readonly symbols: ModuleSymbols;
}

/** A stretch of a module's code. */
interface ModuleRange extends AddressRange {
  readonly code: ModuleCode;
}

type Range = readonly [start: VirtualAddress, end: VirtualAddress];

const isIn = (address: VirtualAddress, [start, end]: Range): boolean => address >= start && address < end;
const holds = (address: VirtualAddress, { base, size }: Stretch): boolean =>
  address >= base && address < base + BigInt(size);

const rangesOf = (code: ModuleCode): ModuleRange[] =>
  code.stretches.map(({ base, size }) => ({ start: base, end: base + BigInt(size), code }));

/** The code of a kernel and of its modules. */
class Code {
  readonly #kernel: Linux;
  readonly #places = new Map<VirtualAddress, CodePlace | EvidenceFault>();
  readonly #image: readonly Range[];
  readonly #waiting: readonly Range[];
  #listed: ListedSymbols | undefined;
  #modules: readonly ModuleCode[] | undefined;
  /** Where their code is. */
  #ranges: readonly ModuleRange[] | undefined;
  #hasAllModules = true;

  constructor(kernel: Linux) {
    this.#kernel = kernel;
    this.#image = this.#between(['_stext', '_etext'], ['_sinittext', '_einittext']);
    this.#waiting = this.#between(
      ['__sched_text_start', '__sched_text_end'],
      ['__lock_text_start', '__lock_text_end'],
    );
  }

  /** Whether an address lies in code of the kernel's image or of a module. @throws NotInKernel where the build does not tell where its code is */
  isCode(address: VirtualAddress): boolean {
    return this.isImage(address) || this.moduleAt(address) !== undefined;
  }

  /**
   * `isCode`, where false is certain. @throws WalkIncomplete where it lies in no module that was found, and not all of them
   * could be @throws NotInKernel
   */
  isSurelyCode(address: VirtualAddress): boolean {
    if (this.isCode(address)) return true;
    if (!this.#hasAllModules) throw new WalkIncomplete('not all modules could be found');
    return false;
  }

  /** Whether an address lies in code of the kernel's image. @throws NotInKernel */
  isImage(address: VirtualAddress): boolean {
    if (this.#image.length === 0) throw new NotInKernel('this kernel does not tell where its code ends');
    return this.#image.some((range) => isIn(address, range));
  }

  /** Whether it lies in functions that wait and lock for others, in which no stack is said to wait. @throws NotInKernel */
  isWaiting(address: VirtualAddress): boolean {
    if (this.#waiting.length === 0) throw new NotInKernel('this kernel does not tell where its scheduler is');
    return this.#waiting.some((range) => isIn(address, range));
  }

  /** The module whose code has an address, those that hide included. */
  moduleAt(address: VirtualAddress): Module | undefined {
    return this.#moduleCodeAt(address)?.module;
  }

  /** The name of that module; null for the kernel's own code and for what is nobody's. */
  moduleNameAt(address: VirtualAddress): string | null {
    return this.#moduleCodeAt(address)?.name ?? null;
  }

  /**
   * The function of an instruction; null where the address is in nobody's code. @throws EvidenceFault where its name is missing
   */
  placeOf(address: VirtualAddress): CodePlace | null {
    if (!this.isCode(address)) return null;
    let found = this.#places.get(address);
    if (found === undefined) this.#places.set(address, (found = this.#find(address)));
    if (found instanceof EvidenceFault) throw found;
    return found;
  }

  /**
   * The function that a return address goes back to. A call may be a function's last instruction: what it returns to is
   * then behind the function, and so the call itself is looked up (kernel/kallsyms.c, sprint_backtrace).
   */
  returnPlaceOf(address: VirtualAddress): CodePlace | null {
    const call = this.placeOf(wrapped(address - 1n, this.#kernel.types.pointerBytes));
    return call === null ? null : placeAt(call.name, call.offset + 1n);
  }

  /**
   * Where functions begin: the kernel's own between its first and last that stay, and its modules'. Of several names at one
   * address once. @throws NotInKernel where the kernel lists none
   */
  *functions(): Generator<{ readonly address: VirtualAddress; readonly isImage: boolean }> {
    const kernel = this.#kernel;
    const range: Range = [kernel.symbol('_stext'), kernel.symbol('_etext')];
    let before = 0n;
    for (const { address } of this.#ownSymbols().functions()) {
      if (address !== before && isIn(address, range)) yield { address, isImage: true };
      before = address;
    }
    this.#modules ??= this.#readModules();
    for (const { name, stretches, symbols } of this.#modules)
      for (const address of kernel.untilFault(symbols.functions(stretches), `functions of ${name}`))
        yield { address, isImage: false };
    if (!this.#hasAllModules) kernel.note('functions of some modules: not all modules could be found');
  }

  #find(address: VirtualAddress): CodePlace | EvidenceFault {
    try {
      const own = this.#moduleCodeAt(address);
      const symbol =
        own === undefined
          ? this.#ownSymbols().nearest(address)
          : own.symbols.nearest(address, own.stretches.find((stretch) => holds(address, stretch))!);
      if (symbol === undefined) return new NotInKernel(`no symbol is before ${hex(address)}`);
      return placeAt(symbol.name, address - symbol.address);
    } catch (fault) {
      if (!(fault instanceof EvidenceFault)) throw fault;
      return fault;
    }
  }

  #ownSymbols(): ListedSymbols {
    const kernel = this.#kernel;
    if (kernel.listed === undefined) throw new NotInKernel('this kernel lists no symbols');
    this.#listed ??= kernel.listed(kernel.space.memory);
    return this.#listed;
  }

  #moduleCodeAt(address: VirtualAddress): ModuleCode | undefined {
    if (this.#image.some((range) => isIn(address, range))) return undefined;
    this.#ranges ??= disjoint((this.#modules ??= this.#readModules()).flatMap(rangesOf));
    return rangeAround(this.#ranges, address)?.code;
  }

  #readModules(): readonly ModuleCode[] {
    const kernel = this.#kernel;
    const found: ModuleCode[] = [];
    if (!kernel.hasSymbol('modules')) return found;
    const codeFrom = (module: Module): ModuleCode => ({
      ...{ module, name: module.name, stretches: module.code, symbols: new ModuleSymbols(module) },
    });
    const isWhole = (): boolean => {
      const walk = modules(kernel);
      let step = walk.next();
      for (; step.done !== true && found.length < MOST_MODULES; step = walk.next()) {
        const module = step.value;
        const own = kernel.attempt(() => codeFrom(module), null, 'code of a module');
        if (own === null) this.#hasAllModules = false;
        else found.push(own);
      }
      return step.done === true && step.value;
    };
    if (!kernel.attempt(isWhole, false, 'code of modules')) this.#hasAllModules = false;
    return found;
  }

  /** The ranges between pairs of symbols, as far as this build has both. */
  #between(...pairs: readonly (readonly [SymbolName, SymbolName])[]): Range[] {
    const kernel = this.#kernel;
    return pairs
      .filter((pair) => pair.every((name) => kernel.hasSymbol(name)))
      .map(([start, end]) => [kernel.symbol(start), kernel.symbol(end)]);
  }
}

const placeAt = (name: string, offset: bigint): CodePlace => ({
  text: offset === 0n ? name : `${name}+${hex(offset)}`,
  name,
  offset,
});

/** A kernel's code. */
export const codeOf = perKernel((kernel) => new Code(kernel));
