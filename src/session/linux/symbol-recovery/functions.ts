// The functions that a kernel lists, with their code.
// Code refers to the variables that are sought.
import type { KernelSymbol } from '../../../profile/kallsyms.ts';
import type { Architecture } from '../../../profile/profile.ts';
import { aarch64References } from './aarch64-references.ts';
import type { KernelImage } from './kernel-image.ts';
import { x8664References } from './x86-64-references.ts';

/** Longer ones there are few, and none that is asked for. */
const MAXIMUM_FUNCTION_BYTES = 16384;

/** Static functions of different files may share a name, but not so many. */
const MAXIMUM_NAMESAKES = 16;

/** The functions that a kernel lists, by name and with their code. */
export class Functions {
  readonly #addresses = new Map<string, bigint[]>();
  /** All addresses, ascending: a function ends where the next one begins. */
  readonly #starts: BigUint64Array;
  readonly #image: KernelImage;
  readonly #architecture: Architecture;

  constructor(listed: readonly KernelSymbol[], image: KernelImage, architecture: Architecture) {
    this.#starts = BigUint64Array.from(listed, ({ address }) => address).sort();
    this.#image = image;
    this.#architecture = architecture;
    for (const { name: listedName, address } of listed) {
      const name = withoutSuffix(listedName);
      const same = this.#addresses.get(name);
      if (same === undefined) this.#addresses.set(name, [address]);
      else if (same.length < MAXIMUM_NAMESAKES) same.push(address);
    }
  }

  /** Where functions of that name are: static ones of different files may share it. */
  named(name: string): readonly bigint[] {
    return this.#addresses.get(name) ?? [];
  }

  /** The addresses within the image that the code of these functions names, each once. */
  *references(names: readonly string[]): Generator<bigint> {
    const seen = new Set<number>();
    for (const address of names.flatMap((name) => this.named(name))) {
      for (const place of this.#placesIn(address)) {
        if (place < 0 || place >= this.#image.bytes.length || seen.has(place)) continue;
        seen.add(place);
        yield this.#image.addressAt(place);
      }
    }
  }

  #placesIn(address: bigint): Iterable<number> {
    const start = this.#image.offsetOf(address);
    const end = this.#image.offsetOf(this.#after(address));
    if (start < 0 || end < 0) return [];
    const code = this.#image.bytes.subarray(start, Math.min(end, start + MAXIMUM_FUNCTION_BYTES));
    if (this.#architecture === 'aarch64') return aarch64References(code, start);
    return this.#architecture === 'x86-64' ? x8664References(code, start, this.#image.base) : [];
  }

  /** The first listed address behind this one, or itself where there is none. */
  #after(address: bigint): bigint {
    let [low, high] = [0, this.#starts.length];
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (this.#starts[middle]! <= address) low = middle + 1;
      else high = middle;
    }
    return this.#starts[low] ?? address;
  }
}

/** Compilers name what they split off or specialized `name.part.0`, `name.constprop.0` …. */
const withoutSuffix = (name: string): string => {
  const dot = name.indexOf('.', 1);
  return dot < 0 ? name : name.slice(0, dot);
};
