// What Node shows an object by, in lists and at a prompt: without it, everything that a kernel consists of would be shown.
// Node calls it when it prints an object.

/** `util.inspect.custom`, for whoever does not load node:util. */
export const INSPECT: unique symbol = Symbol.for('nodejs.util.inspect.custom');
