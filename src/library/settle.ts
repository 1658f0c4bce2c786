// The values of a struct as plain data, each settled to what it is or to the reason why it cannot be read, for printing
// and for JSON. However large the struct is, only so much of it is read.
import { EvidenceFault } from '../base/errors.ts';
import type { KernelType } from '../types/kernel-type.ts';
import { ArrayOfValues, Pointer, Struct, type Value } from './values.ts';

/** Elements of one array, structs within structs, and values in all that are shown where nothing else is said. */
const USUAL_LIMITS: SettleLimits = { elements: 32, depth: 8, values: 4096 };

/** How much of a value is read. */
export interface SettleLimits {
  readonly elements: number;
  readonly depth: number;
  readonly values: number;
}

/** A value that is read, or why it is not. */
export type Settled =
  | number
  | bigint
  | boolean
  | string
  | null
  /** The fault's code and its sentence. */
  | { readonly absent: string; readonly why: string }
  /** An enum's value by its name. */
  | { readonly enumerator: string }
  | { readonly pointer: bigint; readonly to: string; readonly symbol: string | null }
  | { readonly bytes: Uint8Array }
  | { readonly members: readonly SettledMember[]; readonly left: number }
  | { readonly elements: readonly Settled[]; readonly left: number };

export interface SettledMember {
  readonly name: string;
  readonly type: string;
  /** Bytes from the start of the struct that it is a member of. */
  readonly offset: number;
  readonly value: Settled;
}

/** Names the address of a function or of data: `do_exit+0x10`; null where nothing does. */
export type NameOf = (address: bigint) => string | null;

/** What a value of that type holds. Never throws for what is missing. */
export function settle(
  read: () => Value,
  type: KernelType,
  nameOf: NameOf = () => null,
  limits: SettleLimits = USUAL_LIMITS,
): Settled {
  return new Settling(nameOf, limits).value(read, type, 0);
}

class Settling {
  readonly #nameOf: NameOf;
  readonly #limits: SettleLimits;
  #left: number;

  constructor(nameOf: NameOf, limits: SettleLimits) {
    this.#nameOf = nameOf;
    this.#limits = limits;
    this.#left = limits.values;
  }

  value(read: () => Value, type: KernelType, depth: number): Settled {
    this.#left--;
    let value: Value;
    try {
      value = read();
    } catch (fault) {
      if (!(fault instanceof EvidenceFault)) throw fault;
      return { absent: fault.code, why: fault.message };
    }
    if (value === null) return null;
    if (type.kind === 'pointer' && (value instanceof Struct || value instanceof Pointer)) {
      const { $address } = value;
      return { pointer: $address, to: type.name, symbol: this.#nameOf($address) };
    }
    if (type.kind === 'enum' && typeof value === 'string') return { enumerator: value };
    if (value instanceof Struct) return this.#struct(value, depth);
    if (value instanceof ArrayOfValues) return this.#array(value, depth);
    if (value instanceof Pointer) return { bytes: new Uint8Array() };
    return value instanceof Uint8Array ? { bytes: value } : value;
  }

  #struct(struct: Struct, depth: number): Settled {
    const { $values, $type, $address } = struct;
    const all = [...$values.membersOf($type)];
    const members: SettledMember[] = [];
    for (const [name, member] of all) {
      if (depth >= this.#limits.depth || this.#left <= 0) break;
      const { type, offset, bits } = member;
      const value = this.value(() => $values.member(member, $address), type, depth + 1);
      members.push({ name, type: bits === 0 ? type.name : `${type.name} : ${bits}`, offset, value });
    }
    return { members, left: all.length - members.length };
  }

  #array(array: ArrayOfValues, depth: number): Settled {
    const elements: Settled[] = [];
    const { target } = array.$type;
    while (
      target !== null &&
      elements.length < Math.min(array.length, this.#limits.elements) &&
      this.#left > 0
    ) {
      const index = elements.length;
      elements.push(this.value(() => array.at(index), target, depth + 1));
    }
    return { elements, left: array.length - elements.length };
  }
}
