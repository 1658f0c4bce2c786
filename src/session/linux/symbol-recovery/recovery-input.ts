// What every method of symbol recovery gets, and the reads that they share.
// A read that fails gives undefined.
import { EvidenceFault } from '../../../base/errors.ts';
import type { Profile } from '../../../profile/profile.ts';
import type { AddressSpace } from '../../../translate/address-space.ts';
import type { Functions } from './functions.ts';
import type { KernelImage } from './kernel-image.ts';

/** What variables that no table lists are looked for with. */
export interface RecoveryInput {
  readonly image: KernelImage;
  readonly functions: Functions;
  readonly space: AddressSpace;
  /** How the build lays out the structs that are looked at. */
  readonly layouts: Profile['types'];
  readonly enumerators: Profile['enumerators'];
  /** What is known already. */
  readonly found: ReadonlyMap<string, bigint>;
}

/** The 64-bit word at `address`, or undefined where it cannot be read. */
export function wordAt({ space }: RecoveryInput, address: bigint): bigint | undefined {
  const bytes = space.readableBytes(address, 8);
  return bytes.length < 8 ? undefined : new DataView(bytes.buffer, bytes.byteOffset).getBigUint64(0, true);
}

/** ASCII at `address` up to NUL, or undefined where something else stands. */
export function textAt({ space }: RecoveryInput, address: bigint, limit: number): string | undefined {
  try {
    const text = Buffer.from(space.cString(address, limit)).toString('latin1');
    return /^[\x20-\x7e]+$/.test(text) && text.length < limit ? text : undefined;
  } catch (fault) {
    if (!(fault instanceof EvidenceFault)) throw fault;
    return undefined;
  }
}

/** Where `member` is in `type`, or undefined where this build has none. */
export const offsetIn = ({ layouts }: RecoveryInput, type: string, member: string): bigint | undefined => {
  const [offset] = layouts[type]?.members[member] ?? [];
  return offset === undefined ? undefined : BigInt(offset);
};

/** The only one of `found`; undefined where there are several, of which none can be told from the others. */
export function only(found: Iterable<bigint>): bigint | undefined {
  const [first, second] = new Set(found);
  return second === undefined ? first : undefined;
}
