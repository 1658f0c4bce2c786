import type { Row } from '../../../src/plugin/cell.ts';
import type { Truth } from '../truth.ts';
import type { Comparison, Context, Expectation } from './expect.ts';
import type { ToleranceName } from './tolerances.ts';

/** Records of older guests do not tell of tracing. */
export const isTracingTold = ({ tracing }: Truth): boolean => tracing !== undefined;

/** A row that the guest shows nowhere: nothing else than what is expected may be in it. */
export const outOfSight = ({ verdict }: Row): ToleranceName | undefined =>
  verdict === 'expected' ? 'pointerOutOfSight' : undefined;

/** The same, and the guest's own table of symbols has that function there. */
export function outOfSightAt(
  { verdict, handler, symbol }: Row,
  { truth }: Context,
): ToleranceName | undefined {
  const addresses = truth.tracing?.code[String(symbol)] ?? [];
  const isThere = addresses.some((address) => BigInt(`0x${address}`) === handler);
  return verdict === 'expected' && isThere ? 'pointerOutOfSight' : undefined;
}

/** What all rows about the kernel's own code have. */
export const KERNELS = { owner: 'kernel', module: null, verdict: 'expected' } as const satisfies Record<
  string,
  Expectation
>;

/** A question about pointers that no file of the guest shows: that none is but expected is all that is known of a clean guest. */
export const unseen = (plugin: string, keys: readonly string[]): Comparison => ({
  plugin,
  *expected() {},
  keyOf: (row) => keys.map((key) => String(row[key])).join(' '),
  labelOf: (row) => keys.map((key) => String(row[key])).join(' '),
  mayBeInvented: outOfSight,
});
