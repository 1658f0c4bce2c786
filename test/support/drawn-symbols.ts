import { Linux, type ListedSymbols } from '../../src/kernel/linux/linux.ts';
import type { SymbolName } from '../../src/kernel/linux/symbols.ts';
import type { FakeKernel } from './kernel.ts';

/** Opens a drawn kernel, as damaged as it is now, that has these symbols too. */
export function linuxWith(drawn: FakeKernel, symbols: Partial<Record<SymbolName, bigint>>): Linux {
  const { space, profile, slide, origin } = drawn.linux();
  const added = Object.entries(symbols).map(([name, address]) => [name, `0x${address.toString(16)}`]);
  const all: Record<string, string> = { ...profile.symbols, ...Object.fromEntries(added) };
  return new Linux({ space, profile: { ...profile, symbols: all }, slide, origin });
}

/** An array of 64-bit words somewhere in memory, from the start of a page on. @returns its address */
export function drawWords(drawn: FakeKernel, words: readonly bigint[]): bigint {
  const at = drawn.image.take(8 * words.length, 4096);
  for (const [i, word] of words.entries()) drawn.image.put64(at + 8 * i, word);
  return drawn.virtual(at);
}

/** Opens a drawn kernel that lists these functions, ascending, beside the symbols that it has. */
export function linuxListing(
  drawn: FakeKernel,
  symbols: Partial<Record<SymbolName, bigint>>,
  functions: readonly { readonly name: string; readonly address: bigint }[],
): Linux {
  const { space, profile, slide, origin } = linuxWith(drawn, symbols);
  const listed: ListedSymbols = {
    nearest: (address) => functions.findLast((one) => one.address <= address),
    functions: () => functions,
  };
  return new Linux({ space, profile, slide, origin, listed: () => listed });
}
