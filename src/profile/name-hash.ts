// A rolling hash of names, to recognise wanted names without spelling out the others.
// A kernel has 200,000 names.

/**
 * A polynomial hash of a name's bytes, modulo 2^32. It can be put together from the hashes of pieces, which
 * makes it possible to look for names in kallsyms without spelling any of its 190,000 out.
 */
const FACTOR = 0x01000193;

/** `hash` continued by one byte. */
export const hashByte = (hash: number, byte: number): number => (Math.imul(hash, FACTOR) + byte + 1) | 0;

/** The hash of a whole name (ASCII: symbols and C names are). */
function hashName(name: string): number {
  let hash = 0;
  for (let i = 0; i < name.length; i++) hash = hashByte(hash, name.charCodeAt(i));
  return hash;
}

/** Names that are looked for among all others: found by hash, so that the others are never spelled out. */
export class NameSet {
  readonly #byHash = new Map<number, string>();
  /** Characters of the longest. */
  readonly longest: number;

  constructor(names: Iterable<string>) {
    let longest = 0;
    for (const name of names) {
      this.#byHash.set(hashName(name), name);
      longest = Math.max(longest, name.length);
    }
    this.longest = longest;
  }

  /** How many there are. */
  get size(): number {
    return this.#byHash.size;
  }

  /** The name that has this hash, as others may too. */
  withHash(hash: number): string | undefined {
    return this.#byHash.get(hash);
  }
}

/** FACTOR to the power of `length`: what a hash is multiplied by before the hash of `length` further bytes is added. */
export function shiftOf(length: number): number {
  let shift = 1;
  for (let i = 0; i < length; i++) shift = Math.imul(shift, FACTOR);
  return shift;
}
