import { closeSync, openSync, readSync, rmSync, statSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { aes } from '../../src/crypto/aes.ts';
import { sweep } from '../../src/scan/sweep.ts';
import { openSnapshot } from '../../src/snapshot/open.ts';
import { noise } from '../scan/noise.ts';
import { type Bench, median, noSnapshot, type Outcome } from './bench.ts';

const MIB = 2 ** 20;
const RANDOM_BYTES = 512 * MIB;
const TARGET = 300;

/** MiB a second of reading the whole file and doing nothing with it. */
function readingSpeed(path: string): number {
  const buffer = Buffer.alloc(MIB);
  const fd = openSync(path, 'r');
  const started = performance.now();
  while (readSync(fd, buffer) > 0);
  const seconds = (performance.now() - started) / 1000;
  closeSync(fd);
  return statSync(path).size / MIB / seconds;
}

/** The same of looking for keys in it with `workers` threads, their start included. */
async function sweepingSpeed(path: string, workers: number): Promise<number> {
  const snapshot = openSnapshot(path);
  const started = performance.now();
  for await (const _ of sweep([aes], snapshot.memory, snapshot.origin, { workers }));
  const seconds = (performance.now() - started) / 1000;
  snapshot.file.close();
  return snapshot.memory.end / MIB / seconds;
}

async function compare(path: string, workers: number): Promise<Outcome> {
  readingSpeed(path);
  const reading: number[] = [];
  const sweeping: number[] = [];
  for (let round = 0; round < 5; round++) {
    reading.push(readingSpeed(path));
    sweeping.push(await sweepingSpeed(path, workers));
  }
  const speed = median(sweeping);
  return {
    figure: `${speed.toFixed(0)} MiB/s`,
    baseline: `reading the file: ${median(reading).toFixed(0)} MiB/s`,
    ratio: speed / median(reading),
    met: speed >= TARGET,
  };
}

/** The sweep over bytes in which nothing can be skipped. */
export const keysRandom: Bench = {
  name: 'keys-random',
  measures: 'AES keys sought in 512 MiB of random bytes, two workers',
  target: `≥ ${TARGET} MiB/s`,
  async run({ scratch }) {
    const path = join(scratch, 'random.raw');
    const fd = openSync(path, 'w');
    for (let at = 0; at < RANDOM_BYTES; at += 16 * MIB) writeSync(fd, noise(16 * MIB, at + 1));
    closeSync(fd);
    const outcome = await compare(path, 2);
    rmSync(path);
    return outcome;
  },
};

/** The sweep over what it is for. */
export const keysGuest: Bench = {
  name: 'keys-guest',
  measures: 'AES keys sought in a real guest, one thread',
  target: `≥ ${TARGET} MiB/s`,
  async run({ snapshot }) {
    return snapshot === null ? noSnapshot : compare(snapshot, 1);
  },
};
