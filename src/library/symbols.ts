// Every symbol of a kernel and of its modules, by name and by address. The kernel's own table is read when the first is
// asked for, a module's when something of that module is, or of no other.
import { hex, type VirtualAddress, wrapped } from '../base/address.ts';
import { NotInKernel, UsageError } from '../base/errors.ts';
import { hint } from '../base/nearest.ts';
import type { KernelSymbol } from '../profile/kallsyms.ts';
import { SymbolTable } from '../session/linux/symbol-table.ts';
import type { Session } from '../session/session.ts';
import type { LoadedModule } from './loaded-modules.ts';

/** A symbol further below than this explains nothing: the address is past the image. */
const NEAR = 0x100_0000n;

/** A symbol, and whose it is. */
export interface FoundSymbol extends KernelSymbol {
  /** The module that has it; null where it is the kernel's. */
  readonly module: string | null;
}

/** The symbol at or before an address. */
export interface NearestSymbol extends FoundSymbol {
  /** Bytes from the symbol to the address. */
  readonly offset: bigint;
  /** As oops messages write it: `do_exit+0x10`, `ext4_sync_fs+0x8 [ext4]`. */
  readonly text: string;
}

/** The symbols of one kernel. */
export class Symbols {
  readonly #session: Session;
  readonly #modules: () => readonly LoadedModule[];
  #table: SymbolTable | undefined;

  constructor(session: Session, modules: () => readonly LoadedModule[]) {
    this.#session = session;
    this.#modules = modules;
  }

  /** All symbols of that name, the kernel's first: static ones of different files may share it. */
  named(name: string): FoundSymbol[] {
    const own = this.#own.named(name).map((symbol) => ({ ...symbol, module: null }));
    const others = this.#modules().flatMap((module) =>
      module.symbols
        .filter((symbol) => symbol.name === name)
        .map((symbol) => ({ ...symbol, module: module.name })),
    );
    return [...own, ...others];
  }

  /** The address of the symbol of that name, the kernel's own where a module has one too. @throws NotInKernel @throws UsageError where several have it */
  address(name: string): VirtualAddress {
    const own = this.#own.named(name);
    if (own.length === 1) return own[0]!.address; // no module needs to be read
    const found = this.named(name);
    if (found.length === 0) throw new NotInKernel(`this kernel has no symbol ${name}${this.#hint(name)}`);
    if (found.length === 1) return found[0]!.address;
    const places = found.map(
      ({ type, address, module }) => `${type} ${hex(address)}${module === null ? '' : ` [${module}]`}`,
    );
    throw new UsageError(`${name} is ambiguous: ${places.join(', ')}`);
  }

  /** The symbol at or before an address, of the module that has the address in its memory; undefined where none explains it. */
  nearest(address: VirtualAddress): NearestSymbol | undefined {
    const module = this.#modules().find(({ ranges }) =>
      ranges.some(({ start, end }) => start <= address && address < end),
    );
    if (module !== undefined) {
      const symbol = module.symbols.findLast((one) => one.address <= address);
      const range = module.ranges.find(({ start, end }) => start <= address && address < end)!;
      return symbol === undefined || symbol.address < range.start
        ? undefined
        : nearestOf({ ...symbol, module: module.name }, address);
    }
    const symbol = this.#own.nearest(address);
    if (symbol === undefined || address - symbol.address > NEAR) return undefined;
    // A kernel that lists functions alone has names for a few data: what lies behind those may be anything.
    if (symbol.type === '?' && address !== symbol.address) return undefined;
    const { kernel } = this.#session;
    if (kernel.hasSymbol('_end') && address >= kernel.symbol('_end')) return undefined;
    return nearestOf({ ...symbol, module: null }, address);
  }

  /**
   * The address that a word means: `0xffff…` or `4096`, or `init_task`, or `init_task+0x10`.
   * @throws UsageError where it is neither, or several symbols are called so
   */
  resolve(word: string): VirtualAddress {
    const { pointerBytes } = this.#session.profile;
    if (/^(?:0x[0-9a-f]+|\d+)$/i.test(word)) {
      const address = BigInt(word);
      if (address >> BigInt(8 * pointerBytes) !== 0n)
        throw new UsageError(`${word} is no address: this kernel's have ${8 * pointerBytes} bits`);
      return address;
    }
    const [, name = word, sign = '+', offset = '0'] = /^(.+?)([+-])(0x[0-9a-f]+|\d+)$/i.exec(word) ?? [];
    if (this.#own.named(name).length === 0 && this.named(name).length === 0)
      throw new UsageError(
        `${name} is neither an address (0x… or decimal) nor a symbol of this kernel${this.#hint(name)}`,
      );
    return wrapped(this.address(name) + (sign === '-' ? -BigInt(offset) : BigInt(offset)), pointerBytes);
  }

  /** Every symbol of the kernel's own in ascending order of address; those of modules are theirs. */
  all(): Iterable<KernelSymbol> {
    return this.#own.all;
  }

  get #own(): SymbolTable {
    this.#table ??= new SymbolTable(this.#session);
    return this.#table;
  }

  #hint(name: string): string {
    const isClose = ({ name: other }: KernelSymbol): boolean =>
      other[0] === name[0] && Math.abs(other.length - name.length) <= 3;
    return hint(
      name,
      this.#own.all.filter(isClose).map((symbol) => symbol.name),
    );
  }
}

function nearestOf(symbol: FoundSymbol, address: VirtualAddress): NearestSymbol {
  const offset = address - symbol.address;
  const place = offset === 0n ? symbol.name : `${symbol.name}+${hex(offset)}`;
  return { ...symbol, offset, text: symbol.module === null ? place : `${place} [${symbol.module}]` };
}
