// Waits until no other scan works on the store.
// It gives up after a time, and says so.
import { ScanLock } from '../store/lock.ts';

/** How often it is looked whether the other scan has ended. */
const LOOK_MS = 100;

/**
 * Waits for the lock: one scan at a time works on a store. @returns undefined where the other scan still goes on
 * after `patienceMs`. @throws StoreError
 */
export async function waitForLock(
  storePath: string,
  patienceMs: number,
  wait: (ms: number) => Promise<void>,
  signal?: AbortSignal,
): Promise<ScanLock | undefined> {
  const end = Date.now() + patienceMs;
  for (;;) {
    const lock = ScanLock.take(storePath);
    const left = end - Date.now();
    if (lock !== undefined || left <= 0 || signal?.aborted === true) return lock;
    await wait(Math.min(LOOK_MS, left));
  }
}
