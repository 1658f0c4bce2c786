// Runs a scan whenever something changes in folders, and regularly besides.
// A signal ends it.
import { type FSWatcher, statSync, watch as watchFolder } from 'node:fs';
import type { Surroundings } from './settling.ts';

/** A step of watching: looks at everything once. @returns whether something has to be looked at again soon */
export type Pass = () => Promise<boolean>;

/** When the next pass is due. */
export interface Rhythm {
  /** However quiet the folders seem: file systems of other machines tell nothing. */
  readonly everyMs: number;
  /** After the last sign of a change, or where a file was still being written. */
  readonly settleMs: number;
}

/** Passes follow each other at this distance at least, whatever happens in the folders. */
const LEAST_PAUSE_MS = 200;
/** How often it is looked whether something has happened. */
const LOOK_MS = 100;

/**
 * Looks at folders whenever something happens in them, and now and then where nothing seems to, until `signal` says
 * that there is to be an end.
 */
export async function watch(
  folders: readonly string[],
  { everyMs, settleMs }: Rhythm,
  pass: Pass,
  signal: AbortSignal,
  { now, wait }: Pick<Surroundings, 'now' | 'wait'>,
): Promise<void> {
  const signs = new Signs(folders, now);
  try {
    while (!signal.aborted) {
      signs.forget();
      const isUnfinished = await pass();
      const ended = now();
      const latest = ended + everyMs;
      // What is still being written was looked at for the time it takes to settle: the next look may be at once.
      const due = (): number => {
        const { last } = signs;
        if (last !== undefined) return Math.min(latest, last + settleMs);
        return isUnfinished ? Math.min(latest, ended + settleMs) : latest;
      };
      do await wait(Math.max(LEAST_PAUSE_MS, Math.min(LOOK_MS, due() - now())));
      while (!signal.aborted && now() < due());
    }
  } finally {
    signs.close();
  }
}

/** What the system says of changes in folders. It may say nothing: then the rhythm alone leads to the next look. */
class Signs {
  readonly #watchers: FSWatcher[] = [];
  #last: number | undefined;

  constructor(folders: readonly string[], now: () => number) {
    for (const folder of folders) {
      try {
        if (!statSync(folder).isDirectory()) continue;
        const watcher = watchFolder(folder, { persistent: false }, () => (this.#last = now()));
        watcher.on('error', () => watcher.close()); // the folder went, or the system has no watches left
        this.#watchers.push(watcher);
      } catch {
        // Said by the pass, which looks there too.
      }
    }
  }

  /** When something happened last, since `forget`. */
  get last(): number | undefined {
    return this.#last;
  }

  forget(): void {
    this.#last = undefined;
  }

  close(): void {
    for (const watcher of this.#watchers) watcher.close();
  }
}
