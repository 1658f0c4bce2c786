import { spawnSync } from 'node:child_process';
import { join } from 'node:path';

const VESTIGE = join(process.cwd(), 'dist/bin/vestige.js');

/** What a command line has written, and how it ended. */
export interface Spawned {
  readonly status: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs command lines, each in a process of its own, with the cache that lies in a folder. */
export const spawning =
  (cacheHome: string) =>
  (...words: string[]): Spawned => {
    const { status, stdout, stderr } = spawnSync(process.execPath, [VESTIGE, ...words], {
      encoding: 'utf8',
      maxBuffer: 1 << 28,
      env: { ...process.env, XDG_CACHE_HOME: cacheHome, XDG_STATE_HOME: cacheHome, NO_COLOR: '1' },
    });
    return { status, stdout, stderr };
  };
