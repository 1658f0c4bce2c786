import { physical } from '../../src/base/address.ts';
import { NotInSnapshot } from '../../src/base/errors.ts';
import { PhysicalMemory } from '../../src/memory/physical.ts';
import { PAGE_BYTES, type PhysicalSource } from '../../src/memory/source.ts';

/** Past all memory, and a multiple of every cache's size. */
const BEYOND = 2 ** 45;

/**
 * A snapshot's memory held in RAM, page by page, to be damaged and mended again: what a fuzz test works on.
 *
 * It keeps count of the pages that were read, since damage to a page that nobody reads tests nothing.
 */
export class Overlay {
  readonly #pages = new Map<number, Uint8Array>();
  readonly #damaged = new Map<number, Uint8Array | null>();
  readonly #source: PhysicalSource;
  readonly touched = new Set<number>();
  /** Is told of every read of the source, in bytes. */
  heard: ((at: number, length: number) => void) | null = null;
  #lasting: PhysicalMemory | undefined;

  constructor(source: PhysicalSource) {
    for (const { start, end } of source.ranges) {
      for (let at: number = start; at < end; at += PAGE_BYTES) {
        const page = new Uint8Array(PAGE_BYTES);
        if (source.read(physical(at), page) === PAGE_BYTES && page.some((byte) => byte !== 0))
          this.#pages.set(at, page);
      }
    }
    this.#source = {
      ranges: source.ranges,
      costlyPages: true, // page by page, so that `touched` is exact
      fileOffset: () => null,
      read: (at, into) => {
        this.heard?.(at, into.length);
        for (let done = 0; done < into.length; done += PAGE_BYTES) {
          const page = this.#pageAt(at + done);
          if (page === null) return done;
          if (page === undefined) into.fill(0, done, done + PAGE_BYTES);
          else into.set(page, done);
          this.touched.add(at + done);
        }
        return into.length;
      },
    };
  }

  /** A fresh view of the memory as it is now: nothing cached. */
  memory(): PhysicalMemory {
    return new PhysicalMemory(this.#source);
  }

  /**
   * One view that is kept: what it has cached stays while the memory changes, but for the pages that do. A fresh view
   * for each question costs more than the question: its cache alone is 64 MiB to be cleared.
   */
  get lasting(): PhysicalMemory {
    this.#lasting ??= this.memory();
    return this.#lasting;
  }

  /** A copy of the page at `at`, to be changed and given back to `damage`. */
  page(at: number): Uint8Array {
    return Uint8Array.from(this.#pageAt(at) ?? new Uint8Array(PAGE_BYTES));
  }

  /** Replaces a page until `mend`; null takes it away. */
  damage(at: number, page: Uint8Array | null): void {
    this.#damaged.set(at, page);
    this.#forget(at);
  }

  mend(): void {
    const pages = [...this.#damaged.keys()];
    this.#damaged.clear();
    for (const at of pages) this.#forget(at);
  }

  /** Makes the lasting view read a page anew: what is asked for takes the place of what was there before, even where there is nothing. */
  #forget(at: number): void {
    if (this.#lasting === undefined) return;
    try {
      this.#lasting.u8(physical(at + BEYOND));
    } catch (fault) {
      if (!(fault instanceof NotInSnapshot)) throw fault;
    }
  }

  #pageAt(at: number): Uint8Array | null | undefined {
    const damaged = this.#damaged.get(at);
    return damaged === undefined ? this.#pages.get(at) : damaged;
  }
}
