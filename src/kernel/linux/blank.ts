// Pages of zeros where the kernel, or a program, has code, pointers or names: a dumper could not read them, and nothing there counts as
// an answer. What is left empty on purpose lies beside other things on its page.
import { hex, type VirtualAddress } from '../../base/address.ts';
import { CorruptStructure } from '../../base/errors.ts';
import type { AddressSpace } from '../../translate/address-space.ts';

/** @throws CorruptStructure where the page of an address holds nothing but zeros @throws EvidenceFault */
export function mustNotBeBlank(space: AddressSpace, address: VirtualAddress): void {
  if (space.isBlankAt(address))
    throw new CorruptStructure(`the page at ${hex(address)} holds nothing but zeros`);
}
