// What the struct of a page says: whose page it is, which of its pages, and of which large page it is a part.
// Linux: struct page and struct folio of include/linux/mm_types.h, include/linux/page-flags.h.
import { hex, type PhysicalAddress, type VirtualAddress, wrapped } from '../../../base/address.ts';
import { CorruptStructure, NotInKernel } from '../../../base/errors.ts';
import type { Linux } from '../linux.ts';
import { pageStructsOf } from './page-structs.ts';

/** Pages in the largest large page: 16 GiB of 64 KiB each, 1 GiB of 4 KiB. */
const MOST_PARTS = 262_144n;

/** The struct of a page, or of the first page of a large one. */
export class Page {
  readonly address: VirtualAddress;
  readonly #kernel: Linux;

  constructor(kernel: Linux, address: VirtualAddress) {
    this.#kernel = kernel;
    this.address = address;
  }

  /** The address space that has it; of a page that no file has, of its process's, with the lowest bit set. @throws EvidenceFault */
  get mapping(): bigint {
    return this.#member('mapping');
  }
  /** Its number in the file, or in the mapping of its process. @throws EvidenceFault */
  get index(): bigint {
    return this.#member('index');
  }
  /** The place in swap, of a page in the swap cache. @throws EvidenceFault */
  get private(): bigint {
    return this.#member('private');
  }

  /** Physical address of the page's first byte. @throws EvidenceFault */
  get memory(): PhysicalAddress {
    return pageStructsOf(this.#kernel).memoryOf(this.address);
  }

  /** The page so many pages behind this one, which must be of the same large page. @throws CorruptStructure @throws EvidenceFault */
  part(distance: bigint): Page {
    if (distance === 0n) return this;
    if (distance < 0n || distance > MOST_PARTS)
      throw new CorruptStructure(`the page at ${hex(this.address)} has no page ${distance} behind it`);
    const { types } = this.#kernel;
    const address = wrapped(this.address + distance * BigInt(types.sizeOf('page')), types.pointerBytes);
    const { compound_head, compound_info } = this.#kernel.at('page', address);
    const word = compound_head ?? compound_info ?? 0n;
    // The first page's address, or a mask that makes it of any part's; either way the lowest bit says that it is a part.
    const isPart = (word & 1n) === 1n && (word - 1n === this.address || (address & word) === this.address);
    if (!isPart)
      throw new CorruptStructure(`the page at ${hex(address)} is no part of that at ${hex(this.address)}`);
    return new Page(this.#kernel, address);
  }

  #member(name: 'mapping' | 'index' | 'private'): bigint {
    const kernel = this.#kernel;
    const value = kernel.types.has('folio', name)
      ? kernel.at('folio', this.address)[name]
      : kernel.at('page', this.address)[name];
    if (value === undefined) throw new NotInKernel(`this kernel has no page.${name}`);
    return value;
  }
}
