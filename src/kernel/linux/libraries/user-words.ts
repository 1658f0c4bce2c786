// Words of a program's memory: 4 bytes each in a program of 32 bits, 8 in one of 64. Whatever they say the program said.
// Linux: TASK_SIZE of arch/x86/include/asm/page_64_types.h, arch/arm64/include/asm/processor.h.
import { hex, type VirtualAddress } from '../../../base/address.ts';
import { viewOf } from '../../../base/bytes.ts';
import { CorruptStructure } from '../../../base/errors.ts';
import { decodeText } from '../../../base/text.ts';
import type { AddressSpace } from '../../../translate/address-space.ts';
import type { ProcessMemory } from '../memory/process-memory.ts';

/** Where a program of 32 bits has its memory at most. */
const END_OF_32_BITS = 1n << 32n;

/** A program's memory as words of its own width. */
export class UserWords {
  readonly space: AddressSpace;
  /** Bytes of a word. */
  readonly width: 4 | 8;
  readonly #end: VirtualAddress;

  /** @throws EvidenceFault */
  constructor(memory: ProcessMemory) {
    this.space = memory.space;
    this.#end = memory.raw.task_size;
    this.width = this.#end <= END_OF_32_BITS ? 4 : 8;
  }

  /** @throws CorruptStructure where an address is none that a program can have: the kernel's memory is in the same tables */
  check(address: VirtualAddress): void {
    if (address <= 0n || address >= this.#end)
      throw new CorruptStructure(`${hex(address)} is no address of a program`);
  }

  /** Bytes from `address` on. @throws CorruptStructure where that is no place of a program @throws EvidenceFault */
  bytes(address: VirtualAddress, length: number): DataView {
    this.check(address);
    return viewOf(this.space.bytes(address, length));
  }

  /** `count` words from `address` on. @throws EvidenceFault */
  words(address: VirtualAddress, count: number): readonly bigint[] {
    const view = this.bytes(address, count * this.width);
    return Array.from({ length: count }, (_, nth) => wordAt(view, nth * this.width, this.width));
  }

  /** The text at `address`, at most `limit` bytes; it may be empty. @throws EvidenceFault */
  text(address: VirtualAddress, limit: number): string {
    this.check(address);
    return decodeText(this.space.cString(address, limit));
  }
}

/** The word of so many bytes that stands `at` there. */
export const wordAt = (view: DataView, at: number, width: 4 | 8): bigint =>
  width === 8 ? view.getBigUint64(at, true) : BigInt(view.getUint32(at, true));
