// The pieces of text that the names in a kernel's symbol table are spelled with.
// Linux: scripts/kallsyms.c writes them, kernel/kallsyms.c reads them.
import { viewOf } from '../base/bytes.ts';
import { EvidenceFault } from '../base/errors.ts';
import { type ImageReader, isMissing, readPiecewise } from './piecewise.ts';

/** Longest name that the kernel's own tool writes, KSYM_NAME_LEN. */
export const MAXIMUM_NAME_BYTES = 512;

/** Where a kernel keeps them, as virtual addresses. */
interface TokenPlaces {
  readonly tokenTable: bigint;
  readonly tokenIndex: bigint;
}

/** The 256 tokens that names are spelled with. Their table is below 4 KiB in every kernel; twice that is read. */
export function readTokens({ tokenTable, tokenIndex }: TokenPlaces, read: ImageReader): Uint8Array[] {
  const starts = tokenStarts(read, tokenIndex, tokenTable);
  const { bytes: table, gaps } = readPiecewise(read, tokenTable, starts.at(-1)! + MAXIMUM_NAME_BYTES);
  const last = table.indexOf(0, starts.at(-1)!);
  if (isMissing(gaps, 0, last + 1)) read(tokenTable, last + 1); // throws, saying why
  return starts.map((start) => {
    const end = table.indexOf(0, start);
    return table.slice(start, Math.min(end < 0 ? start : end, start + MAXIMUM_NAME_BYTES));
  });
}

/** Where each of the 256 tokens begins: as the index says, or where that is missing one behind the other. @throws EvidenceFault */
function tokenStarts(read: ImageReader, tokenIndex: bigint, tokenTable: bigint): number[] {
  try {
    const view = viewOf(read(tokenIndex, 512));
    return Array.from({ length: 256 }, (_, token) => view.getUint16(2 * token, true));
  } catch (fault) {
    if (!(fault instanceof EvidenceFault)) throw fault;
    const table = read(tokenTable, Number(tokenIndex - tokenTable));
    const starts = [0];
    while (starts.length < 256) {
      const end = table.indexOf(0, starts.at(-1)!);
      if (end < 0) throw fault;
      starts.push(end + 1);
    }
    return starts;
  }
}
