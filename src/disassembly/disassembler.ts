// Machine code as instructions, by Capstone compiled to WebAssembly: one engine for every CPU that is read. It is loaded
// when the first code is shown: 3 MB, 50 ms.
import { createRequire } from 'node:module';
import { wrapped } from '../base/address.ts';
import { NotInKernel } from '../base/errors.ts';
import { type Architecture, pointerBytesOf } from '../profile/profile.ts';

/** One instruction, or a byte (on Arm a word) that is none: `(bad)`; at the end `(cut)`, which may be a part of one. */
export interface Instruction {
  readonly address: bigint;
  readonly bytes: Uint8Array;
  /** In Intel's syntax on x86: `mov`. */
  readonly mnemonic: string;
  readonly operands: string;
  /** An address that it names: where a call or jump leads, what an operand relative to the instruction means. */
  readonly target: bigint | null;
}

/** What of Capstone is used: @alexaltea/capstone-js has no types of its own. */
interface Capstone {
  readonly ARCH_X86: number;
  readonly ARCH_ARM64: number;
  readonly MODE_32: number;
  readonly MODE_64: number;
  readonly MODE_LITTLE_ENDIAN: number;
  readonly Capstone: new (architecture: number, mode: number) => Decoder;
}
interface Decoder {
  /** Decodes as far as it can. @throws a text where the first bytes are no instruction */
  disasm(
    bytes: Uint8Array,
    address: bigint,
    most: number,
  ): { readonly mnemonic: string; readonly op_str: string; readonly size: number }[];
}

/** Bytes that are decoded in one go: the engine makes an object of each instruction. */
const CHUNK_BYTES = 4096;
/** Longest instruction of x86. */
const LONGEST = 15;

/** Turns bytes into instructions. */
export class Disassembler {
  readonly #decoder: Decoder;
  readonly #isX86: boolean;
  readonly #pointerBytes: 4 | 8;

  private constructor(decoder: Decoder, architecture: Architecture) {
    this.#decoder = decoder;
    this.#isX86 = architecture !== 'aarch64';
    this.#pointerBytes = pointerBytesOf(architecture);
  }

  /** @throws NotInKernel where the package that does it is not installed */
  static async load(architecture: Architecture): Promise<Disassembler> {
    let start: () => Promise<Capstone>;
    try {
      // Found beside the program at run time: the bundle of the command line would grow by half for it.
      start = createRequire(import.meta.url)('@alexaltea/capstone-js') as typeof start;
    } catch {
      throw new NotInKernel(
        'the package @alexaltea/capstone-js, which decodes instructions, is not installed',
      );
    }
    const capstone = await start();
    const { ARCH_X86, ARCH_ARM64, MODE_32, MODE_64, MODE_LITTLE_ENDIAN } = capstone;
    const [engine, mode] =
      architecture === 'aarch64'
        ? [ARCH_ARM64, MODE_LITTLE_ENDIAN]
        : [ARCH_X86, architecture === 'x86-64' ? MODE_64 : MODE_32];
    return new Disassembler(new capstone.Capstone(engine, mode), architecture);
  }

  /** The instructions in bytes that stand at an address. What is none is passed over byte by byte, on Arm word by word. */
  *decode(bytes: Uint8Array, address: bigint): Generator<Instruction> {
    const least = this.#isX86 ? 1 : 4;
    for (let at = 0; at < bytes.length; ) {
      const chunk = bytes.subarray(at, at + CHUNK_BYTES);
      // The last instruction of a chunk may go on in the next.
      const end = at + chunk.length < bytes.length ? at + chunk.length - LONGEST : bytes.length;
      let from = at;
      for (const { mnemonic, op_str: operands, size } of this.#try(chunk, address + BigInt(at))) {
        if (from >= end || size <= 0) break;
        yield this.#made(bytes.subarray(from, from + size), address + BigInt(from), mnemonic, operands);
        from += size;
      }
      if (from === at) {
        // At the end of what is asked for an instruction may only lack its rest.
        const rest = bytes.length - at;
        const isEnd = rest < (this.#isX86 ? LONGEST : least);
        const odd = bytes.subarray(at, at + (isEnd ? rest : least));
        yield this.#made(odd, address + BigInt(at), isEnd ? '(cut)' : '(bad)', '');
        from = at + odd.length;
      }
      at = from;
    }
  }

  #made(bytes: Uint8Array, address: bigint, mnemonic: string, operands: string): Instruction {
    const target = this.#targetOf(operands, address + BigInt(bytes.length));
    return { address, bytes, mnemonic, operands, target };
  }

  #try(bytes: Uint8Array, address: bigint): ReturnType<Decoder['disasm']> {
    try {
      return this.#decoder.disasm(bytes, address, 0);
    } catch (error) {
      if (typeof error !== 'string') throw error; // the engine throws texts, and nothing else does
      return [];
    }
  }

  #targetOf(operands: string, next: bigint): bigint | null {
    const relative = /\[rip ([+-]) (0x[0-9a-f]+|\d+)\]/.exec(operands);
    if (relative !== null) {
      const distance = BigInt(relative[2]!);
      return wrapped(next + (relative[1] === '-' ? -distance : distance), this.#pointerBytes);
    }
    const absolute = /(?:^|, )#?(0x[0-9a-f]{5,16})$/.exec(operands);
    return absolute === null ? null : BigInt(absolute[1]!);
  }
}
