// Raw files that were taken for pieces of one memory by their names and sizes: the kernel says whether they are, since it
// knows where RAM ends. Snapshots that are called like pieces each hold all of it.
import { physical } from '../../base/address.ts';
import { endOfRam } from '../../kernel/linux/memory/ram.ts';
import { PAGE_BYTES } from '../../memory/source.ts';
import type { Snapshot } from '../../snapshot/open.ts';
import type { Bound } from './bound.ts';

/** Whether several raw files are read as one. Containers say in their headers what belongs to them. */
export const isJoinedMemory = ({ format, file }: Pick<Snapshot, 'format' | 'file'>): boolean =>
  format.name === 'raw' && file.pieces.length > 0;

/**
 * Whether the pieces of a raw file can be one memory by what its kernel knows of RAM. They are not where RAM ends in the first
 * or begins behind it; nor where it goes on behind the last though that is shorter than the others, as the end of a file is.
 */
export function areOneMemory({ snapshot, kernel }: Pick<Bound, 'snapshot' | 'kernel'>): boolean {
  const { memory, contents, file } = snapshot;
  const [first] = file.pieces;
  const last = file.pieces.at(-1);
  const [lowest] = memory.ranges;
  if (first === undefined || last === undefined || lowest === undefined) return true;
  const offsetOf = (at: number): number | null => contents.source.fileOffset(physical(at));
  if ((offsetOf(lowest.start) ?? 0) >= first.sizeBytes) return false;
  const end = endOfRam(kernel);
  if (end === undefined || end < PAGE_BYTES) return true;
  if ((offsetOf(end - PAGE_BYTES) ?? first.sizeBytes) < first.sizeBytes) return false;
  return end <= memory.end || last.sizeBytes >= first.sizeBytes;
}
