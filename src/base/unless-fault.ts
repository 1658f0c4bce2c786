// Reading evidence that may be missing, where that is no news: somebody else says why, or a search goes on elsewhere.
// It catches faults of the evidence only: bugs and limits go on.
import { EvidenceFault } from './errors.ts';

/** `read()`, or `otherwise` where the evidence faults. Whatever else is thrown goes on. */
export function unlessFault<T, O>(read: () => T, otherwise: O): T | O {
  try {
    return read();
  } catch (fault) {
    if (!(fault instanceof EvidenceFault)) throw fault;
    return otherwise;
  }
}
