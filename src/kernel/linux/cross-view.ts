// Things of one kind as several structures of the kernel have them, each walked by itself, and what one lacks.
// "Not there" is an answer only where the walk came to its end: a broken list makes nothing hidden.
import type { VirtualAddress } from '../../base/address.ts';
import { EvidenceFault, NotInKernel, WalkIncomplete } from '../../base/errors.ts';
import type { Walk } from '../../types/struct.ts';
import type { Linux } from './linux.ts';

/** What of a question's work one view may take, so that one that somebody made endless costs no other. */
const VIEW_SHARE = 1 / 16;
/**
 * The same for a walk of every inode. Where each page has to be unpacked, the inodes of an ordinary guest of 512 MiB take an eighth
 * of a question's work: they lie all over its memory.
 */
export const INODES_SHARE = 1 / 4;

/** How one walk went. */
interface View {
  /** Set in the word of each thing that it found. */
  readonly bit: number;
  readonly isWhole: boolean;
}

/** Things by their addresses. */
interface Things extends Iterable<VirtualAddress> {
  has(address: VirtualAddress): boolean;
  size(): number;
}

/** Things known by their addresses, in the order in which the walks first found them. `V` names the views. */
export class CrossView<V extends string> {
  readonly #views = new Map<V, View>();
  /** Which views have it: one look-up for all, since an address is a bigint and these are slow to look up. */
  readonly #having = new Map<VirtualAddress, number>();
  readonly #dropped = new Set<V>();
  #nextBit = 1;

  /** All that any view has; what is found while one goes through them comes behind. */
  readonly all: Things = {
    has: (address) => this.#having.has(address),
    size: () => this.#having.size,
    [Symbol.iterator]: () => this.#having.keys(),
  };

  /** Walks a view to its end. @returns the fault that ended it early, if one did: what it found until then counts */
  add(name: V, walk: Walk<VirtualAddress>): EvidenceFault | undefined {
    const bit = this.#nextBit;
    this.#nextBit <<= 1;
    let isWhole = false;
    try {
      let step = walk.next();
      for (; step.done !== true; step = walk.next()) {
        this.#having.set(step.value, (this.#having.get(step.value) ?? 0) | bit);
      }
      isWhole = step.value;
      return undefined;
    } catch (fault) {
      if (!(fault instanceof EvidenceFault)) throw fault;
      return fault;
    } finally {
      this.#views.set(name, { bit, isWhole });
    }
  }

  /**
   * `add` with a share of the question's work, by itself the smaller one. A view that this kernel's description does not reach is none; one that
   * cannot be begun, or that ends early, is broken, and a note about `what` says why.
   */
  addNoted(
    { space, note }: Pick<Linux, 'space' | 'note'>,
    name: V,
    walk: Walk<VirtualAddress>,
    what: string,
    share = VIEW_SHARE,
  ): void {
    let fault: EvidenceFault | undefined;
    try {
      fault = space.memory.within(share, () => this.add(name, walk));
    } catch (thrown) {
      if (!(thrown instanceof EvidenceFault)) throw thrown;
      fault = thrown;
    }
    if (fault instanceof NotInKernel) this.drop(name);
    else if (fault !== undefined) note(`${what} by ${name}: ${fault.message}`);
  }

  /** Takes a view back, as one that this kernel does not have: it neither has nor lacks anything. */
  drop(name: V): void {
    this.#views.delete(name);
    this.#dropped.add(name);
  }

  /** Whether the walk of a view came to its end; false for one that was not walked. */
  isWhole(name: V): boolean {
    return this.#views.get(name)?.isWhole === true;
  }

  /** Whether this kernel does not have the view. */
  isWithout(name: V): boolean {
    return this.#dropped.has(name);
  }

  /** Whether a walk found it. False says nothing where the walk is not whole. */
  has(name: V, address: VirtualAddress): boolean {
    const bit = this.#views.get(name)?.bit ?? 0;
    return ((this.#having.get(address) ?? 0) & bit) !== 0;
  }

  /** Those of the views that were walked and have it, or lack it. */
  among<W extends V>(names: readonly W[], address: VirtualAddress, isThere: boolean): W[] {
    const having = this.#having.get(address) ?? 0;
    return names.filter((name) => {
      const bit = this.#views.get(name)?.bit;
      return bit !== undefined && ((having & bit) !== 0) === isThere;
    });
  }

  /**
   * Whether a view has it.
   * @throws WalkIncomplete where its walk did not find it and did not come to its end either
   * @throws NotInKernel where this kernel does not have the view
   */
  isIn(name: V, address: VirtualAddress): boolean {
    if (this.has(name, address)) return true;
    if (this.isWhole(name)) return false;
    if (this.#dropped.has(name)) throw new NotInKernel(`this kernel has no ${name}`);
    throw new WalkIncomplete(`the walk of ${name} did not come to its end`);
  }
}

/** The addresses of what a walk leads to. */
export function* addresses(walk: Walk<{ readonly address: VirtualAddress }>): Walk<VirtualAddress> {
  let step = walk.next();
  for (; step.done !== true; step = walk.next()) yield step.value.address;
  return step.value;
}
