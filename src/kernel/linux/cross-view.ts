// Things of one kind as several structures of the kernel have them, each walked by itself, and what one lacks.
// "Not there" is an answer only where the walk came to its end: a broken list makes nothing hidden.
import type { VirtualAddress } from '../../base/address.ts';
import { EvidenceFault, WalkIncomplete } from '../../base/errors.ts';
import type { Walk } from '../../types/struct.ts';

/** What one walk found. */
interface View {
  readonly found: ReadonlySet<VirtualAddress>;
  readonly isWhole: boolean;
}

/** Things known by their addresses, in the order in which the walks first found them. `V` names the views. */
export class CrossView<V extends string> {
  readonly #views = new Map<V, View>();
  readonly #all = new Set<VirtualAddress>();

  /** All that any view has; what is found while one goes through them comes behind. */
  get all(): ReadonlySet<VirtualAddress> {
    return this.#all;
  }

  /** Walks a view to its end. @returns the fault that ended it early, if one did: what it found until then counts */
  add(name: V, walk: Walk<VirtualAddress>): EvidenceFault | undefined {
    const found = new Set<VirtualAddress>();
    let isWhole = false;
    try {
      let step = walk.next();
      for (; step.done !== true; step = walk.next()) {
        found.add(step.value);
        this.#all.add(step.value);
      }
      isWhole = step.value;
      return undefined;
    } catch (fault) {
      if (!(fault instanceof EvidenceFault)) throw fault;
      return fault;
    } finally {
      this.#views.set(name, { found, isWhole });
    }
  }

  /** Takes a view back, as one that this kernel does not have. */
  drop(name: V): void {
    this.#views.delete(name);
  }

  /** Whether the view was walked at all. */
  isKnown(name: V): boolean {
    return this.#views.has(name);
  }

  /** Whether the walk of a view came to its end; false for one that was not walked. */
  isWhole(name: V): boolean {
    return this.#views.get(name)?.isWhole === true;
  }

  /** Whether a walk found it. False says nothing where the walk is not whole. */
  has(name: V, address: VirtualAddress): boolean {
    return this.#views.get(name)?.found.has(address) === true;
  }

  /** Whether a view has it. @throws WalkIncomplete where its walk did not find it and did not come to its end either */
  isIn(name: V, address: VirtualAddress): boolean {
    if (this.has(name, address)) return true;
    if (this.isWhole(name)) return false;
    throw new WalkIncomplete(`the walk of ${name} did not come to its end`);
  }
}

/** The addresses of what a walk leads to. */
export function* addresses(walk: Walk<{ readonly address: VirtualAddress }>): Walk<VirtualAddress> {
  let step = walk.next();
  for (; step.done !== true; step = walk.next()) yield step.value.address;
  return step.value;
}
