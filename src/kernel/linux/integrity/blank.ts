// Pages of zeros where the kernel has code or pointers: a dumper could not read them, and nothing there counts as an answer.
// What the kernel itself leaves empty lies beside other things on its page.
import { hex, type VirtualAddress } from '../../../base/address.ts';
import { CorruptStructure } from '../../../base/errors.ts';
import type { Linux } from '../linux.ts';

/** @throws CorruptStructure where the page of an address holds nothing but zeros */
export function holdsSomething({ space }: Linux, address: VirtualAddress): void {
  if (space.isBlankAt(address))
    throw new CorruptStructure(`the page at ${hex(address)} holds nothing but zeros`);
}
