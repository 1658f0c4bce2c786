// How V8 is set for a program that mostly ends within a second: what it compiles in the background for a long life would take more
// than it gives.
import { setFlagsFromString } from 'node:v8';

/**
 * How much bytecode a function runs before V8 compiles it with all optimizations, in bytes: four times V8's own 66 KiB. A scan then
 * takes a fifth less CPU time, a first `pslist` a tenth; a sweep over all memory is as fast.
 */
const INTERRUPT_BUDGET = 4 * 66 * 1024;

/** It was tried in this one. Later ones have no such flag, and V8 says on stderr what it does not know. */
const KNOWN_NODES = /^v20\./;

/**
 * Has V8 wait longer before it optimizes. To be called before the program is loaded: code that was kept of it is refused
 * under other flags than it was made with.
 */
export function optimizeLater(node: string = process.version): void {
  if (KNOWN_NODES.test(node)) setFlagsFromString(`--interrupt-budget=${INTERRUPT_BUDGET}`);
}
