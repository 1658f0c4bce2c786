// Runs the command line over a disk that fails at the nth call: read errors, a full disk, short reads.
import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';

/** How a call fails. */
export type FaultKind = 'EIO' | 'ENOSPC' | 'short';

/** Which call fails. */
export interface Fault {
  /** A part of the file's name. */
  readonly path: string;
  readonly calls: 'read' | 'write';
  readonly kind: FaultKind;
  /** The number of the call, from 1 on; 0 for none. */
  readonly at: number;
}

/** What came of a run. */
export interface Run {
  readonly status: number | null;
  readonly stdout: string;
  readonly stderr: string;
  /** Calls of the kind that there were. */
  readonly calls: number;
}

/** Compiles the library; undefined where there is no compiler: it is C, and needs no more than the C library. */
export function compile(folder: string): string | undefined {
  const library = join(folder, 'failing-io.so');
  const words = ['-shared', '-fPIC', '-O1', '-o', library, 'test/faults/failing-io.c', '-ldl'];
  return spawnSync('cc', words).status === 0 ? library : undefined;
}

/** Runs `vestige` with these words over a disk with this fault. */
export function vestigeOver(library: string, folder: string, fault: Fault, ...words: readonly string[]): Run {
  const counted = join(folder, 'calls');
  const { status, stdout, stderr } = spawnSync(process.execPath, ['dist/bin/vestige.js', ...words], {
    encoding: 'utf8',
    maxBuffer: 2 ** 28,
    env: {
      ...process.env,
      ...{ LD_PRELOAD: library, FAULT_COUNT: counted, FAULT_PATH: fault.path },
      ...{ FAULT_CALLS: fault.calls, FAULT_KIND: fault.kind, FAULT_AT: String(fault.at) },
    },
  });
  return { status, stdout, stderr, calls: Number(readFileSync(counted, 'utf8')) };
}

/** `most` numbers from 1 up to `last`, spread evenly: all of them where there are no more. */
export const spread = (last: number, most: number): number[] =>
  last <= most
    ? Array.from({ length: last }, (_, index) => index + 1)
    : Array.from({ length: most }, (_, index) => 1 + Math.floor((index * (last - 1)) / (most - 1)));
