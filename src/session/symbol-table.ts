import type { KernelSymbol } from '../profile/kallsyms.ts';
import type { Snapshot } from '../snapshot/open.ts';
import { imageReader } from './image.ts';
import type { Located } from './located.ts';
import { kallsymsOf } from './profile-of.ts';

/** Every symbol of the kernel image, by name and by address. Modules' symbols are not in it. */
export class SymbolTable {
  readonly #byAddress: readonly KernelSymbol[];

  /** Reads all of kallsyms: 0.1 s. @throws NoKernel, EvidenceFault */
  constructor(snapshot: Snapshot, located: Located) {
    const { kallsyms, scheme } = kallsymsOf(imageReader(snapshot.memory, located.delta), located);
    this.#byAddress = [...kallsyms.all(scheme)].sort((a, b) =>
      a.address < b.address ? -1 : a.address > b.address ? 1 : 0,
    );
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
