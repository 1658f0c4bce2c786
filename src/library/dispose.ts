// `using` closes what has a method of this name. Node before 20.4 has no such symbol, and then the compiler of whoever
// writes `using` looks for the one that is set here.
if ((Symbol as { dispose?: symbol }).dispose === undefined)
  Object.defineProperty(Symbol, 'dispose', { value: Symbol('Symbol.dispose') });

/** What is closed at the end of the block in which it is declared with `using`, or by `close()`. */
export interface Closable {
  close(): void;
  [Symbol.dispose](): void;
}
