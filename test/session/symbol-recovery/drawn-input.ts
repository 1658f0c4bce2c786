import { Functions } from '../../../src/session/linux/symbol-recovery/functions.ts';
import { KernelImage } from '../../../src/session/linux/symbol-recovery/kernel-image.ts';
import type { RecoveryInput } from '../../../src/session/linux/symbol-recovery/recovery-input.ts';
import { Image } from '../../support/image.ts';

/** Where the drawn kernel is; heap is mapped elsewhere. */
export const KERNEL = 0xffff_ffff_8001_0000n;
export const HEAP = 0xffff_8880_0000_0000n;
const KERNEL_PAGES = 16;
const HEAP_PAGES = 16;
const FUNCTION_BYTES = 256;

/** A kernel of which functions are listed, drawn function by function and word by word. */
export class DrawnGround {
  readonly #image = new Image();
  readonly #kernelAt: number;
  readonly #heapAt: number;
  readonly #functions = new Map<string, bigint>();

  constructor() {
    this.#kernelAt = this.#image.map(KERNEL, {
      pages: KERNEL_PAGES,
      to: this.#image.takePages(KERNEL_PAGES),
    });
    this.#heapAt = this.#image.map(HEAP, { pages: HEAP_PAGES, to: this.#image.takePages(HEAP_PAGES) });
  }

  /** Adds a function of AArch64 that takes the address of each of these. @returns its own */
  addFunction(name: string, ...named: readonly bigint[]): bigint {
    const offset = this.#functions.size * FUNCTION_BYTES;
    for (const [nth, target] of named.entries()) {
      const place = Number(target - KERNEL);
      const pages = (place >> 12) - (offset >> 12);
      const adrp = (0x9000_0000 | ((pages & 3) << 29) | (((pages >> 2) & 0x7ffff) << 5)) >>> 0;
      const add = (0x9100_0000 | ((place & 0xfff) << 10)) >>> 0;
      this.#image.put(this.#kernelAt + offset + 8 * nth, 4, adrp);
      this.#image.put(this.#kernelAt + offset + 8 * nth + 4, 4, add);
    }
    const address = KERNEL + BigInt(offset);
    this.#functions.set(name, address);
    return address;
  }

  put(address: bigint, value: bigint): void {
    this.#image.put64(this.#physical(address), value);
  }

  write(address: bigint, text: string): void {
    this.#image.write(this.#physical(address), `${text}\0`);
  }

  /** A circular list: the head, and an entry at each of these addresses. */
  putList(head: bigint, entries: readonly bigint[]): void {
    const ring = [head, ...entries];
    for (const [nth, address] of ring.entries()) {
      this.put(address, ring[(nth + 1) % ring.length]!);
      this.put(address + 8n, ring.at(nth - 1)!);
    }
  }

  input(parts: Partial<RecoveryInput>): RecoveryInput {
    const memory = this.#image.memory();
    const bytes = Buffer.from(memory.bytes(this.#kernelAt as never, KERNEL_PAGES * 4096));
    const image = new KernelImage(KERNEL, bytes);
    const listed = [...this.#functions].map(([name, address]) => ({ name, address, type: 't' }));
    const end = {
      name: '_etext',
      address: KERNEL + BigInt(this.#functions.size * FUNCTION_BYTES),
      type: 'T',
    };
    return {
      image,
      functions: new Functions([...listed, end], image, 'aarch64'),
      space: this.#image.space(),
      layouts: {},
      enumerators: {},
      found: new Map(),
      ...parts,
    };
  }

  #physical(address: bigint): number {
    return address >= KERNEL
      ? this.#kernelAt + Number(address - KERNEL)
      : this.#heapAt + Number(address - HEAP);
  }
}
