// Instructions as texts, for tables: decoders are loaded when the first code is shown, one for each width.
// Code of a program of 32 bits is decoded as such, on x86; on Arm there is no decoder for it.
import { NotInKernel } from '../base/errors.ts';
import type { Architecture } from '../profile/profile.ts';
import { Disassembler } from './disassembler.ts';

/** The first instructions in bytes that stand at an address, at most so many. */
type Decode = (bytes: Uint8Array, address: bigint, most: number) => string[];

/**
 * What gives decoders for processes of a kernel: for programs of 32 bits if `isNarrow`. Null where there is none for that
 * code, or the package that decodes is not installed.
 */
export function codeReader(architecture: Architecture): (isNarrow: boolean) => Promise<Decode | null> {
  const known = new Map<Architecture, Promise<Decode | null>>();
  return async (isNarrow) => {
    if (isNarrow && architecture === 'aarch64') return null;
    const wanted = isNarrow ? 'i386' : architecture;
    const decode = known.get(wanted) ?? decoderOf(wanted);
    known.set(wanted, decode);
    return decode;
  };
}

async function decoderOf(architecture: Architecture): Promise<Decode | null> {
  let disassembler: Disassembler;
  try {
    disassembler = await Disassembler.load(architecture);
  } catch (fault) {
    if (!(fault instanceof NotInKernel)) throw fault;
    return null;
  }
  return (bytes, address, most) => {
    const found: string[] = [];
    for (const { mnemonic, operands } of disassembler.decode(bytes, address)) {
      if (mnemonic === '(cut)' || found.length >= most) break;
      found.push(`${mnemonic} ${operands}`.trim());
    }
    return found;
  };
}
