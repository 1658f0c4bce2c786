// The kernel's symbols, by name and by address.
// It is read from kallsyms when somebody first asks.
import { isKernelAddress, wrapped } from '../../base/address.ts';
import { ForensicError } from '../../base/errors.ts';
import type { KernelSymbol } from '../../profile/kallsyms.ts';
import type { Session } from '../session.ts';
import { imageReader } from './image.ts';
import { kallsymsOf } from './listed-symbols.ts';

/** Every symbol of the kernel image, by name and by address. Modules' symbols are not in it. */
export class SymbolTable {
  readonly #byAddress: readonly KernelSymbol[];

  /** Reads all of kallsyms: 0.1 s. What only the profile knows is added: some kernels list functions alone, or nothing. */
  constructor(session: Session) {
    const listed = listedSymbols(session);
    const names = new Set(listed.map(({ name }) => name));
    const added = profileSymbols(session).filter(({ name }) => !names.has(name));
    this.#byAddress = [...listed, ...added].sort((a, b) =>
      a.address < b.address ? -1 : a.address > b.address ? 1 : 0,
    );
  }

  /** All of them, in ascending order of address. */
  get all(): readonly KernelSymbol[] {
    return this.#byAddress;
  }

  /** All symbols of that name: static ones of different files may share it. */
  named(name: string): KernelSymbol[] {
    return this.#byAddress.filter((symbol) => symbol.name === name);
  }

  /** The symbol at or before `address`, or undefined below the first. */
  nearest(address: bigint): KernelSymbol | undefined {
    let low = 0;
    let high = this.#byAddress.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (this.#byAddress[middle]!.address <= address) low = middle + 1;
      else high = middle;
    }
    return this.#byAddress[low - 1];
  }
}

/** What the kernel lists itself; nothing where its tables cannot be found. */
function listedSymbols({ snapshot, located }: Session): KernelSymbol[] {
  try {
    const { kallsyms, scheme } = kallsymsOf(imageReader(snapshot.memory, located.delta), located);
    return [...kallsyms.all(scheme)];
  } catch (error) {
    if (!(error instanceof ForensicError)) throw error;
    return [];
  }
}

const profileSymbols = ({ profile: { symbols, pointerBytes }, kernel }: Session): KernelSymbol[] =>
  Object.entries(symbols).flatMap(([name, link]) =>
    isKernelAddress(BigInt(link), pointerBytes)
      ? [{ name, type: '?', address: wrapped(BigInt(link) + kernel.slide, pointerBytes) }]
      : [],
  );
