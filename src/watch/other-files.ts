// Recognises files among snapshots that are none: logs, checksums, pictures.
// They are passed over without a failure.
import { firstBytes } from '../snapshot/first-bytes.ts';
import { knownOther } from '../snapshot/known-others.ts';
import type { Listed } from './listing.ts';

/** No kernel with its memory is smaller. */
const MINIMUM_BYTES = 65_536;
const HEAD_BYTES = 65_536;

/**
 * What a file is that lies among snapshots and is none: a log, a checksum, a picture. Undefined where it may be one,
 * where it cannot be opened (whoever opens it next says why), and where the user named it.
 */
export function otherThanSnapshot({ path, state, isNamed }: Listed): string | undefined {
  if (isNamed) return undefined;
  if (state.sizeBytes < MINIMUM_BYTES) return 'too small to be a snapshot';
  try {
    const other = knownOther(firstBytes(path, HEAD_BYTES), state.sizeBytes);
    return other === null ? undefined : other;
  } catch {
    return undefined;
  }
}
