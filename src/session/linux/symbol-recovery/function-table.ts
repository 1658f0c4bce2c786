// Finds a constant struct of function pointers by the functions that it points to.
// Operations tables of the kernel are found so.
import { offsetIn, only, type RecoveryInput } from './recovery-input.ts';

/** Places that hold a pointer to one function: its own table, tables that share it, and what lies about in memory. */
const MAXIMUM_PLACES = 256;

/**
 * The constant struct of `type` whose members point to these functions, or to none where null. There must be exactly
 * one in the image: constants that hold the same functions would answer for each other.
 */
export function functionTable(
  input: RecoveryInput,
  type: string,
  members: Readonly<Record<string, string | null>>,
): bigint | undefined {
  const wanted: (readonly [offset: bigint, functions: readonly bigint[]])[] = [];
  for (const [member, name] of Object.entries(members)) {
    const offset = offsetIn(input, type, member);
    const functions = name === null ? [0n] : input.functions.named(name);
    if (offset === undefined || functions.length === 0) return undefined;
    wanted.push([offset, functions]);
  }
  const [[first, anchors] = [0n, []]] = wanted;
  const starts = anchors.flatMap((anchor) =>
    [...input.image.pointersTo(anchor, MAXIMUM_PLACES)].map((place) => place - first),
  );
  const holds = (start: bigint): boolean =>
    wanted.every(([offset, functions]) => {
      const word = input.image.wordAt(start + offset);
      return word !== undefined && functions.includes(word);
    });
  return only(starts.filter(holds));
}
