// What lies on a stack and is an address in code behind a call: where nothing tells which words are return addresses.
// Some of them are what earlier calls left.
import type { VirtualAddress } from '../../../base/address.ts';
import { codeOf } from '../symbols/code.ts';
import type { Frame } from './frame.ts';
import type { StackMemory } from './stack-memory.ts';

/** The words from a place of the stack up to its end that may be return addresses. */
export function* scanStack(memory: StackMemory, from: VirtualAddress): Generator<Frame> {
  const { kernel, wordBytes, end } = memory;
  const code = codeOf(kernel);
  let at = from < memory.start ? memory.start : from + ((wordBytes - (from % wordBytes)) % wordBytes);
  for (; at + wordBytes <= end; at += wordBytes) {
    const address = memory.word(at);
    // Nothing returns to a function's first byte: that is a pointer to it.
    if (code.isCode(address) && code.placeOf(address)?.offset !== 0n)
      yield { address, isReturn: true, way: 'scan' };
  }
}
