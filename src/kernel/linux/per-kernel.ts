// What is worked out once for a kernel and then kept as long as the kernel is: its clocks, its processes.
// A subsystem keeps its own things so, and the kernel need not know of them.
import type { Linux } from './linux.ts';

/** A function that makes something of a kernel when it is first asked, and gives that from then on. */
export function perKernel<T extends object>(make: (kernel: Linux) => T): (kernel: Linux) => T {
  const made = new WeakMap<Linux, T>();
  return (kernel) => {
    let thing = made.get(kernel);
    if (thing === undefined) made.set(kernel, (thing = make(kernel)));
    return thing;
  };
}
