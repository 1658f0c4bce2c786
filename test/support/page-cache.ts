import { drawWords } from './drawn-symbols.ts';
import type { FakeKernel } from './kernel.ts';

const PAGE = 4096;
/** A drawn node of an xarray has as many slots: three bits of an index. */
const SLOTS = 8;

/** Draws pages with their structs, and the trees of files and of swap that have them. */
export class DrawnPages {
  readonly drawn: FakeKernel;
  /** Physical address of the first page. */
  readonly memory: number;
  /** What `mem_map` says. */
  readonly #base: bigint;
  readonly #size: number;

  constructor(drawn: FakeKernel, count = SLOTS) {
    this.drawn = drawn;
    this.#size = drawn.profile.types['page']!.size;
    this.memory = drawn.image.takePages(count);
    const structs = drawn.virtual(drawn.image.take(count * this.#size, PAGE));
    this.#base = structs - BigInt((this.memory / PAGE) * this.#size);
  }

  /** The variable that says where the structs are. */
  get symbol(): bigint {
    return drawWords(this.drawn, [this.#base]);
  }

  /** The struct of the nth page. */
  struct(nth: number): bigint {
    return this.#base + BigInt((this.memory / PAGE + nth) * this.#size);
  }

  /** Fills the nth page with a text, and says what its struct tells. @returns the struct's address */
  page(nth: number, text: string, values: Readonly<Record<string, bigint | number>>): bigint {
    this.drawn.image.write(this.memory + nth * PAGE, text);
    this.drawn.write(this.struct(nth), 'page', values);
    return this.struct(nth);
  }

  /** A node of an xarray with these slots. @returns the pointer to it, as slots and heads have it */
  node(shift: number, slots: Readonly<Record<number, bigint>>): bigint {
    const node = this.drawn.draw('xa_node', { shift, count: Object.keys(slots).length });
    this.fill(node | 2n, slots);
    return node | 2n;
  }

  /** Writes slots of a node. */
  fill(node: bigint, slots: Readonly<Record<number, bigint>>): void {
    const at = this.drawn.physical(this.drawn.member(node - 2n, 'xa_node', 'slots'));
    for (const [slot, entry] of Object.entries(slots)) this.drawn.image.put64(at + 8 * Number(slot), entry);
  }

  /** The cached pages of a file. */
  mapping(host: bigint, head = 0n): bigint {
    const mapping = this.drawn.draw('address_space', { host });
    this.plant(mapping, head);
    return mapping;
  }

  /** Makes an entry the head of a tree. */
  plant(mapping: bigint, head: bigint): void {
    this.drawn.write(this.drawn.member(mapping, 'address_space', 'i_pages'), 'xarray', { xa_head: head });
  }
}
