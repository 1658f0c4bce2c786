// Where structs of one type lie, to tell when one lies in another: then at most one of the two is real.
// However an intruder links them, memory holds no more structs of a type than fit into it side by side.

/** Bits of an address above these are alike in all addresses of a kernel (48 bits below 57-bit paging's extra level). */
const HIGH_BITS = 0xffff;

/** The places of structs that are `bytes` long. */
export class Footprints {
  readonly #bytes: number;
  /** Of each stretch of `bytes` bytes the struct that begins in it. */
  readonly #starts = new Map<number, number>();

  constructor(bytes: number) {
    this.#bytes = bytes;
  }

  /** Adds the struct at (hi, lo), or another address at a fixed distance from it. @returns whether it shares bytes with one that was added before */
  add(hi: number, lo: number): boolean {
    const bytes = this.#bytes;
    const start = (hi & HIGH_BITS) * 2 ** 32 + (lo >>> 0);
    const stretch = Math.floor(start / bytes);
    const before = this.#starts.get(stretch - 1);
    const after = this.#starts.get(stretch + 1);
    const isShared =
      this.#starts.has(stretch) ||
      (before !== undefined && start - before < bytes) ||
      (after !== undefined && after - start < bytes);
    if (!isShared) this.#starts.set(stretch, start);
    return isShared;
  }
}
